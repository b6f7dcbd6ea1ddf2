/**
 * Where the kernel's search for the route of a packet of this host ends, worked out from rules and routes as
 * fib_rules_lookup does it (net/core/fib_rules.c), so that it can be told for rules that are not there yet.
 */
import { isLinkLocal, isV6, isWithin, lengthOf } from "../../schemas/ip-text";
import type { Operator, RouteSeen, RuleSeen } from "./lookup";

export type End =
    | { by: "route"; route: RouteSeen }
    /** The rule at that priority lets it end without a route. */
    | { by: "rule"; action: string; priority: number }
    /** No rule was left. */
    | { by: "nothing" }
    /** The rule at that priority does what we cannot tell. */
    | { by: "unknown"; priority: number };

const NOWHERE = ["blackhole", "unreachable", "prohibit"];

/** Undefined is what cannot be told. */
type Truth = boolean | undefined;

/**
 * Every end that is possible for what goes to an operator: one where all is certain.
 *
 * @param rules  those of the operator's family, in the kernel's order
 * @param routes those of that family, in the kernel's order
 */
export function endsOf(operator: Operator, rules: readonly RuleSeen[], routes: readonly RouteSeen[]): End[] {
    const ends: End[] = [];
    const reached = new Set([0]);
    // Rules lead on only, so each is looked at when all that lead to it have been.
    for (let at = 0; at <= rules.length; at++) {
        if (!reached.has(at)) continue;
        const rule = rules[at];
        if (!rule) {
            ends.push({ by: "nothing" });
            continue;
        }
        const matches = isFor(rule, operator);
        if (matches !== true) reached.add(at + 1);
        if (matches === false) continue;
        const step = taken(rule, operator, routes);
        ends.push(...step.ends);
        if (step.goesOn) reached.add(targetOf(rule, rules) ?? at + 1);
    }
    return ends;
}

/**
 * The link by which the kernel finds a router: what the table of its route says, or else what all rules lead to, by
 * routes that need no router themselves (fib_check_nh in net/ipv4/fib_semantics.c, ip6_route_check_nh in
 * net/ipv6/route.c). Undefined where that cannot be told.
 */
export function linkTo(
    gateway: string,
    table: string,
    rules: readonly RuleSeen[],
    routes: readonly RouteSeen[],
): string | undefined {
    const asked = { peer: gateway, local: isV6(gateway) ? "::" : "0.0.0.0", port: 0, peerPort: 0 };
    const first = { priority: -1, protocol: 0, not: false, table, more: [] };
    const direct = routes.filter(({ ways }) => ways.every((way) => way.gateway === undefined));
    const [end, ...more] = endsOf(asked, [first, ...rules], direct);
    return end?.by === "route" && more.length === 0 ? end.route.ways[0]?.link : undefined;
}

/** Its target may be missing: then goto does nothing. */
function targetOf({ goto }: RuleSeen, rules: readonly RuleSeen[]): number | undefined {
    const target = rules.findIndex(({ priority }) => priority === goto);
    return target < 0 ? undefined : target;
}

function taken(rule: RuleSeen, operator: Operator, routes: readonly RouteSeen[]): { ends: End[]; goesOn: boolean } {
    const { priority, table, goto, action, more } = rule;
    if (goto !== undefined || more.includes("nop")) return { ends: [], goesOn: true };
    if (action !== undefined) return { ends: [{ by: "rule", action, priority }], goesOn: false };
    if (table === undefined) return { ends: [{ by: "unknown", priority }], goesOn: true };
    return found(rule, operator, routes);
}

/** Whether a rule is for the packets of a connection: the host makes them, with its socket's mark, and its SSH server is root's. */
export function isFor(rule: RuleSeen, { local, peer, device, port, peerPort, mark }: Operator): Truth {
    const { from, to, iif, oif, fwmark, tos, ipproto, sport, dport, uidRange, more } = rule;
    const matches = all([
        from === undefined || isWithin(local, from),
        to === undefined || isWithin(peer, to),
        iif === undefined || iif === "lo",
        oif === undefined || isBoundTo(oif, device),
        fwmark === undefined || isMarked(mark, fwmark),
        tos === undefined ? true : undefined,
        ipproto === undefined || ipproto === "tcp",
        sport === undefined || isAt(port, sport),
        dport === undefined || isAt(peerPort, dport),
        uidRange === undefined || isAmong(0, uidRange),
        // Only what is bound to a link can be of a VRF.
        ...more.map((word) => (word === "nop" ? true : word === "l3mdev" && device === undefined ? false : undefined)),
    ]);
    return rule.not && matches !== undefined ? !matches : matches;
}

const all = (truths: readonly Truth[]): Truth =>
    truths.includes(false) ? false : truths.includes(undefined) ? undefined : true;

/** What is bound to a link of a VRF may count as bound to the VRF. */
const isBoundTo = (link: string, device: string | undefined): Truth =>
    device === undefined ? false : device === link ? true : undefined;

function isMarked(own = 0, fwmark: string): boolean {
    const [mark = 0, mask = 0xffffffff] = fwmark.split("/").map(Number);
    return ((own ^ mark) & mask) === 0;
}

/** A port that is not known is 0. */
const isAt = (port: number, range: string): Truth => (port === 0 ? undefined : isAmong(port, range));

function isAmong(number: number, range: string): boolean {
    const [from = 0, to = from] = range.split("-").map(Number);
    return number >= from && number <= to;
}

/** What a table has for them: the nearest route, of those the first, which has the lowest metric. */
function found(rule: RuleSeen, operator: Operator, routes: readonly RouteSeen[]): { ends: End[]; goesOn: boolean } {
    const fitting = routes
        .filter(({ table, destination }) => table === rule.table && isWithin(operator.peer, destination))
        .sort((a, b) => lengthOf(b.destination) - lengthOf(a.destination));
    const ends: End[] = [];
    let goesOn = false;
    for (const [index, route] of fitting.entries()) {
        const serves = isServing(route, operator, fitting[index + 1]);
        if (serves === false) continue;
        if (isPassedOver(route, rule)) goesOn = true;
        else ends.push({ by: "route", route });
        if (serves) return { ends, goesOn };
    }
    return { ends, goesOn: true };
}

/** A route to nowhere is never suppressed. */
const isPassedOver = ({ type, destination }: RouteSeen, { suppressPrefixLength = -1 }: RuleSeen): boolean =>
    type === "throw" || (!NOWHERE.includes(type) && lengthOf(destination) <= suppressPrefixLength);

/** @param next the one that comes after it: of several alike of IPv6 the kernel takes turns */
function isServing(route: RouteSeen, { peer, device }: Operator, next: RouteSeen | undefined): Truth {
    const { destination, metric, ways, more } = route;
    if (ways.length > 0 && ways.every(({ isDead }) => isDead)) return false;
    if (more.some((word) => ["tos", "from"].includes(word))) return undefined;
    if (device !== undefined && ways.length > 0 && !ways.some(({ link }) => link === device))
        return isLinkLocal(peer) ? false : undefined;
    const isAlike = isV6(peer) && next?.destination === destination && next.metric === metric;
    return isAlike && device === undefined ? undefined : true;
}
