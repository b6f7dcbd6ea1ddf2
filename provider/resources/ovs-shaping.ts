/**
 * What the kernel does for a port beside what its rows say: whoever replaces the queueing of a tap takes its QoS away,
 * and a link that is unplugged keeps it.
 */
import type { Link } from "../host/links";
import { numberOf, textOf, uuidsOf } from "../host/ovsdb/columns";
import { ofRow, set, updated, type Operation, type Row } from "../host/ovsdb/operations";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { ovsdb, type Plan } from "../plan";
import type { PortRows } from "./ovs-rows";

/** What ovs-vswitchd puts there for each of its types (lib/netdev-linux.c). */
const QDISC: Readonly<Record<string, string>> = { "linux-htb": "htb", "linux-hfsc": "hfsc" };

/** Whether a QoS acts at interfaces of a type: DPDK knows none of the kernel's, and the kernel none of DPDK's. */
export const shapes = (qos: string, type = "system"): boolean => (qos === "egress-policer") === type.startsWith("dpdk");

/** What the kernel should queue a tap with for its port's QoS; undefined where nothing, or where it is no tap of the host's. */
export function queueingOf(view: Replica, { port, links }: PortRows): string | undefined {
    const [link, ...more] = links;
    if (!link || more.length > 0 || !isSystem(link)) return undefined;
    return QDISC[textOf(view.row("QoS", uuidsOf(port.qos)[0])?.type) ?? ""];
}

/**
 * Whether the kernel has lost what shapes a tap. libvirt gives every tap the queueing `noqueue` when its guest starts
 * (qemuDomainInterfaceSetDefaultQDisc), whoever made it.
 */
export function shapingLost(view: Replica, rows: PortRows, links: ReadonlyMap<string, Link>): boolean {
    const wanted = queueingOf(view, rows);
    if (wanted === undefined) return false;
    const there = links.get(String(rows.links[0]?.name));
    return there?.tap !== undefined && there.qdisc !== wanted;
}

export const SHAPING_LOST =
    "its QoS is not in force: somebody replaced the queueing of its tap, as libvirt does when a guest starts";

/** The switch sets up what shapes a link only where the row changes: away with it, and there again. */
export function shapedAgain(ports: readonly PortRows[]): Plan {
    if (ports.length === 0) return [];
    const put = (qosOf: (port: Seen) => unknown) =>
        updated(
            "Port",
            ports.map(({ port }) => port),
            (port) => ({ qos: qosOf(port) }),
        );
    const [none, theirs] = [put(() => set()), put(({ qos }) => qos)];
    const names = ports.map(({ port }) => String(port.name)).join(", ");
    return [
        ovsdb(`takes the lost QoS of ${names} away`, none, theirs),
        ovsdb(`gives ${names} their QoS again`, theirs),
    ];
}

/**
 * Takes QoS and policing out of the kernel before ports go whose links stay: the switch takes them away where the row
 * changes, and leaves them where the port goes.
 */
export function unshapedAll(ports: readonly PortRows[]): Plan {
    const shaped = ports.filter(({ port, links }) => uuidsOf(port.qos).length > 0 && links.every(isSystem));
    const policed = ports.flatMap(({ links }) => links.filter(isPoliced));
    if (shaped.length + policed.length === 0) return [];
    const put = (table: string, { _uuid }: Seen, row: Row): Operation => ({
        op: "update",
        table,
        where: ofRow(_uuid),
        row,
    });
    return [
        ovsdb(
            `lifts the limits of ${shaped.length + policed.length} links`,
            [
                ...shaped.map(({ port }) => put("Port", port, { qos: set() })),
                ...policed.map((link) => put("Interface", link, { ingress_policing_rate: 0 })),
            ],
            [
                ...shaped.map(({ port }) => put("Port", port, { qos: port.qos })),
                ...policed.map((link) => put("Interface", link, { ingress_policing_rate: link.ingress_policing_rate })),
            ],
        ),
    ];
}

/**
 * A link that a bond lets go keeps its QoS, too, so it is lifted from all of them first.
 *
 * @returns what lifts it, and the operations that then give it again; nothing where no link goes or nothing is shaped
 */
export function liftedFrom(rows: PortRows, releases: boolean): { steps: Plan; again: Operation[] } {
    if (!releases || uuidsOf(rows.port.qos).length === 0) return { steps: [], again: [] };
    const { _uuid, qos } = rows.port;
    return {
        steps: unshapedAll([rows]),
        again: [{ op: "update", table: "Port", where: ofRow(_uuid), row: { qos } }],
    };
}

const isSystem = ({ type }: Seen): boolean => (textOf(type) ?? "system") === "system";
const isPoliced = (link: Seen): boolean => isSystem(link) && (numberOf(link.ingress_policing_rate) ?? 0) > 0;
