/** No rule of policy routing, and no route that one leads to, leads away what goes to an operator without being told so. */
import type { Host } from "../host";
import { endText, judged, type LookupChange } from "../host/lookup-change";
import { readWays } from "../host/operator-ways";
import { connection, kept, SAY_FIRST, SAY_THAT, type Told } from "./operator-guard";

/** Before a change with which packets to an operator surely leave no more by their way. @throws HostError refused */
export async function keepLookup(host: Host, subject: string, told: Told, change: LookupChange): Promise<void> {
    const lost = (await verdicts(host, told, change)).find(({ isCertain }) => isCertain);
    if (!lost) return;
    const { way, end } = lost;
    const [what, choice] = change.rule
        ? ["rule", "have the rule be for other packets"]
        : ["route", "choose another network or table"];
    const comes = change.rule?.comes ?? change.route?.comes;
    throw kept(
        subject,
        `${connection(way)} goes over ${way.links.join(", ")} and would ${endText(end)} ${comes ? "with" : "without"} this ${what}`,
        comes ? `${SAY_THAT}, or ${choice}.` : `${SAY_FIRST} or connect over another link.`,
    );
}

/** A sentence for each way that what comes may lead away, where that cannot be told for certain. */
export async function lookupCautions(host: Host, subject: string, told: Told, change: LookupChange): Promise<string[]> {
    const sentences = (await verdicts(host, told, change))
        .filter(({ isCertain }) => !isCertain)
        .map(
            ({ way, end }) =>
                `${connection(way)} goes over ${way.links.join(", ")} and may ${endText(end)} with the ${subject}: have another way to the host.`,
        );
    return [...new Set(sentences)];
}

async function verdicts(host: Host, { takesOperatorPath }: Told, change: LookupChange) {
    if (takesOperatorPath) return [];
    // Who is warned while it is made may see it already.
    const isDone = !change.rule?.goes && !change.route?.goes;
    return judged(host, await readWays(host), change, isDone);
}
