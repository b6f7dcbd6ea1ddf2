/** Whether the QoS of a port is in force: whoever replaces the kernel's queueing of a tap takes it away, and no row tells. */
import type { Host } from "../host";
import { textOf, uuidsOf } from "../host/ovsdb/columns";
import { ofRow, set } from "../host/ovsdb/operations";
import type { Replica } from "../host/ovsdb/replica";
import { ovsdb, type Plan } from "../plan";
import type { PortRows } from "./ovs-port-rows";

/** What ovs-vswitchd puts there for each of its types (lib/netdev-linux.c). */
const QDISC: Readonly<Record<string, string>> = { "linux-htb": "htb", "linux-hfsc": "hfsc" };

/**
 * Whether the kernel has lost what shapes a tap. libvirt gives every tap the queueing `noqueue` when its guest starts
 * (qemuDomainInterfaceSetDefaultQDisc), whoever made it.
 */
export async function shapingLost(host: Host, view: Replica, { port, links }: PortRows): Promise<boolean> {
    const [link, ...more] = links;
    const wanted = QDISC[textOf(view.row("QoS", uuidsOf(port.qos)[0])?.type) ?? ""];
    if (wanted === undefined || !link || more.length > 0 || (textOf(link.type) ?? "system") !== "system") return false;
    const there = (await host.links()).get(String(link.name));
    return there?.tap !== undefined && there.qdisc !== wanted;
}

export const SHAPING_LOST =
    "its QoS is not in force: somebody replaced the queueing of its tap, as libvirt does when a guest starts";

/** The switch sets up what shapes a link only where the row changes: away with it, and there again. */
export const shapedAgain = ({ port }: PortRows): Plan => {
    const put = (qos: unknown) => [{ op: "update", table: "Port", where: ofRow(port._uuid), row: { qos } }];
    return [
        ovsdb(`takes the lost QoS of ${String(port.name)} away`, put(set()), put(port.qos)),
        ovsdb(`gives ${String(port.name)} its QoS again`, put(port.qos)),
    ];
};
