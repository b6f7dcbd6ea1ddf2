/**
 * Whether the packets of those who work on a host pass its switches. ovs-vswitchd itself tells what becomes of one
 * (`ofproto/trace`, ovs-vswitchd(8)), by all flows, ports and VLANs as they are at that moment.
 */
import { Address6 } from "ip-address";
import { isV6 } from "../../schemas/ip-text";
import { words } from "./flow-text";
import type { Host } from "./index";
import { SHARED_COOKIE, USER_TABLE } from "./pipeline";
import type { Link } from "./links";
import { readMacs } from "./neighbors";
import type { Operator, Way } from "./lookup";
import { readWays } from "./operator-ways";
import { textOf } from "./ovsdb/columns";
import type { Replica, Seen } from "./ovsdb/replica";

/** A packet of an operator's connection, and where it is to come out. */
export interface Probe {
    operator: Operator;
    bridge: string;
    from: string;
    /** One of these is enough: a bond sends by one of its members. */
    to: readonly string[];
    /** As `ovs-appctl ofproto/trace` takes it. */
    packet: string;
}

/** A link of the switch's own by which an operator's packets leave and reach the host. */
interface End {
    operator: Operator;
    bridge: string;
    own: string;
    /** VLAN of the packets there. */
    vlan?: number;
    mac: string;
    /** Of the next hop, or the operator. */
    peerMac: string;
    peer: string;
    /** Ports by which they may leave the host. */
    uplinks: string[];
}

/** What passes now, of all who are connected through a switch. */
export async function passing(host: Host): Promise<Probe[]> {
    const ways = await readWays(host);
    if (ways.length === 0) return [];
    const [view, links] = await Promise.all([host.switch(), host.links()]);
    // Several connections of one person go the same way.
    const alike = new Map(ways.map((way) => [`${way.operator.peer} ${way.operator.local} ${way.operator.port}`, way]));
    const through = [...alike.values()].flatMap((way) => endsOf(way, view, links));
    if (through.length === 0) return [];
    const macs = await readMacs(host);
    const ends = through.flatMap(({ device, ...end }): End[] => {
        const peerMac = macs.get(`${device} ${end.peer}`);
        return peerMac === undefined ? [] : [{ ...end, peerMac }];
    });
    return (await Promise.all(ends.map((end) => passingAt(host, end)))).flat();
}

/** The first of them that no longer comes out where it did. */
export async function stopped(host: Host, probes: readonly Probe[]): Promise<Probe | undefined> {
    const now = await Promise.all(probes.map((probe) => comesOut(host, probe)));
    return probes.find((_, index) => now[index] === false);
}

/** The first of what passes now that a bridge passes on only as a standalone one does by itself. */
export async function passingUnasked(host: Host, bridge: string): Promise<Probe | undefined> {
    const probes = await passing(host);
    const traces = await Promise.all(probes.map((probe) => traceOf(host, probe)));
    return probes.find((_, index) => isUnasked(traces[index] ?? "", bridge));
}

const UNASKED = new RegExp(`^( 0\\. priority 0|${USER_TABLE}\\. priority 0, cookie ${SHARED_COOKIE})$`, "m");

/**
 * Whether a packet meets a flow that only a bridge which is not secure has: the one that it puts into its tables by itself, or
 * ours for tables that hold no flow of a user.
 *
 * @param trace what `ofproto/trace --names` printed
 */
export function isUnasked(trace: string, bridge: string): boolean {
    const [, ...parts] = trace.split(/^bridge\("([^"]*)"\)$/m);
    return parts.some((name, index) => name === bridge && UNASKED.test(parts[index + 1] ?? ""));
}

function endsOf(
    { operator, links: [device = ""], gateway, path }: Way,
    view: Replica,
    links: ReadonlyMap<string, Link>,
): (Omit<End, "peerMac"> & { device: string })[] {
    const link = links.get(device);
    const isVlan = link?.kind === "vlan";
    const own = isVlan ? (link.parent ?? "") : device;
    const vlan = isVlan ? Number(link.data.id) : undefined;
    const isOf = (name: string, type: string) => (textOf(view.byName("Interface", name)?.type) || "system") === type;
    const bridge = bridgeOf(view, own);
    const mac = link?.mac;
    if (bridge === undefined || mac === undefined || !isOf(own, "internal")) return [];
    const uplinks = [...path].filter((name) => view.byName("Interface", name) && isOf(name, "system"));
    const end = { operator, bridge, own, mac, peer: gateway ?? operator.peer, uplinks, device };
    return [{ ...end, ...(vlan === undefined ? {} : { vlan }) }];
}

/** Both directions, and what each end asks and answers of MAC addresses, without which they end after a while. */
async function passingAt(host: Host, end: End): Promise<Probe[]> {
    const { operator, bridge, own, vlan, mac, peerMac, uplinks } = end;
    const { peer, local, port, peerPort } = operator;
    const [family, from, to] = isV6(peer) ? ["tcp6", "ipv6_src", "ipv6_dst"] : ["tcp", "nw_src", "nw_dst"];
    const leaves = { operator, bridge, from: own, to: uplinks };
    const out: Probe = {
        ...leaves,
        packet: `${family},${tagged(vlan)}dl_src=${mac},dl_dst=${peerMac},${from}=${local},${to}=${peer},nw_ttl=64,tp_src=${port},tp_dst=${peerPort}`,
    };
    const left = (await outputs(host, out, vlan))?.find((one) => uplinks.includes(one.port));
    if (!left) return [];
    const arrives = {
        operator,
        bridge: bridgeOf(await host.switch(), left.port) ?? bridge,
        from: left.port,
        to: [own],
    };
    const [here, there] = [
        { mac, address: local },
        { mac: peerMac, address: end.peer },
    ];
    const others: Probe[] = [
        {
            ...arrives,
            packet: `${family},${tagged(left.vlan)}dl_src=${peerMac},dl_dst=${mac},${from}=${peer},${to}=${local},nw_ttl=64,tp_src=${peerPort},tp_dst=${port}`,
        },
        { ...arrives, packet: question(left.vlan, there, local) },
        { ...arrives, packet: answer(left.vlan, there, here) },
        { ...leaves, packet: question(vlan, here, end.peer) },
        { ...leaves, packet: answer(vlan, here, there) },
    ];
    const now = await Promise.all(others.map((probe) => comesOut(host, probe)));
    return [out, ...others.filter((_, index) => now[index])];
}

interface Station {
    mac: string;
    address: string;
}

/** Who has an address, asked of all: by ARP, or by a neighbour solicitation (RFC 4861, 4.3). */
function question(vlan: number | undefined, { mac, address }: Station, target: string): string {
    if (!isV6(target))
        return `arp,${tagged(vlan)}dl_src=${mac},dl_dst=ff:ff:ff:ff:ff:ff,arp_op=1,arp_spa=${address},arp_tpa=${target},arp_sha=${mac}`;
    const group = solicited(target);
    return `icmp6,${tagged(vlan)}dl_src=${mac},dl_dst=${group.mac},ipv6_src=${address},ipv6_dst=${group.address},nw_ttl=255,icmpv6_type=135,icmpv6_code=0,nd_target=${target},nd_sll=${mac}`;
}

/** That one has the address, told to who asked: by ARP, or by a neighbour advertisement (RFC 4861, 4.4). */
const answer = (vlan: number | undefined, from: Station, to: Station): string =>
    isV6(from.address)
        ? `icmp6,${tagged(vlan)}dl_src=${from.mac},dl_dst=${to.mac},ipv6_src=${from.address},ipv6_dst=${to.address},nw_ttl=255,icmpv6_type=136,icmpv6_code=0,nd_target=${from.address},nd_tll=${from.mac}`
        : `arp,${tagged(vlan)}dl_src=${from.mac},dl_dst=${to.mac},arp_op=2,arp_spa=${from.address},arp_tpa=${to.address},arp_sha=${from.mac},arp_tha=${to.mac}`;

/** The group in which who has an address of IPv6 is asked: its last 24 bits tell it (RFC 4291, 2.7.1; RFC 2464, 7). */
export function solicited(address: string): Station {
    const last = (new Address6(address).bigInt() & 0xffffffn).toString(16).padStart(6, "0");
    const [one, two, three] = [last.slice(0, 2), last.slice(2, 4), last.slice(4)];
    return { mac: `33:33:ff:${one}:${two}:${three}`, address: `ff02::1:ff${one}:${two}${three}` };
}

const tagged = (vlan: number | undefined) => (vlan === undefined ? "" : `dl_vlan=${vlan},`);

/** The bridge that a link is plugged into. */
function bridgeOf(view: Replica, link: string): string | undefined {
    const isOf = ({ interfaces }: Seen) => view.referred("Interface", interfaces).some(({ name }) => name === link);
    const port = view.all("Port").find(isOf);
    return textOf(port && view.holderOf(port)?.name);
}

/** Undefined where that is not told. */
const comesOut = async (host: Host, probe: Probe): Promise<boolean | undefined> =>
    (await outputs(host, probe))?.some(({ port }) => probe.to.includes(port));

/** The arguments of `ovs-appctl` that show what becomes of a packet. */
export const tracing = ({ bridge, from, packet }: Probe): string[] => [
    "ofproto/trace",
    "--names",
    bridge,
    `in_port=${from},${packet}`,
];

/** Undefined where the switch does not tell: an old one names no ports. */
async function outputs(host: Host, probe: Probe, vlan?: number): Promise<Output[] | undefined> {
    const trace = await traceOf(host, probe);
    return trace === undefined ? undefined : outputsOf(trace, vlan);
}

async function traceOf(host: Host, probe: Probe): Promise<string | undefined> {
    const { code, stdout } = await host.place.run(["ovs-appctl", "--timeout=10", ...tracing(probe)]);
    return code === 0 ? stdout : undefined;
}

export interface Output {
    port: string;
    /** VLAN that it leaves with. */
    vlan?: number;
}

/**
 * Where a packet comes out, of all that is told of it: what goes through connection tracking is told in several parts.
 *
 * @param trace what `ofproto/trace --names` printed  @param vlan that the packet came with
 */
export function outputsOf(trace: string, vlan?: number): Output[] {
    return [...trace.matchAll(/^Datapath actions: (.*)$/gm)].flatMap(([, actions = ""]) => {
        let tag = vlan;
        return words(actions).flatMap((action): Output[] => {
            if (action.startsWith("push_vlan(")) tag = Number(/vid=(\d+)/.exec(action)?.[1]);
            if (action === "pop_vlan") tag = undefined;
            if (action === "pop_vlan" || action === "drop" || action.includes("(")) return [];
            return [{ port: action, ...(tag === undefined ? {} : { vlan: tag }) }];
        });
    });
}
