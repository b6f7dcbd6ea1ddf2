/** What a host has, as the resources that would declare it: read by the provider's own readers, as `pulumi import` does. */
import type { Host } from "../../provider/host";
import { readHardware } from "../../provider/host/hardware";
import type { Link } from "../../provider/host/links";
import type { Replica, Seen } from "../../provider/host/ovsdb/replica";
import type { Resource } from "../../policies/inputs";
import { type Interrupt, interruptsOf, irqbalanceOf } from "./interrupts";
import { factsOf, qdiscsOf } from "./link-facts";
import { RESOURCES } from "../../provider/resources";

/** How old what was read may be [ms]: one audit reads everything once. */
const ONCE_MS = 60_000;

/** An object of the host: the resource that declares such things, and the id by which it finds this one. */
interface Known {
    type: string;
    id: string;
    /** What no row and no link says. */
    more?: Record<string, unknown>;
}

/** Kinds of links that have a resource of their own; whatever is none of them is a `Link`. */
const KINDS: Readonly<Record<string, string>> = {
    bridge: "kvmnet:host:Bridge",
    bond: "kvmnet:host:Bond",
    vlan: "kvmnet:host:Vlan",
    vxlan: "kvmnet:host:Vxlan",
    macvtap: "kvmnet:host:Macvtap",
    veth: "kvmnet:host:Veth",
    dummy: "kvmnet:host:Dummy",
    ifb: "kvmnet:host:Ifb",
};

/** Links and bridges of the kernel. @throws HostError */
export async function linkResources(host: Host): Promise<Resource[]> {
    const once = host.at({ maxAgeMs: ONCE_MS });
    const [links, qdiscs] = await Promise.all([once.links(), once.read(["tc", "-json", "qdisc", "show"], qdiscsOf)]);
    const hardware = await readHardware(host.files, [...links.keys()]);
    const [interrupts, irqbalance] = await Promise.all([interruptsOf(host.place, hardware), irqbalanceOf(host.place)]);
    const declared = await found(host, [
        // Of all settings this one alone is held against links that are there.
        { type: "kvmnet:host:Sysctl", id: "net.core.default_qdisc" },
        ...[...links.values()].flatMap((link): Known[] => [
            ...declaring(link).map((one) => ({
                ...one,
                more: { ...factsOf(link, hardware.get(link.name), qdiscs), ...told(interrupts.get(link.name)) },
            })),
            ...(link.master !== undefined && links.get(link.master)?.kind === "bridge"
                ? [{ type: "kvmnet:host:BridgePort", id: link.name }]
                : []),
        ]),
    ]);
    return [...declared, irqbalance];
}

const told = (interrupts: Interrupt[] | undefined) => (interrupts ? { interrupts } : {});

function declaring({ name, kind, tap }: Link): Known[] {
    if (name === "lo") return [];
    if (tap) return [{ type: "kvmnet:host:Tap", id: name }];
    const type = kind === undefined ? "kvmnet:host:Link" : KINDS[kind];
    return type === undefined ? [] : [{ type, id: name }];
}

/** Bridges, ports and connections of Open vSwitch. @throws HostError where its database does not answer */
export async function switchResources(host: Host): Promise<Resource[]> {
    const once = host.at({ maxAgeMs: ONCE_MS });
    const [view, links] = await Promise.all([once.switch(), once.links()]);
    const hardware = await readHardware(host.files, [...links.keys()]);
    const leadsOut = (port: Seen) => {
        const link = links.get(String(port.name));
        return hardware.get(String(port.name))?.physical === true || ["bond", "vlan"].includes(link?.kind ?? "");
    };
    const root = view.root();
    return found(host, [
        ...view.referred("Bridge", root?.bridges).flatMap((bridge) => ofBridge(view, bridge, leadsOut)),
        ...view.all("QoS").map(({ _uuid }) => ({ type: "kvmnet:ovs:Qos", id: _uuid[1] })),
        ...view
            .referred("Manager", root?.manager_options)
            .map(({ target }) => ({ type: "kvmnet:ovs:Manager", id: String(target) })),
        ...view.referred("SSL", root?.ssl).map(() => ({ type: "kvmnet:ovs:Tls", id: "SSL" })),
    ]);
}

/** @param leadsOut whether a port is a way to the wire: a NIC, a bond of NICs, a VLAN of one */
function ofBridge(view: Replica, bridge: Seen, leadsOut: (port: Seen) => boolean): Known[] {
    const name = String(bridge.name);
    // A bridge's own port is the host's door to it, and none of its guests'.
    const ports = view.referred("Port", bridge.ports).filter((port) => port.name !== bridge.name);
    const uplinks = ports.filter(leadsOut).map((port) => String(port.name));
    return [
        { type: "kvmnet:ovs:Bridge", id: name, ...(uplinks.length > 0 ? { more: { uplinks } } : {}) },
        ...ports.map((port) => ({ type: "kvmnet:ovs:Port", id: String(port.name) })),
        ...view
            .referred("Mirror", bridge.mirrors)
            .map((mirror) => ({ type: "kvmnet:ovs:Mirror", id: `${name}/${String(mirror.name)}` })),
        ...view
            .referred("Controller", bridge.controller)
            .map(({ target }) => ({ type: "kvmnet:ovs:Controller", id: `${name}/${String(target)}` })),
    ];
}

async function found(host: Host, known: Known[]): Promise<Resource[]> {
    const once = host.at({ maxAgeMs: ONCE_MS });
    const resources = await Promise.all(
        known.map(async ({ type, id, more }): Promise<Resource[]> => {
            // Gone since it was listed, or there and not what it seemed: nothing to judge.
            const here = await RESOURCES.get(type)?.find(once, id, { mark: "" });
            return here ? [{ type, name: id, props: { ...here.state, ...more } }] : [];
        }),
    );
    return resources.flat();
}
