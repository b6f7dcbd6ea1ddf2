/** nmstate: the network state of a host as YAML or JSON (nmstate.io, YAML API), alone or in a policy of Kubernetes. */
import type { PlacedResource } from "../finding";
import { type ReadSource, type Source, Unreadable } from "../source";
import { countOf, isOn, listOf, own, textOf, yamlOf } from "./yaml";
import { leadsOutByName, uplinksAmong } from "./uplinks";

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
    const ends = new Map(
        interfaces.flatMap((one): [string | undefined, End][] => {
            const end = endOf(one);
            return end ? [[textOf(own(one, "name")), end]] : [];
        }),
    );
    return interfaces.flatMap((one, index) => {
        if (own(one, "state") === "absent") return [];
        return resourcesOf(one, ends).map(({ at = [], ...resource }) => ({
            ...resource,
            position: { file, ...yaml.placeOf(...path, index, ...at) },
        }));
    });
};

type Made = Omit<PlacedResource, "position"> & { at?: (string | number)[] };

/** Where an interface ends that is plugged into a bridge: outside, on the host itself, at a guest, or by a kind of Open vSwitch's own. */
type End = "out" | "internal" | "guest" | "patch" | "dpdk";

/** Of the kinds that nmstate knows; of others, and of what is only said to be there, the name tells. */
const ENDS: ReadonlyMap<string, End> = new Map([
    ...["ethernet", "bond", "team", "infiniband", "vlan", "mac-vlan", "macsec", "vxlan"].map(
        (type) => [type, "out"] as const,
    ),
    ["dummy", "internal"],
    ["veth", "internal"],
    ["tun", "guest"],
    ["mac-vtap", "guest"],
]);

function endOf(link: unknown): End | undefined {
    const type = textOf(own(link, "type")) ?? "";
    if (type !== "ovs-interface") return ENDS.get(type);
    // One of Open vSwitch's that is nothing else is an internal one.
    return own(link, "patch") !== undefined ? "patch" : own(link, "dpdk") !== undefined ? "dpdk" : "internal";
}

type Ends = ReadonlyMap<string | undefined, End>;

function resourcesOf(link: unknown, ends: Ends): Made[] {
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
                    local: textOf(own(link, "vxlan", "local")),
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
            return ovsBridgeOf(name, mtu, link, ends);
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

function ovsBridgeOf(name: string, mtuRequest: number | undefined, link: unknown, ends: Ends): Made[] {
    const options = own(link, "bridge", "options");
    // The port of the bridge's own name is the bridge's.
    const ports = portsOf(link).filter(
        ({ port }) => textOf(own(port, "name")) !== name || own(port, "vlan") !== undefined,
    );
    const membersOf = (port: unknown) =>
        listOf(own(port, "link-aggregation", "port")).flatMap((member) => textOf(own(member, "name")) ?? []);
    // A port of several links is a bond.
    const leadsOut = (port: unknown) => {
        const [portName, members] = [textOf(own(port, "name")) ?? "", membersOf(port)];
        if (members.length > 1) return true;
        const name = members[0] ?? portName;
        const end = ends.get(name);
        return end === undefined ? leadsOutByName(name) : end === "out";
    };
    const typeOf = (port: string) => {
        const end = ends.get(port);
        return end === undefined || end === "out" || end === "guest" ? "system" : end;
    };
    return [
        {
            type: "kvmnet:ovs:Bridge",
            name,
            props: {
                name,
                failMode: textOf(own(options, "fail-mode")),
                stp: isOn(own(options, "stp")) || isOn(own(options, "stp", "enabled")),
                rstp: isOn(own(options, "rstp")),
                uplinks: uplinksAmong(
                    ports.map(({ port }) => ({
                        name: textOf(own(port, "name")) ?? "",
                        leadsOut: leadsOut(port),
                        saysVlans: saysVlans(own(port, "vlan")),
                    })),
                ),
                mtuRequest,
            },
        },
        ...ports.map(({ port, at }): Made => {
            const portName = textOf(own(port, "name")) ?? "";
            const vlan = own(port, "vlan");
            const members = membersOf(port);
            return {
                type: "kvmnet:ovs:Port",
                name: portName,
                props: {
                    name: portName,
                    bridge: name,
                    type: typeOf(portName),
                    vlanMode: textOf(own(vlan, "mode")),
                    tag: ovsTagOf(vlan),
                    trunks: trunksOf(vlan),
                    ...(members.length > 1 ? { interfaces: members } : {}),
                },
                at,
            };
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

const saysVlans = (vlan: unknown) => ovsTagOf(vlan) !== undefined || trunksOf(vlan).length > 0;

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
