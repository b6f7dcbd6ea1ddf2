/** No rule of policy routing leads away what goes to an operator without being told so. Judgement is apart from reading. */
import { isV6 } from "../../schemas/ip-text";
import type { Host } from "../host";
import { readWays, type Way } from "../host/operator-ways";
import { readRoutes } from "../host/routes";
import { endsOf, isFor, type End } from "../host/rule-walk";
import { readRules, type RuleSeen } from "../host/rules";
import { connection, kept, SAY_FIRST, SAY_THAT, type Told } from "./operator-guard";

/** A rule that comes, one that goes, or one that becomes another at the same priority. */
interface RuleChange {
    family: "ipv4" | "ipv6";
    goes?: RuleSeen;
    comes?: RuleSeen;
}

/** What a change does to somebody's way, and the end that their packets meet by it. */
interface Verdict {
    way: Way;
    isCertain: boolean;
    end: End;
}

/** Before a change of a rule with which packets to an operator surely leave no more by their way. @throws HostError refused */
export async function keepLookup(host: Host, subject: string, told: Told, change: RuleChange): Promise<void> {
    const lost = (await judged(host, told, change)).find(({ isCertain }) => isCertain);
    if (!lost) return;
    const { way, end } = lost;
    throw kept(
        subject,
        `${connection(way)} goes over ${way.links.join(", ")} and would ${endText(end)} ${change.comes ? "with" : "without"} this rule`,
        change.comes
            ? `${SAY_THAT}, or have the rule be for other packets.`
            : `${SAY_FIRST} or connect over another link.`,
    );
}

/** A sentence for each way that a rule which comes may lead away, where that cannot be told for certain. */
export async function lookupCautions(host: Host, subject: string, told: Told, change: RuleChange): Promise<string[]> {
    const sentences = (await judged(host, told, change))
        .filter(({ isCertain }) => !isCertain)
        .map(
            ({ way, end }) =>
                `${connection(way)} goes over ${way.links.join(", ")} and may ${endText(end)} with the ${subject}: have another way to the host.`,
        );
    return [...new Set(sentences)];
}

/** Rules that are for none of these packets are the usual ones: routes are read for the others only. */
async function judged(host: Host, { takesOperatorPath }: Told, change: RuleChange): Promise<Verdict[]> {
    if (takesOperatorPath) return [];
    const v6 = change.family === "ipv6";
    const ways = (await readWays(host)).filter(({ operator }) => isV6(operator.peer) === v6);
    if (ways.length === 0) return [];
    // Who is warned while it is made may see it already.
    const isThere = (rule: RuleSeen) => change.goes === undefined && isOne(rule, change.comes);
    const before = (await readRules(host, change.family)).filter((rule) => !isThere(rule));
    const concerned = ways.filter(({ operator }) => concerns(change, before, operator));
    if (concerned.length === 0) return [];
    const routes = await readRoutes(host, v6);
    const after = changed(before, change);
    return concerned.flatMap((way) => {
        const [was, will] = [before, after].map((rules) => endsOf(way.operator, rules, routes)) as [End[], End[]];
        const verdict = verdictOn(way, was, will);
        return verdict ? [{ way, ...verdict }] : [];
    });
}

function concerns({ goes, comes }: RuleChange, rules: readonly RuleSeen[], operator: Way["operator"]): boolean {
    const [one] = [goes, comes].flatMap((rule) => rule ?? []);
    const isTarget = rules.some(({ goto }) => goto !== undefined && goto === one?.priority);
    return isTarget || [goes, comes].some((rule) => rule && isFor(rule, operator) !== false);
}

const isOne = (rule: RuleSeen, other: RuleSeen | undefined) =>
    rule.priority === other?.priority && rule.protocol === other.protocol;

/** The kernel puts a rule behind those of its priority (fib_nl_newrule in net/core/fib_rules.c). */
export function changed(rules: readonly RuleSeen[], { goes, comes }: RuleChange): RuleSeen[] {
    const left = rules.filter((rule) => !isOne(rule, goes));
    if (!comes) return left;
    return [
        ...left.filter(({ priority }) => priority <= comes.priority),
        comes,
        ...left.filter(({ priority }) => priority > comes.priority),
    ];
}

/**
 * What becomes of a way: certain where the kernel's own answer is among the ends before, and every end after is another
 * way; undefined where no end is new that might be.
 */
export function verdictOn(
    way: Way,
    before: readonly End[],
    after: readonly End[],
): { isCertain: boolean; end: End } | undefined {
    const there = new Set(before.map(nameOf));
    const [first] = after;
    if (first && before.some((end) => isPresent(way, end)) && after.every((end) => reaches(way, end) === false))
        return { isCertain: true, end: first };
    const end = after.find((one) => !there.has(nameOf(one)) && reaches(way, one) !== true);
    return end && { isCertain: false, end };
}

const nameOf = (end: End) => JSON.stringify(end);

const isPresent = ({ destination, table, metric }: Way, end: End): boolean =>
    end.by === "route" &&
    end.route.destination === destination &&
    end.route.table === table &&
    end.route.metric === metric;

/** Undefined for another router on the same link, and for a link that is part of the path already. */
function reaches(way: Way, end: End): boolean | undefined {
    if (end.by === "unknown") return undefined;
    if (end.by !== "route") return false;
    if (isPresent(way, end)) return true;
    const { ways } = end.route;
    const links = ways.map(({ link = "" }) => link);
    if (!links.some((link) => link === "" || way.path.has(link) || way.links.includes(link))) return false;
    const [one, ...more] = ways;
    const isAlike = more.length === 0 && way.links.join() === links.join() && one?.gateway === way.gateway;
    return isAlike ? true : undefined;
}

function endText(end: End): string {
    if (end.by === "nothing") return "find no route";
    if (end.by === "unknown") return `be led elsewhere by the rule at priority ${end.priority}`;
    if (end.by === "rule") return `end at the ${end.action} of the rule at priority ${end.priority}`;
    const { ways, type, destination, table } = end.route;
    const links = ways.flatMap(({ link }) => link ?? []).join(", ");
    const route = `route to ${destination} of table ${table}`;
    return ways.length > 0 ? `be led over ${links} by the ${route}` : `end at the ${type} ${route}`;
}
