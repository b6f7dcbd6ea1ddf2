/** Routes that the kernel drops with an address: those of others are told, and one to an operator is kept. */
import type { Address } from "../../schemas/address";
import { isV6 } from "../../schemas/ip-text";
import type { Host } from "../host";
import { shownName } from "../host/errors";
import type { RouteSeen } from "../host/lookup";
import { readWays } from "../host/operator-ways";
import { OUR_PROTOCOL } from "../host/route-protocol";
import { readRoutes } from "../host/routes";
import type { Step } from "../plan";

/** Others of the link may go at the same moment, and only the last of them takes the route to an operator with it. */
export async function keepsWayOver(
    host: Host,
    { link, address, takesOperatorPath }: Address,
): Promise<Pick<Step, "keepsLookup">> {
    if (takesOperatorPath) return {};
    const ways = (await readWays(host)).filter(
        (way) => way.links.includes(link) && isV6(way.operator.peer) === isV6(address),
    );
    const [way] = ways;
    if (!way) return {};
    const { destination, table, metric, gateway } = way;
    const hops = way.links.map((one) => ({ link: one, gateway, weight: 1, onlink: false, isDead: false }));
    const goes: RouteSeen = { destination, table, metric, type: "unicast", protocol: KERNELS, ways: hops, more: [] };
    return { keepsLookup: { change: { family: isV6(address) ? "ipv6" : "ipv4", route: { goes } }, ways } };
}

/**
 * Routes of others that the kernel may drop with an IPv4 address: those that have it as their source (fib_sync_down_addr in
 * net/ipv4/fib_semantics.c), and all over its link where it is the last one there (fib_disable_ip).
 */
export async function routesOfOthers(host: Host, { link, address }: Address): Promise<RouteSeen[]> {
    if (isV6(address)) return [];
    const [local] = address.split("/");
    return (await readRoutes(host.at({ maxAgeMs: 0 }), false)).filter(
        ({ protocol, source, ways }) =>
            protocol !== OUR_PROTOCOL &&
            protocol !== KERNELS &&
            (source === local || ways.some((way) => way.link === link)),
    );
}

/** RTPROT_KERNEL of linux/rtnetlink.h: routes that come and go with addresses. */
const KERNELS = 2;

/** How many routes a warning names. */
const SHOWN = 10;

const shownRoutes = (routes: readonly RouteSeen[]): string =>
    [
        ...routes.slice(0, SHOWN).map(routeText),
        ...(routes.length > SHOWN ? [`${routes.length - SHOWN} more`] : []),
    ].join("; ");

/** Those of the routes that are there no longer, as a part of a sentence; undefined where all are. */
export async function shownGone(host: Host, routes: readonly RouteSeen[]): Promise<string | undefined> {
    if (routes.length === 0) return undefined;
    const left = new Set((await readRoutes(host.at({ maxAgeMs: 0 }), false)).map(placeOf));
    const gone = routes.filter((route) => !left.has(placeOf(route)));
    return gone.length > 0 ? shownRoutes(gone) : undefined;
}

const placeOf = ({ destination, table, metric }: RouteSeen): string => `${destination} ${table} ${metric}`;

function routeText({ destination, table, metric, ways, source }: RouteSeen): string {
    const hops = ways.map(
        ({ gateway, link }) => `${gateway ? ` via ${gateway}` : ""}${link ? ` dev ${shownName(link)}` : ""}`,
    );
    return [
        `${destination}${hops.join(" nexthop")}`,
        ...(source === undefined ? [] : [`src ${source}`]),
        ...(metric === 0 ? [] : [`metric ${metric}`]),
        ...(table === "main" ? [] : [`table ${table}`]),
    ].join(" ");
}
