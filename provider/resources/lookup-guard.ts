/** No rule of policy routing, and no route that one leads to, leads away what goes to an operator without being told so. */
import type { Host } from "../host";
import type { HostError } from "../host/errors";
import type { LookupChange } from "../host/lookup";
import { endText, judged, type Verdict } from "../host/lookup-change";
import { readWays } from "../host/operator-ways";
import type { Step } from "../plan";
import { connection, kept, SAY_FIRST, SAY_THAT, type Told } from "./operator-guard";

/**
 * Before a change with which packets to an operator surely leave no more by their way.
 *
 * @returns what has the step that makes it see to the same, as what others change meanwhile is not known yet @throws HostError refused
 */
export async function keepLookup(
    host: Host,
    subject: string,
    told: Told,
    change: LookupChange,
): Promise<Pick<Step, "keepsLookup">> {
    if (told.takesOperatorPath) return {};
    const ways = await readWays(host);
    const lost = (await judged(host, ways, change, isNew(change))).find(({ isCertain }) => isCertain);
    if (lost) throw refusal(subject, change, lost);
    return ways.length === 0 ? {} : { keepsLookup: { change, ways } };
}

function refusal(subject: string, change: LookupChange, { way, end }: Verdict): HostError {
    const [what, choice] = change.rule
        ? ["rule", "have the rule be for other packets"]
        : ["route", "choose another network or table"];
    const comes = change.rule?.comes ?? change.route?.comes;
    return kept(
        subject,
        `${connection(way)} goes over ${way.links.join(", ")} and would ${endText(end)} ${comes ? "with" : "without"} this ${what}`,
        comes ? `${SAY_THAT}, or ${choice}.` : `${SAY_FIRST} or connect over another link.`,
    );
}

/** A sentence for each way that what comes may lead away, where that cannot be told for certain. */
export async function lookupCautions(host: Host, subject: string, told: Told, change: LookupChange): Promise<string[]> {
    if (told.takesOperatorPath) return [];
    const sentences = (await judged(host, await readWays(host), change, isNew(change)))
        .filter(({ isCertain }) => !isCertain)
        .map(
            ({ way, end }) =>
                `${connection(way)} goes over ${way.links.join(", ")} and may ${endText(end)} with the ${subject}: have another way to the host.`,
        );
    return [...new Set(sentences)];
}

/** Who is warned of one that is new while it is made may see it already. */
const isNew = ({ rule, route }: LookupChange): boolean => !rule?.goes && !route?.goes;
