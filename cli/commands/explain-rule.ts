/** `kvmnet explain RULE`: the rule's page. */
import { rulePage } from "../../policies/pages";
import { everyRule } from "../../policies/table";
import { everyUpkeepRule } from "../../policies/upkeep";

/** @throws Error that names the rules which are called alike */
export function run(id: string): number {
    const all = [...everyRule, ...everyUpkeepRule];
    const rule = all.find((one) => one.id === id);
    if (!rule) {
        const alike = all.filter((one) => one.id.includes(id) || id.includes(one.id.split("-")[0] ?? id));
        const list = (alike.length > 0 ? alike : all).map((one) => one.id).join(", ");
        throw new Error(
            `There is no rule ${JSON.stringify(id)}. ${alike.length > 0 ? "Did you mean" : "There are"}: ${list}.`,
        );
    }
    process.stdout.write(`${rulePage(rule)}\n`);
    return 0;
}
