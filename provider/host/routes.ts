/** The routes of a host, read in bulk by `ip -N -json -details route` (iproute2 6.1). */
import { z } from "zod";
import { addressText, networkText } from "../../schemas/ip-text";
import { tableText } from "../../schemas/routing-table";
import type { Host } from "./index";
import { parseList } from "./links";
import type { RouteSeen, WaySeen } from "./lookup";

/** Numbers of linux/rtnetlink.h (RTN_...); newer versions of `ip` print names even so. */
const TYPES: Readonly<Record<string, string>> = {
    1: "unicast",
    2: "local",
    3: "broadcast",
    4: "anycast",
    5: "multicast",
    6: "blackhole",
    7: "unreachable",
    8: "prohibit",
    9: "throw",
};
const SCOPES: Readonly<Record<string, string>> = { 0: "global", 200: "site", 253: "link", 254: "host" };

/** Metric that a route has where nobody gave one (IP6_RT_PRIO_USER in net/ip6_route.h). */
export const usualMetric = (v6: boolean): number => (v6 ? 1024 : 0);

const Way = z.object({
    gateway: z.string().optional(),
    via: z.object({ host: z.string() }).optional(),
    dev: z.string().optional(),
    weight: z.number().default(1),
    flags: z.array(z.string()).default([]),
});

const IpRoute = z.looseObject({
    ...Way.shape,
    dst: z.string(),
    table: z.string().default("254"),
    metric: z.number().optional(),
    type: z.string().default("1"),
    protocol: z.coerce.number().catch(0),
    scope: z.string().optional(),
    prefsrc: z.string().optional(),
    metrics: z.array(z.record(z.string(), z.unknown())).default([]),
    nexthops: z.array(Way).optional(),
    /** The nexthop object that it names: with nexthop_compat_mode 0 the kernel tells nothing else of its way. */
    nh_info: Way.optional(),
    pref: z.string().optional(),
});

const KNOWN_METRICS = ["mtu", "advmss", "initcwnd", "initrwnd"];
const KNOWN = new Set([...Object.keys(IpRoute.shape), "flags"]);

/** @param v6 which family was asked for @throws HostError bug on what is not the output of `ip -json route` */
function parseRoutes(text: string, v6: boolean): RouteSeen[] {
    return parseList(text, IpRoute, "routes", "`ip -json route`").map((entry) => seen(entry, v6));
}

export function readRoutes(host: Host, v6: boolean): Promise<RouteSeen[]> {
    const family = v6 ? "-6" : "-4";
    return host.read(["ip", "-N", "-json", family, "-details", "route", "show", "table", "all"], (text) =>
        parseRoutes(text, v6),
    );
}

function seen(entry: z.output<typeof IpRoute>, v6: boolean): RouteSeen {
    const { dst, table, protocol, prefsrc, scope, nexthops, nh_info, metrics, pref } = entry;
    const type = TYPES[entry.type] ?? entry.type;
    const values = Object.assign({}, ...metrics) as Record<string, unknown>;
    const number = (name: string) => (typeof values[name] === "number" ? values[name] : undefined);
    // A route to nowhere stands on the loopback where it is of IPv6.
    const leads = nexthops !== undefined || type === "unicast";
    const only = entry.dev === undefined && nh_info ? nh_info : entry;
    return {
        destination: dst === "default" ? (v6 ? "::/0" : "0.0.0.0/0") : (networkText(dst) ?? dst),
        table: tableText(table) ?? table,
        metric: entry.metric ?? usualMetric(v6),
        type,
        protocol,
        ways: leads ? (nexthops ?? [only]).map(way) : [],
        source: prefsrc === undefined ? undefined : (addressText(prefsrc) ?? prefsrc),
        scope: v6 || scope === undefined ? undefined : (SCOPES[scope] ?? scope),
        mtu: number("mtu"),
        advmss: number("advmss"),
        initcwnd: number("initcwnd"),
        initrwnd: number("initrwnd"),
        more: [
            ...Object.keys(entry).filter((key) => !KNOWN.has(key)),
            ...Object.keys(values).filter((key) => !KNOWN_METRICS.includes(key)),
            ...(pref === undefined || pref === "medium" ? [] : ["pref"]),
        ],
    };
}

function way({ gateway, via, dev, weight, flags }: z.output<typeof Way>): WaySeen {
    const router = gateway ?? via?.host;
    return {
        gateway: router === undefined ? undefined : (addressText(router) ?? router),
        link: dev,
        weight,
        onlink: flags.includes("onlink"),
        isDead: flags.includes("dead"),
    };
}
