/** `kvmnet explain RULE`: the rule's page. */
import { rulePage } from "../../policies/pages";
import { everyRule } from "../../policies/table";

/** @throws Error that names the rules which are called alike */
export function run(id: string): number {
    const rule = everyRule.find((one) => one.id === id);
    if (!rule) {
        const alike = everyRule.filter((one) => one.id.includes(id) || id.includes(one.id.split("-")[0] ?? id));
        const list = (alike.length > 0 ? alike : everyRule).map((one) => one.id).join(", ");
        throw new Error(
            `There is no rule ${JSON.stringify(id)}. ${alike.length > 0 ? "Did you mean" : "There are"}: ${list}.`,
        );
    }
    process.stdout.write(`${rulePage(rule)}\n`);
    return 0;
}
