/** nmstate: the network state of a host as YAML or JSON (nmstate.io, YAML API), alone or in a policy of Kubernetes. */
import type { PlacedResource } from "../finding";
import { type ReadSource, type Source, Unreadable } from "../source";
import { countOf, isOn, listOf, own, textOf, yamlOf } from "./yaml";

/** Where the list stands: in a state itself, or in a NodeNetworkConfigurationPolicy. */
const PLACES = [["interfaces"], ["desiredState", "interfaces"], ["spec", "desiredState", "interfaces"]];

const listPath = (state: unknown) => PLACES.find((one) => Array.isArray(own(state, ...one)));

/** Where the interface of a name stands; undefined where none is called so. @throws Unreadable */
export function pathOfInterface(source: Source, name: string): (string | number)[] | undefined {
    const { value } = yamlOf(source);
    const path = listPath(value);
    const index = path ? listOf(own(value, ...path)).findIndex((one) => textOf(own(one, "name")) === name) : -1;
    return path && index >= 0 ? [...path, index] : undefined;
}

export const readNmstate: ReadSource = (source) => {
    const { file } = source;
    const yaml = yamlOf(source);
    const path = listPath(yaml.value);
    if (!path) throw new Unreadable(`${file} is no state of nmstate: it has no list \`interfaces\`.`);
    const interfaces = listOf(own(yaml.value, ...path));
    const physical = new Set(
        interfaces
            .filter((one) => /^(ethernet|bond)$/.test(textOf(own(one, "type")) ?? ""))
            .map((one) => textOf(own(one, "name"))),
    );
    const types = new Map(
        interfaces.flatMap((one): [string | undefined, string][] =>
            own(one, "type") === "ovs-interface" ? [[textOf(own(one, "name")), ovsTypeOf(one)]] : [],
        ),
    );
    return interfaces.flatMap((one, index) => {
        if (own(one, "state") === "absent") return [];
        return resourcesOf(one, { physical, types }).map(({ at = [], ...resource }) => ({
            ...resource,
            position: { file, ...yaml.placeOf(...path, index, ...at) },
        }));
    });
};

type Made = Omit<PlacedResource, "position"> & { at?: (string | number)[] };

/** What is known of the other interfaces, by their names. */
interface Others {
    /** NICs and bonds. */
    physical: ReadonlySet<string | undefined>;
    /** Open vSwitch's own, with their type. */
    types: ReadonlyMap<string | undefined, string>;
}

/** An interface of Open vSwitch that is nothing else is an internal one. */
const ovsTypeOf = (link: unknown) =>
    own(link, "patch") !== undefined ? "patch" : own(link, "dpdk") !== undefined ? "dpdk" : "internal";

function resourcesOf(link: unknown, others: Others): Made[] {
    const name = textOf(own(link, "name")) ?? "";
    const mtu = countOf(own(link, "mtu"));
    const host = (type: string, props: object): Made => ({
        type: `kvmnet:host:${type}`,
        name,
        props: { name, mtu, ...props },
    });
    switch (own(link, "type")) {
        case "ethernet":
            return [host("Link", functionsOf(link)), ...addressesOf(name, link)];
        case "dummy":
            return [host("Dummy", {}), ...addressesOf(name, link)];
        case "bond":
            return [host("Bond", bondOf(link)), ...addressesOf(name, link)];
        case "vlan":
            return [
                host("Vlan", { link: textOf(own(link, "vlan", "base-iface")), vlanId: own(link, "vlan", "id") }),
                ...addressesOf(name, link),
            ];
        case "vxlan":
            return [
                host("Vxlan", {
                    link: textOf(own(link, "vxlan", "base-iface")),
                    vni: own(link, "vxlan", "id"),
                    remote: textOf(own(link, "vxlan", "remote")),
                }),
                ...addressesOf(name, link),
            ];
        case "linux-bridge":
            return [
                host("Bridge", { stp: own(link, "bridge", "options", "stp", "enabled") !== false }),
                ...portsOf(link).map(({ port, at }) => ({
                    type: "kvmnet:host:BridgePort",
                    name: textOf(own(port, "name")) ?? "",
                    props: { name: textOf(own(port, "name")), bridge: name, vlans: bridgeVlansOf(own(port, "vlan")) },
                    at,
                })),
                ...addressesOf(name, link),
            ];
        case "ovs-bridge":
            return ovsBridgeOf(name, mtu, link, others);
        default:
            return addressesOf(name, link);
    }
}

/** Virtual functions of a NIC, in the words of a `Link` as an audit tells it. */
function functionsOf(link: unknown): object {
    const functions = own(link, "ethernet", "sr-iov", "vfs");
    if (functions === undefined) return {};
    return {
        virtualFunctions: listOf(functions).map((one) => ({
            index: countOf(own(one, "id")),
            trust: own(one, "trust"),
            spoofCheck: own(one, "spoof-check"),
        })),
    };
}

const portsOf = (link: unknown) =>
    listOf(own(link, "bridge", "port")).map((port, index) => ({ port, at: ["bridge", "port", index] }));

function bondOf(link: unknown): object {
    const aggregation = own(link, "link-aggregation");
    const options = own(aggregation, "options");
    return {
        mode: textOf(own(aggregation, "mode")),
        members: listOf(own(aggregation, "port") ?? own(aggregation, "slaves")),
        miimon: countOf(own(options, "miimon")),
        arpInterval: countOf(own(options, "arp_interval")) || undefined,
        xmitHashPolicy: textOf(own(options, "xmit_hash_policy")),
        lacpRate: textOf(own(options, "lacp_rate")),
    };
}

function ovsBridgeOf(name: string, mtuRequest: number | undefined, link: unknown, { physical, types }: Others): Made[] {
    const options = own(link, "bridge", "options");
    const ports = portsOf(link);
    const membersOf = (port: unknown) =>
        listOf(own(port, "link-aggregation", "port")).flatMap((member) => textOf(own(member, "name")) ?? []);
    const isUplink = (port: unknown) =>
        membersOf(port).some((member) => physical.has(member)) || physical.has(textOf(own(port, "name")));
    return [
        {
            type: "kvmnet:ovs:Bridge",
            name,
            props: {
                name,
                failMode: textOf(own(options, "fail-mode")),
                stp: isOn(own(options, "stp")) || isOn(own(options, "stp", "enabled")),
                rstp: isOn(own(options, "rstp")),
                uplinks: ports.flatMap(({ port }) => (isUplink(port) ? (textOf(own(port, "name")) ?? []) : [])),
                mtuRequest,
            },
        },
        ...ports.flatMap(({ port, at }): Made[] => {
            const portName = textOf(own(port, "name")) ?? "";
            const vlan = own(port, "vlan");
            // The port of the bridge's own name is the bridge's.
            if (portName === name && vlan === undefined) return [];
            const members = membersOf(port);
            return [
                {
                    type: "kvmnet:ovs:Port",
                    name: portName,
                    props: {
                        name: portName,
                        bridge: name,
                        type: types.get(portName) ?? "system",
                        vlanMode: textOf(own(vlan, "mode")),
                        tag: ovsTagOf(vlan),
                        trunks: trunksOf(vlan),
                        ...(members.length > 1 ? { interfaces: members } : {}),
                    },
                    at,
                },
            ];
        }),
    ];
}

/**
 * A tag of 0 is none: nmstate shows it for a port that has a mode alone (rust/src/lib/ovsdb/show.rs), and NetworkManager
 * sets none for it. An access port without a tag is one of VLAN 0.
 */
function ovsTagOf(vlan: unknown): unknown {
    const tag = own(vlan, "tag");
    return countOf(tag) === 0 && own(vlan, "mode") !== "access" ? undefined : tag;
}

/** `trunk-tags: [{id: 10}, {id-range: {min: 20, max: 29}}]` as `["10", "20-29"]`. */
const trunksOf = (vlan: unknown): string[] =>
    listOf(own(vlan, "trunk-tags")).flatMap((entry) => {
        const id = textOf(own(entry, "id"));
        if (id !== undefined) return [id];
        const [least, most] = [own(entry, "id-range", "min"), own(entry, "id-range", "max")].map(textOf);
        return least === undefined || most === undefined ? [] : [`${least}-${most}`];
    });

function bridgeVlansOf(vlan: unknown): object | undefined {
    if (vlan === undefined) return undefined;
    const tag = own(vlan, "tag");
    if (own(vlan, "mode") === "access") return { pvid: tag, untagged: tag === undefined ? [] : [textOf(tag)] };
    return { pvid: isOn(own(vlan, "enable-native")) ? tag : undefined, tagged: trunksOf(vlan) };
}

function addressesOf(name: string, link: unknown): Made[] {
    return ["ipv4", "ipv6"].flatMap((family) =>
        listOf(own(link, family, "address")).flatMap((entry, index) => {
            const [ip, prefix] = [own(entry, "ip"), own(entry, "prefix-length")].map(textOf);
            if (ip === undefined || prefix === undefined) return [];
            const address = `${ip}/${prefix}`;
            return [
                {
                    type: "kvmnet:host:Address",
                    name: `${name} ${address}`,
                    props: { link: name, address },
                    at: [family, "address", index],
                },
            ];
        }),
    );
}
