/** A virtual network over UDP. */
import { z } from "zod";
import { addressText, isLinkLocal, isV6 } from "../../schemas/ip-text";
import { isMulticast, Vxlan } from "../../schemas/vxlan";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import { parseList } from "../host/links";
import { bridge, type Step } from "../plan";
import type { HostResource } from "../resource";
import { bare, plain, type Printed } from "./link-settings";
import { keepCarried } from "./operator-guard";
import { virtualLink, type LinkHere } from "./virtual-link";

/** Bytes of the outer headers: Ethernet, IP, UDP and VXLAN (include/net/vxlan.h VXLAN_HEADROOM, VXLAN6_HEADROOM). */
const HEADROOM = { v4: 50, v6: 70 };

/** What a VXLAN link may be given that we have no property for: how it is printed, and the word of `ip`. */
const BEYOND: Readonly<Record<string, string>> = {
    external: "external",
    vnifilter: "vnifilter",
    gpe: "gpe",
    rsc: "rsc",
    remcsum_tx: "remcsumtx",
    remcsum_rx: "remcsumrx",
    udp_zero_csum6_tx: "udp6zerocsumtx",
    udp_zero_csum6_rx: "udp6zerocsumrx",
};

const link = virtualLink<Vxlan>({
    type: "kvmnet:host:Vxlan",
    title: "VXLAN link",
    description:
        "A virtual network over UDP, as a link, up: to one host, to a multicast group, or by a forwarding table.",
    schema: Vxlan,
    cost: {
        name: "replace",
        vni: "replace",
        remote: "update",
        local: "update",
        link: "replace",
        dstPort: "replace",
        srcPortMin: "replace",
        srcPortMax: "replace",
        ttl: "update",
        tos: "update",
        df: "update",
        learning: "update",
        ageingTime: "update",
        maxAddresses: "replace",
        udpChecksum: "replace",
        proxy: "replace",
        l2Miss: "replace",
        l3Miss: "replace",
        gbp: "replace",
        mac: "update",
        mtu: "update",
        txQueueLength: "update",
        takesOperatorPath: "update",
    },
    kind: "vxlan",
    fixed: {
        vni: plain<number>("id"),
        dstPort: plain<number>("dstport", undefined, "port"),
        srcPortMin: { words: (port) => ["srcport", String(port)], read: ({ port_range }) => portOf(port_range, "low") },
        // The second word of `srcport`, which comes before it.
        srcPortMax: { words: (port) => [String(port)], read: ({ port_range }) => portOf(port_range, "high") },
        maxAddresses: plain<number>("maxaddress", undefined, "limit"),
        udpChecksum: bare("udpcsum", true, "udp_csum"),
        proxy: bare("proxy", false),
        l2Miss: bare("l2miss", false),
        l3Miss: bare("l3miss", false),
        gbp: { words: (on) => (on ? ["gbp"] : []), read: ({ gbp }) => gbp === true, preset: false },
    },
    settings: {
        link: plain<string>("dev", undefined, "link"),
        remote: {
            words: (address) => [isMulticast(address) ? "group" : "remote", address],
            read: ({ remote, remote6, group, group6 }) => addressOf(remote, remote6, group, group6),
        },
        local: { words: (address) => ["local", address], read: ({ local, local6 }) => addressOf(local, local6) },
        ttl: {
            words: (hops) => ["ttl", hops === 0 ? "auto" : String(hops)],
            read: ({ ttl }) => numberOf(ttl),
            preset: 0,
        },
        tos: {
            // `ip` reads it as hexadecimal, with or without 0x.
            words: (tos) => ["tos", tos === 1 ? "inherit" : `0x${tos.toString(16)}`],
            read: ({ tos }) => numberOf(tos) ?? 0,
            preset: 0,
        },
        df: plain<"unset" | "set" | "inherit">("df", "unset"),
        learning: bare("learning", true),
        ageingTime: plain<number>("ageing", 300),
    },
    presets: { txQueueLength: 1000 },
    // An inherited TTL is not printed at all (iproute2 6.1).
    beyond: (printed) => [
        ...Object.entries(BEYOND).flatMap(([key, word]) => (printed[key] === true ? [word] : [])),
        ...(typeof printed.ttl === "number" ? [] : ["ttl inherit"]),
        ...(printed.label === undefined ? [] : ["flowlabel"]),
    ],
    below: {
        key: "link",
        leads: false,
        read: ({ data }) => (typeof data.link === "string" ? data.link : undefined),
        mtu: (below, { remote, local }) =>
            below ? below.mtu - (goesOverV6({ remote, local }) ? HEADROOM.v6 : HEADROOM.v4) : 1500,
    },
    // A group is joined on a link, which is named with it. Alone, another link would leave the table's entry for the
    // other end on the former one (drivers/net/vxlan/vxlan_core.c vxlan_changelink).
    around: (from, to) => (from.remote === to.remote ? { leave: ["link"] } : { anew: ["link"] }),
    replaces: stuckEnds,
    // What the kernel takes once (vxlan_config_validate).
    claims: (want) => [
        `VXLAN ${want.vni} on UDP port ${want.dstPort} over ${goesOverV6(want) ? "IPv6" : "IPv4"}` +
            (ends(want).some(isLinkLocal) ? ` of ${want.link ?? "no link"}` : ""),
    ],
});

interface VxlanHere extends LinkHere<Vxlan> {
    /** Whether it no longer sends to its other end, though it still says so. */
    cutOff: boolean;
}

/** What has no word for "none", or is of another family, stays while the link stands. */
export const vxlan: HostResource<Vxlan, VxlanHere> = {
    ...link,

    async find(host, name, own) {
        const here = await link.find(host, name, own);
        if (!here) return undefined;
        const { remote } = here.state;
        const cutOff = own.known !== undefined && remote !== undefined && !(await leadsTo(host, name, remote));
        const fault =
            here.fault ?? (cutOff ? `its forwarding table no longer leads to ${remote}: ${CUT_OFF}` : undefined);
        return { ...here, cutOff, ...(fault === undefined ? {} : { fault }) };
    },

    async update(host, found, want, mark) {
        const { state, cutOff } = found;
        if (stuckEnds(state, want).length > 0 && !link.isRemade(found, want)) throw stays(state, want);
        if (ENDS.some((key) => state[key] !== want[key]) && !link.isRemade(found, want))
            await keepCarried(host, `VXLAN link ${want.name}`, want, [want.name], "which is to lead elsewhere");
        const steps = await link.update(host, found, want, mark);
        // Another one comes with its own entry.
        return cutOff && state.remote === want.remote && !link.isRemade(found, want)
            ? [...steps, leading(want)]
            : steps;
    },
};

const CUT_OFF = "somebody removed what is to be sent to all (bridge fdb)";

/** What is for nobody in particular goes to every other end that the table has for no address (vxlan_fdb_is_default_entry). */
const NOBODY = "00:00:00:00:00:00";
const Entry = z.looseObject({ mac: z.string(), ifname: z.string().optional(), dst: z.string().optional() });

/** One look serves all links. */
async function leadsTo(host: Host, name: string, remote: string): Promise<boolean> {
    const entries = await host.read(["bridge", "-json", "fdb", "show"], (text) =>
        parseList(text, Entry, "forwarding entries", "`bridge -json fdb`").filter(({ mac }) => mac === NOBODY),
    );
    return entries.some(({ ifname, dst }) => ifname === name && addressOf(dst) === remote);
}

function leading({ name, remote = "", link: below }: Vxlan): Step {
    const entry = [NOBODY, "dev", name, "dst", remote, ...(below === undefined ? [] : ["via", below]), "self"];
    return bridge(
        `leads the VXLAN link ${name} to ${remote} again`,
        [["fdb", "append", ...entry]],
        [["fdb", "delete", ...entry]],
    );
}

const ENDS = ["remote", "local"] as const;
const isLost = (key: (typeof ENDS)[number], from: Vxlan, to: Vxlan): boolean =>
    from[key] !== undefined && to[key] === undefined;

/** Ends that it does not change from one to the other while it stands. */
function stuckEnds(from: Vxlan, to: Vxlan): (typeof ENDS)[number][] {
    const turns = goesOverV6(from) !== goesOverV6(to);
    return ENDS.filter((key) => isLost(key, from, to) || (turns && from[key] !== to[key]));
}

function stays(from: Vxlan, to: Vxlan): HostError {
    const lost = ENDS.find((key) => isLost(key, from, to));
    return new HostError(
        "refused",
        `VXLAN link ${to.name}`,
        lost
            ? `${lost} cannot be taken away from it while it stands`
            : "remote and local cannot go from IPv4 to IPv6, or back, while it stands",
        "Replace it: run `pulumi up --replace URN` with its URN, which `pulumi stack --show-urns` prints.",
    );
}

type Ends = Pick<Vxlan, "remote" | "local">;
const ends = ({ remote, local }: Ends) => [remote, local].filter((address) => address !== undefined);

/** One without addresses goes over IPv4. */
const goesOverV6 = (of: Ends) => ends(of).some(isV6);

/** The address that is printed, in our spelling: the kernel's has dots where one of IPv4 is in one of IPv6. */
function addressOf(...printed: unknown[]): string | undefined {
    const text = printed.find((one): one is string => typeof one === "string");
    return text && (addressText(text) ?? text);
}

/** A number, or one as text such as `0x10`. */
function numberOf(printed: unknown): number | undefined {
    const number = typeof printed === "string" ? Number(printed) : printed;
    return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** The kernel tells 0 where it chooses the port itself. */
function portOf(range: Printed[string], end: "low" | "high"): number | undefined {
    const port = (range as { low?: unknown; high?: unknown } | undefined)?.[end];
    return typeof port === "number" && port > 0 ? port : undefined;
}
