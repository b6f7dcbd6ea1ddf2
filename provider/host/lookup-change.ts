/** What a change of a rule or a route does to the way of who works on a host, told from where the search for it ends. */
import { isV6, isWithin } from "../../schemas/ip-text";
import type { Host } from "./index";
import type { Exchange, LookupChange, RouteSeen, RuleSeen, Way } from "./lookup";
import { readRoutes } from "./routes";
import { endsOf, isFor, linkTo, type End } from "./rule-walk";
import { readRules } from "./rules";

/** What a change does to somebody's way, and the end that their packets meet by it. */
export interface Verdict {
    way: Way;
    isCertain: boolean;
    end: End;
}

/**
 * What becomes of those ways that a change leads otherwise, or may. Rules and routes are read only for packets that it is
 * about, which most changes are not.
 *
 * @param isDone whether the host may have it already: what was without it is worked out then
 */
export async function judged(
    host: Host,
    ways: readonly Way[],
    change: LookupChange,
    isDone: boolean,
): Promise<Verdict[]> {
    const v6 = change.family === "ipv6";
    const met = ways.filter(({ operator }) => isV6(operator.peer) === v6 && meets(change.route, operator.peer));
    if (met.length === 0) return [];
    const rules = await readRules(host, change.family);
    const concerned = met.filter(({ operator }) => concerns(change.rule, rules, operator));
    if (concerned.length === 0) return [];
    const lookup = { rules, routes: await readRoutes(host, v6) };
    const [rule, route] = [change.rule ?? {}, linked(change.route ?? {}, lookup)];
    const before = isDone ? exchanged(lookup, backwards(rule), backwards(route)) : lookup;
    const after = exchanged(before, rule, route);
    return concerned.flatMap((way) => {
        const [was, will] = [before, after].map(({ rules: those, routes }) => endsOf(way.operator, those, routes));
        const verdict = verdictOn(way, was ?? [], will ?? []);
        return verdict ? [{ way, ...verdict }] : [];
    });
}

/** What the search goes through, in the kernel's order. */
interface Lookup {
    rules: readonly RuleSeen[];
    routes: readonly RouteSeen[];
}

const exchanged = ({ rules, routes }: Lookup, rule: Exchange<RuleSeen>, route: Exchange<RouteSeen>): Lookup => ({
    rules: changed(rules, rule),
    routes: changedRoutes(routes, route),
});

const backwards = <Seen>({ goes, comes }: Exchange<Seen>): Exchange<Seen> => ({ goes: comes, comes: goes });

const membersOf = <Seen>({ goes, comes }: Exchange<Seen>): Seen[] => [goes, comes].flatMap((one) => one ?? []);

const meets = (route: Exchange<RouteSeen> | undefined, peer: string): boolean =>
    !route || membersOf(route).some(({ destination }) => isWithin(peer, destination));

function concerns(
    rule: Exchange<RuleSeen> | undefined,
    rules: readonly RuleSeen[],
    operator: Way["operator"],
): boolean {
    if (!rule) return true;
    const members = membersOf(rule);
    const isTarget = rules.some(({ goto }) => goto !== undefined && goto === members[0]?.priority);
    return isTarget || members.some((one) => isFor(one, operator) !== false);
}

/** Routes as the kernel makes them of those whose router is told without a link. */
function linked({ goes, comes }: Exchange<RouteSeen>, { rules, routes }: Lookup): Exchange<RouteSeen> {
    const ofKernel = (route: RouteSeen | undefined) => {
        const ways = route?.ways.map(({ link, gateway, ...way }) => {
            const found = gateway === undefined ? undefined : linkTo(gateway, route.table, rules, routes);
            return { ...way, gateway, link: link ?? found };
        });
        return route && { ...route, ways: ways ?? [] };
    };
    return { goes: ofKernel(goes), comes: ofKernel(comes) };
}

const isOne = (rule: RuleSeen, other: RuleSeen | undefined) =>
    rule.priority === other?.priority && rule.protocol === other.protocol;

/** The kernel puts a rule behind those of its priority (fib_nl_newrule in net/core/fib_rules.c). */
export function changed(rules: readonly RuleSeen[], { goes, comes }: Exchange<RuleSeen>): RuleSeen[] {
    const left = rules.filter((rule) => !isOne(rule, goes));
    if (!comes) return left;
    return [
        ...left.filter(({ priority }) => priority <= comes.priority),
        comes,
        ...left.filter(({ priority }) => priority > comes.priority),
    ];
}

/** One that replaces another stands where that did, else behind those of its network whose metric is no higher. */
export function changedRoutes(routes: readonly RouteSeen[], { goes, comes }: Exchange<RouteSeen>): RouteSeen[] {
    const there = goes ? routes.findIndex((one) => isAt(one, goes) && one.protocol === goes.protocol) : -1;
    const left = routes.filter((_, index) => index !== there);
    if (!comes) return left;
    const next = left.findIndex((one) => isAt({ ...one, metric: comes.metric }, comes) && one.metric > comes.metric);
    const index = there >= 0 ? there : next >= 0 ? next : left.length;
    return [...left.slice(0, index), comes, ...left.slice(index)];
}

const isAt = (one: RouteSeen, { destination, table, metric }: RouteSeen) =>
    one.destination === destination && one.table === table && one.metric === metric && !one.more.includes("tos");

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
    const { ways } = end.route;
    const links = ways.map(({ link = "" }) => link);
    // Another may have come in its place.
    if (isPresent(way, end) && links.length > 0 && links.every((link) => way.links.includes(link))) return true;
    if (!links.some((link) => link === "" || way.path.has(link) || way.links.includes(link))) return false;
    const [one, ...more] = ways;
    const isAlike = more.length === 0 && way.links.join() === links.join() && one?.gateway === way.gateway;
    return isAlike ? true : undefined;
}

/** As a message goes on after `would`. */
export function endText(end: End): string {
    if (end.by === "nothing") return "find no route";
    if (end.by === "unknown") return `be led elsewhere by the rule at priority ${end.priority}`;
    if (end.by === "rule") return `end at the ${end.action} of the rule at priority ${end.priority}`;
    const { ways, type, destination, table } = end.route;
    const links = ways.flatMap(({ link }) => link ?? []).join(", ");
    const route = `route to ${destination} of table ${table}`;
    return ways.length > 0 ? `be led over ${links} by the ${route}` : `end at the ${type} ${route}`;
}
