/** As whom a port may send, in flows: MAC addresses, and IP addresses in IPv4, ARP and IPv6 neighbour discovery (ovs-fields(7)). */
import { Address6 } from "ip-address";
import { PortSecurity } from "../../schemas/ovs-port-parts";
import { isV6 } from "../../schemas/ip-text";
import type { Flow } from "../host/flow-text";
import { GUARD_TABLE, USER_TABLE } from "../host/pipeline";

const ANY = "any";

export const securityText = ({ mac, addresses }: PortSecurity): string => [mac, ...(addresses ?? [ANY])].join(" ");

/** Undefined for what is no such text: others can write there. */
export function securityFrom(text: string | undefined): PortSecurity | undefined {
    if (text === undefined) return undefined;
    const [mac, ...rest] = text.split(" ");
    const addresses = rest[0] === ANY ? undefined : rest;
    return PortSecurity.safeParse({ mac, ...(addresses ? { addresses } : {}) }).data;
}

/** The link-layer address of neighbour discovery without that option. */
const NONE = "00:00:00:00:00:00";

/** Solicitation and advertisement of a neighbour. */
const NEIGHBORS = [135, 136];
/** Its target where the switch cannot read it, as with an option that is there twice, of which a receiver takes the first. */
const UNREAD = "::";
/** Router advertisement and redirect: only a router sends them, and the switch reads no option of theirs. */
const OF_ROUTERS = [134, 137];

/**
 * A second VLAN header, which the switch takes for what the frame carries (ovs-vswitchd.conf.db(5), vlan-limit), and whose
 * VID 0 a receiver strips.
 */
const TAGS = ["0x8100", "0x88a8"];

/** The least priority of a secured port's flows: that of the last, which drops all that the others have not passed. */
export const LEAST_GUARD = 100;

type Guard = Pick<Flow, "table" | "priority" | "match" | "actions">;

/**
 * The flows of one port in the switch's own spelling. What passes is named; the rest of its kind is dropped, and last all
 * that has another MAC address.
 *
 * @param port OpenFlow number, or what stands for it
 * @see RFC 826 (ARP), RFC 4861 (neighbour discovery), RFC 4862, 5.4 (duplicate address detection), RFC 5227 (ARP probes)
 */
export function guardsOf(port: string, { mac, addresses }: PortSecurity): Guard[] {
    const at = `in_port=${port}`;
    const from = `${at},dl_src=${mac}`;
    const pass = `goto_table:${USER_TABLE}`;
    const flow = (priority: number, match: string, actions: string): Guard => ({
        table: GUARD_TABLE,
        priority,
        match,
        actions,
    });
    const layers = [mac, NONE];
    const v4 = addresses?.filter((address) => !isV6(address)).map((address) => `,nw_src=${address}`) ?? [""];
    const own6 = addresses?.some(isV6) ? [...addresses.filter(isV6), linkLocal(mac)] : [];
    const v6 = addresses ? [...new Set(own6)] : [undefined];
    const src6 = (address: string | undefined) => (address === undefined ? "" : `,ipv6_src=${address}`);
    const target = (address: string | undefined) => (address === undefined ? "" : `,nd_target=${address}`);
    return [
        ...v4.flatMap((source) => [
            flow(400, `arp,${from}${source.replace("nw_src", "arp_spa")},arp_sha=${mac}`, pass),
            flow(400, `ip,${from}${source}`, pass),
        ]),
        ...(v4.length > 0 && addresses
            ? [
                  flow(400, `arp,${from},arp_spa=0.0.0.0,arp_op=1,arp_sha=${mac}`, pass),
                  flow(400, `udp,${from},nw_src=0.0.0.0,nw_dst=255.255.255.255,tp_src=68,tp_dst=67`, pass),
              ]
            : []),
        ...v6.flatMap((source) => [
            ...layers.map((sll) => flow(400, `icmp6,${from}${src6(source)},icmp_type=135,nd_sll=${sll}`, pass)),
            ...layers.map((tll) => flow(400, `icmp6,${from},icmp_type=136${target(source)},nd_tll=${tll}`, pass)),
            flow(300, `ipv6,${from}${src6(source)}`, pass),
            ...(source === undefined
                ? []
                : [flow(400, `icmp6,${from},ipv6_src=::,icmp_type=135,nd_target=${source},nd_sll=${NONE}`, pass)]),
        ]),
        ...(addresses && v6.length > 0
            ? [131, 143].map((report) =>
                  flow(400, `icmp6,${from},ipv6_src=::,ipv6_dst=ff02::/16,icmp_type=${report}`, pass),
              )
            : []),
        ...NEIGHBORS.flatMap((type) => [
            flow(410, `icmp6,${at},icmp_type=${type},nd_target=${UNREAD}`, "drop"),
            flow(350, `icmp6,${at},icmp_type=${type}`, "drop"),
        ]),
        ...OF_ROUTERS.map((type) => flow(350, `icmp6,${at},icmp_type=${type}`, "drop")),
        ...["arp", "ip", "ipv6"].map((kind) => flow(200, `${kind},${at}`, "drop")),
        ...TAGS.map((type) => flow(200, `${at},dl_type=${type}`, "drop")),
        flow(150, from, pass),
        flow(LEAST_GUARD, at, "drop"),
    ];
}

/** The address that follows from a MAC address (RFC 4291, appendix A). */
function linkLocal(mac: string): string {
    const [first = 0, ...rest] = mac.split(":").map((byte) => parseInt(byte, 16));
    const bytes = [first ^ 2, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)];
    const text = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return new Address6(`fe80::${(text.match(/.{4}/g) ?? []).join(":")}`).correctForm();
}

/** One flow as it is compared, whatever the order of its fields. */
const told = ({ priority, match, actions }: Guard): string =>
    `${priority} ${match.split(",").sort().join()} ${actions}`;

/** Whether a port's flows are those of what it may send as. */
export function areInForce(there: readonly Flow[], port: number, security: PortSecurity): boolean {
    const [is, should] = [there.map(told), guardsOf(String(port), security).map(told)];
    return is.length === should.length && [...is].sort().join("\n") === [...should].sort().join("\n");
}
