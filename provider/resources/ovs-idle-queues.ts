/**
 * Queues into which nothing comes. A flow's `set_queue` becomes the priority of the packet (xlate_set_queue_action in
 * ofproto/ofproto-dpif-xlate.c of Open vSwitch), by which the kernel finds a class of its queueing; what the userspace
 * datapath gives a link of the kernel's has none, so that all of it leaves by queue 0 (lib/netdev-linux.c).
 */
import type { OvsQos } from "../../schemas/ovs-qos";
import type { Host } from "../host";
import { keyOf, textOf, uuidsOf } from "../host/ovsdb/columns";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { QOS_NAME_KEY } from "./ovs-port-rows";
import { queuesOf } from "./ovs-qos-rows";

/** A port as far as this goes. */
interface Shaped {
    name: string;
    type?: string;
    qos?: string;
}

/** What to warn of where ports of a bridge name a QoS. */
export async function idleQueuesAt(host: Host, bridge: string, ports: readonly Shaped[]): Promise<string[]> {
    const shaped = ports.filter(({ qos, type = "" }) => qos !== undefined && !isDpdks(type));
    if (shaped.length === 0) return [];
    const view = await host.switch();
    if (!isUserspace(view.byName("Bridge", bridge))) return [];
    return [...new Set(shaped.flatMap(({ qos }) => qos ?? []))].flatMap((name) => {
        const numbers = view
            .all("QoS")
            .filter(isNamed(name))
            .flatMap((row) => [...queuesOf(view, row).keys()]);
        return said(
            name,
            numbers,
            shaped.filter(({ qos }) => qos === name).map((port) => port.name),
        );
    });
}

/** What to warn of where a QoS gets queues and ports name it already. */
export async function idleQueuesOf(host: Host, { name, queues }: OvsQos): Promise<string[]> {
    const numbers = others(Object.keys(queues ?? {}));
    if (numbers.length === 0) return [];
    const view = await host.switch();
    const rows = new Set(
        view
            .all("QoS")
            .filter(isNamed(name))
            .map(({ _uuid }) => _uuid[1]),
    );
    const ports = view
        .all("Port")
        .filter((port) => rows.has(uuidsOf(port.qos)[0] ?? "") && isUserspace(view.holderOf(port)))
        .filter((port) => !isDpdksPort(view, port));
    return said(
        name,
        numbers,
        ports.map((port) => String(port.name)),
    );
}

/** Queues beside the one that takes what no flow puts elsewhere. */
export const others = (numbers: readonly string[]): string[] => numbers.filter((number) => number !== "0");

function said(qos: string, queues: readonly string[], ports: readonly string[]): string[] {
    const numbers = others(queues);
    if (numbers.length === 0 || ports.length === 0) return [];
    const [are, at] = [numbers.length > 1 ? "queues" : "queue", ports.length > 1 ? "ports" : "port"];
    return [
        `The QoS ${qos} has the ${are} ${numbers.slice(0, 10).join(", ")}, into which nothing comes at the ${at} ${ports.slice(0, 10).join(", ")}: ` +
            "on the userspace datapath all that leaves by a link of the kernel takes queue 0, whatever queue a flow says. " +
            "Shape it by maxRate and queue 0, or have the bridge on the kernel's datapath (datapathType system).",
    ];
}

const isNamed = (name: string) => (row: Seen) => keyOf(row.external_ids, QOS_NAME_KEY) === name;
const isUserspace = (bridge: Seen | undefined): boolean => textOf(bridge?.datapath_type) === "netdev";
const isDpdks = (type: string): boolean => type.startsWith("dpdk");
const isDpdksPort = (view: Replica, port: Seen): boolean =>
    view.referred("Interface", port.interfaces).some(({ type }) => isDpdks(textOf(type) ?? ""));
