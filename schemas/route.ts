/** A route, in the words of ip-route(8). */
import { z } from "zod";
import { IpAddress, IpNetwork, isLinkLocal, isV6, LinkName } from "./ip-text";
import { count, toggle } from "./link-parts";
import { withCrossCheck, type Say } from "./named";
import { takesOperatorPath } from "./operator-path";
import { RoutingTable } from "./routing-table";

const NextHop = z
    .strictObject({
        gateway: IpAddress.optional().describe(
            "Address of the router; absent where the networks are on the link itself.",
        ),
        link: LinkName.optional().describe("Link that leads there; absent lets the kernel find it by the gateway."),
        weight: count("weight", 1, 256, "")
            .default(1)
            .describe("Share of the flows that go this way, relative to the other next hops, 1 to 256."),
        onlink: toggle("onlink")
            .default(false)
            .describe("Whether the gateway counts as reachable on the link though no address of the link says so."),
    })
    .meta({ token: "host:NextHop" });
type NextHop = z.output<typeof NextHop>;

/** One order for what has none: state and host compare as text. */
const inOrder = (hops: NextHop[]): NextHop[] =>
    [...hops].sort((a, b) => compare(keyOf(a), keyOf(b)) || a.weight - b.weight);
const keyOf = ({ gateway = "", link = "" }: NextHop) => `${gateway} ${link}`;
const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));
/** A link that is not told may be the one that the other tells. */
const isSame = (a: NextHop, b: NextHop) => a.gateway === b.gateway && (a.link ?? b.link) === (b.link ?? a.link);

/** @param most what the kernel makes of any larger one (ip_metrics_convert in net/ipv4/metrics.c) */
const bytes = (name: string, most: number, told: string) =>
    count(name, 1, most, "byte")
        .optional()
        .describe(`${told} [byte], at most ${most}; absent leaves it to the link. Changes live.`);
const packets = (name: string, told: string) =>
    count(name, 1, 4294967295, "packets")
        .optional()
        .describe(`${told} [packets of the largest size]; absent leaves it to the kernel. Changes live.`);

const Fields = z.strictObject({
    destination: IpNetwork.describe(
        "Network that the route leads to, such as 10.0.0.0/8; the default route is 0.0.0.0/0 or ::/0. A change replaces the route.",
    ),
    table: RoutingTable.default("main").describe(
        'Routing table: "main", "local", "default" or a number as text; a change replaces the route.',
    ),
    metric: count("metric", 0, 4294967295, "(the lowest wins)")
        .optional()
        .describe(
            "Preference among routes to the same network, the lowest wins; absent is the kernel's (IPv4 0, IPv6 1024). A change replaces the route.",
        ),
    type: z
        .enum(
            ["unicast", "blackhole", "unreachable", "prohibit", "throw"],
            'type is "unicast", or where no packet is to go: "blackhole" (dropped in silence), "unreachable", "prohibit" (both told to the sender) or "throw" (the next rule decides)',
        )
        .default("unicast")
        .describe(
            "What becomes of packets: unicast sends them on, blackhole drops them, unreachable and prohibit tell the sender, throw lets the next rule decide. Changes live.",
        ),
    gateway: IpAddress.optional().describe(
        "Address of the router; absent where the network is on the link itself. An IPv4 route may lead over an IPv6 router (RFC 5549) with link. Changes live.",
    ),
    link: LinkName.optional().describe(
        "Link that the packets leave by; absent lets the kernel find it by the gateway. Changes live.",
    ),
    onlink: toggle("onlink")
        .default(false)
        .describe(
            "Whether the gateway counts as reachable on the link though no address of the link says so. Changes live.",
        ),
    nextHops: z
        .array(NextHop, 'nextHops is a list of next hops, such as [{ gateway: "10.0.0.1", weight: 2 }]')
        .min(2, "a multipath route has at least two next hops; for one use gateway and link")
        .refine((hops) => !hops.some((hop, index) => hops.slice(0, index).some((other) => isSame(hop, other))), {
            error: "two next hops are the same, a gateway without link being that on any link; keep one and give it the weight of both, or give each its link",
        })
        .overwrite(inOrder)
        .optional()
        .describe(
            "Ways that share the flows by their weights (multipath), instead of gateway and link; their order does not matter. Changes live.",
        ),
    source: IpAddress.optional().describe(
        "Address of this host that packets by this route come from, where the program chose none; absent lets the kernel choose. Changes live.",
    ),
    scope: z
        .enum(["global", "site", "link", "host"], 'scope is "global", "site", "link" or "host"')
        .optional()
        .describe(
            "How far the destination is (IPv4), global or site where it is behind a gateway; absent is link for a unicast route without gateway and nextHops, else global. Changes live.",
        ),
    mtu: bytes("mtu", 65520, "MTU towards the destination"),
    advmss: bytes("advmss", 65495, "TCP segment size that is told to the other side"),
    initcwnd: packets("initcwnd", "Congestion window that TCP connections start with"),
    initrwnd: packets("initrwnd", "Receive window that TCP connections start with"),
    takesOperatorPath: takesOperatorPath(
        "may lead elsewhere, or when it goes nowhere, what belongs to an SSH connection to the host",
    ),
});

export const Route = withCrossCheck(Fields, (route, say) => {
    const { destination, metric, type, source, scope, onlink, nextHops } = route;
    if (typeof destination !== "string") return;
    const v6 = isV6(destination);
    if (v6 && metric === 0) say(["metric"], "metric 0 means 1024 to IPv6; leave it out, or give another");
    if (v6 && scope !== undefined) say(["scope"], "IPv6 routes have no scope; leave it out");
    if (typeof source === "string" && isV6(source) !== v6)
        say(["source"], "source and destination are of one family, both IPv4 or both IPv6");
    if (type === "unicast") checkWays(route, v6, say);
    else
        for (const key of ["gateway", "link", "nextHops", "source"] as const)
            if (route[key] !== undefined) say([key], `a route of the type ${type} leads nowhere; leave ${key} out`);
    if (type !== "unicast" && onlink === true)
        say(["onlink"], `a route of the type ${type} leads nowhere; leave onlink out`);
    const hasGateway = [route, ...(Array.isArray(nextHops) ? nextHops : [])].some((way) => way?.gateway !== undefined);
    if (!v6 && hasGateway && (scope === "link" || scope === "host"))
        say(["scope"], `a destination behind a gateway has not the scope ${scope}; leave scope out, or the gateway`);
});

function checkWays(route: z.output<typeof Fields>, v6: boolean, say: Say): void {
    const { gateway, link, onlink, nextHops } = route;
    if (nextHops === undefined) {
        if (gateway === undefined && link === undefined)
            say(["gateway"], "a route needs gateway, link or nextHops; to drop packets, give type");
        return checkWay({ gateway, link, onlink }, [], v6, say);
    }
    for (const key of ["gateway", "link"] as const)
        if (route[key] !== undefined) say([key], `${key} and nextHops exclude each other; make it one of nextHops`);
    if (onlink) say(["onlink"], "with nextHops each next hop says for itself whether it is onlink");
    if (!Array.isArray(nextHops)) return;
    for (const [index, hop] of nextHops.entries()) {
        if (typeof hop !== "object") continue;
        checkWay(hop, ["nextHops", index], v6, say);
        if (hop.gateway === undefined && (v6 || hop.link === undefined))
            say(
                ["nextHops", index, "gateway"],
                v6 ? "a next hop of an IPv6 route needs its gateway" : "a next hop needs gateway or link",
            );
    }
}

function checkWay(
    { gateway, link, onlink }: Partial<Pick<NextHop, "gateway" | "link" | "onlink">>,
    path: PropertyKey[],
    v6: boolean,
    say: Say,
): void {
    if (onlink && (gateway === undefined || link === undefined))
        say([...path, "onlink"], "onlink needs gateway and link");
    if (typeof gateway !== "string") return;
    if (v6 && !isV6(gateway)) say([...path, "gateway"], "an IPv6 route leads over an IPv6 router");
    const needsLink = (!v6 && isV6(gateway)) || isLinkLocal(gateway);
    if (needsLink && link === undefined)
        say([...path, "link"], "an IPv6 router of an IPv4 route, and a link-local router, needs link");
}

export type Route = z.output<typeof Route>;
