/** What must be on a host before a port can be: its bridge, the QoS that it names, the columns that it needs. */
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import { keyOf, textOf, uuidsOf, valuesOf } from "../host/ovsdb/columns";
import type { Uuid } from "../host/ovsdb/operations";
import { ignoresPolicing, isPolicedByKernel } from "../host/ovsdb/ports";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { refuseWrapped } from "./ovs-ingress";
import { isMadeBySwitch } from "./ovs-link-up";
import { QOS_NAME_KEY, qosName } from "./ovs-port-rows";
import type { Wanted } from "./ovs-port-change";
import { shapes } from "./ovs-shaping";
import { isSecure, requireNewOpenflow, requireNoController } from "./takes-flows";

/** What the ports of one bridge need, found once for all of them. */
export interface Needs {
    bridge: Seen;
    /** The QoS column for a port: one of ours by its name, or whatever stands there where none is wanted. */
    qosFor(want: Wanted, there: Seen | undefined): Uuid | "keep" | undefined;
    isMetered(want: Wanted): boolean;
}

/**
 * @throws HostError missing for the bridge or a QoS, refused for what a controller would have to hold, for security on a
 * bridge that forwards without flows and for what limits nothing, or the other way, conflict for a port whose QoS is somebody else's
 */
export function needsOf(
    host: Host,
    view: Replica,
    subject: string,
    bridgeName: string,
    wanted: readonly Wanted[],
): Needs {
    const bridge = view.byName("Bridge", bridgeName);
    if (!bridge)
        throw new HostError(
            "missing",
            subject,
            `there is no OVS bridge ${bridgeName} on ${host.where}`,
            "Declare it as kvmnet:ovs:Bridge and pass its name on, or correct the name.",
        );
    // Where policing limits nothing, a limit is a meter.
    const metered = (want: Wanted) => ignoresPolicing(bridge, want.type);
    if (wanted.some((want) => want.ingress && metered(want)))
        requireNoController(view, bridgeName, subject, "its ingress limit is a flow");
    for (const want of wanted) {
        refuseReversed(subject, bridge, want);
        if (want.ingress && isPolicedByKernel(bridge)) refuseWrapped(subject, want.name, want.ingress);
    }
    if (wanted.some((want) => want.portSecurity || (want.ingress && metered(want))))
        requireNewOpenflow(subject, bridgeName, valuesOf(bridge.protocols));
    if (wanted.some(({ portSecurity }) => portSecurity)) {
        requireNoController(view, bridgeName, subject, "portSecurity is made of flows");
        requireSecure(view, bridgeName, subject);
    }
    const qos = qosOf(host, view, subject, wanted);
    for (const want of wanted) if (want.qos !== undefined) refuseIdle(subject, want, qos.get(want.qos));
    return {
        bridge,
        isMetered: metered,
        qosFor(want, there) {
            if (want.qos !== undefined) {
                if (there) refuseForeign(view, subject, there);
                return qos.get(want.qos)?._uuid;
            }
            return there && isForeign(view, there) ? "keep" : undefined;
        },
    };
}

/** A restarted switch has no flows, and a standalone one then passes everything. */
function requireSecure(view: Replica, bridge: string, subject: string): void {
    if (isSecure(view, bridge)) return;
    throw new HostError(
        "refused",
        subject,
        `the bridge ${shownName(bridge)} forwards without flows, so it would pass everything once ovs-vswitchd was restarted, and portSecurity is made of flows`,
        "Set failMode secure on the bridge, declare Flows that let pass what is wanted (table=10,actions=NORMAL switches as before), and a FlowKeeper.",
    );
}

/**
 * A link that the switch makes is the host's own: what its queueing meets is what the host sends. What the switch sends there
 * the host hears at once (internal_dev_recv in net/openvswitch/vport-internal_dev.c, netdev_linux_tap_batch_send in
 * lib/netdev-linux.c), and there policing by the kernel meets it.
 */
function refuseReversed(subject: string, bridge: Seen, want: Wanted): void {
    const { name, type = "system", qos, ingress } = want;
    if (qos !== undefined && isMadeBySwitch({ type }))
        throw new HostError(
            "refused",
            subject,
            `the QoS ${qos} would shape at the port ${shownName(name)}, whose link of type ${type} the switch makes, what the host sends, and not what leaves the port`,
            "Leave out qos there; limit what others send to the host by ingress at their ports.",
        );
    if (ingress && type === "internal" && isPolicedByKernel(bridge))
        throw new HostError(
            "refused",
            subject,
            `the kernel would limit at the port ${shownName(name)} of type internal what the host receives, and not what it sends`,
            "Leave out ingress there, or have the bridge on the userspace datapath (datapathType netdev), where the limit is a meter.",
        );
}

/** Open vSwitch leaves out without a word what does not go with the device. */
function refuseIdle(subject: string, { name, type = "system", qos = "" }: Wanted, row: Seen | undefined): void {
    const kind = textOf(row?.type) ?? "";
    if (shapes(kind, type)) return;
    throw new HostError(
        "refused",
        subject,
        `the QoS ${qos} is of type ${kind}, which shapes nothing at the port ${name} of type ${type}`,
        kind === "egress-policer"
            ? "Name a QoS of type linux-htb or linux-hfsc; an egress-policer acts at DPDK's ports alone, such as dpdkvhostuserclient."
            : "Name a QoS of type egress-policer, the only one that acts at DPDK's ports.",
    );
}

/** The rows of all QoS that are named. */
function qosOf(host: Host, view: Replica, subject: string, wanted: readonly Wanted[]): ReadonlyMap<string, Seen> {
    const names = new Set(wanted.flatMap(({ qos }) => qos ?? []));
    if (names.size === 0) return new Map();
    const rows = new Map(view.all("QoS").map((row) => [keyOf(row.external_ids, QOS_NAME_KEY), row]));
    const missing = [...names].filter((name) => !rows.has(name));
    if (missing.length > 0)
        throw new HostError(
            "missing",
            subject,
            `there is no QoS ${missing.join(", ")} on ${host.where}`,
            "Declare it as kvmnet:ovs:Qos and pass its name on, or correct the name.",
        );
    return new Map([...names].map((name) => [name, rows.get(name) as Seen]));
}

const isForeign = (view: Replica, port: Seen): boolean =>
    uuidsOf(port.qos).length > 0 && qosName(view, port) === undefined;

function refuseForeign(view: Replica, subject: string, port: Seen): void {
    if (!isForeign(view, port)) return;
    const name = shownName(textOf(port.name) ?? "");
    throw new HostError(
        "conflict",
        subject,
        `the port ${name} has a QoS that is not ours: libvirt sets one for a guest's bandwidth`,
        `Remove bandwidth from the guest, or run \`ovs-vsctl clear Port ${name} qos\`; then run the same command again.`,
    );
}
