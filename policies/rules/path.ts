/** Rules across resources: what a frame meets on its way from a guest to the wire. */
import type { Resource } from "../inputs";
import { known } from "../known";
import { numberSaid } from "../nics/guest-nic";
import { stackRule } from "../stack-rule";
import type { StackPort } from "../stack";
import { tunedDomain } from "./examples";

const OVS = "https://docs.openvswitch.org/en/stable/ref/ovs-vswitchd.conf.db.5/";

const one = (type: string, props: Record<string, unknown>): Resource => ({ type, name: String(props.name), props });
const bridge = (props: Record<string, unknown>) => one("kvmnet:ovs:Bridge", { failMode: "standalone", ...props });
const port = (props: Record<string, unknown>) => one("kvmnet:ovs:Port", { bridge: "br0", type: "system", ...props });
const tap = (props: Record<string, unknown>) => one("kvmnet:host:Tap", { mtu: 1500, ...props });
const guest = (dev: string, nic: object = {}) =>
    tunedDomain({ model: { type: "virtio" }, source: { ethernet: {} }, target: { dev }, ...nic });

/** How messages name a port: a set holds many. */
const nameOf = ({ name }: StackPort) =>
    `port ${typeof name === "string" && /^[\w.@-]{1,15}$/.test(name) ? name : "with a name that is not known"}`;

/** VLAN mode as Open vSwitch takes it where nobody says. @throws NotKnown */
function modeOf({ vlanMode, tag }: StackPort): string {
    return known(vlanMode) ?? (known(tag) === undefined ? "trunk" : "access");
}

const trunkUnbounded = stackRule({
    id: "trunk-unbounded",
    title: "A port carries the VLANs that it says, and says them.",
    severity: "critical",
    level: { default: "mandatory" },
    why:
        "An Open vSwitch port with neither tag nor trunks carries every VLAN: 5 of 5 frames tagged 10 went from such a port to an access " +
        "port of VLAN 10. A native-untagged or native-tagged port with empty trunks leaks the same 5 of 5; with trunks [20] none.",
    sources: ["ovs-vswitchd.conf.db(5), Port: VLAN Configuration", "measured: frames counted at the access port"],
    url: `${OVS}#port-table`,
    tags: ["vlan", "security"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "without VLAN, or native with empty trunks, hears and says every VLAN; each other one hears its own alone",
    },
    parameters: {},
    judge(stack, each) {
        for (const one of stack.ports())
            each(one.resource, nameOf(one), () => {
                const mode = modeOf(one);
                if (mode === "access" || mode === "dot1q-tunnel" || known(one.trunks).length > 0) return undefined;
                const fault = {
                    found: `it is a ${mode} port and lists no VLANs, so it carries every one`,
                    set: 'Set tag for one VLAN, or trunks for those that it carries, such as ["10", "20-29"].',
                };
                // Behind an internal port is the host itself, which is in every VLAN anyway.
                const noGuest = known(one.type) === "internal" || stack.leadsOut(one);
                return noGuest ? { ...fault, remark: true } : fault;
            });
    },
    fix: "Give the port a tag, or the list of its VLANs.",
    examples: {
        good: [
            [
                bridge({ name: "br0", uplinks: ["eth0"] }),
                port({ name: "tap0", tag: 10 }),
                port({ name: "eth0", trunks: ["10", "20"] }),
            ],
        ],
        bad: [
            [bridge({ name: "br0" }), port({ name: "tap0" })],
            [port({ name: "tap0", vlanMode: "native-untagged", tag: 10 })],
            [one("kvmnet:ovs:PortSet", { name: "set", bridge: "br0", ports: { tap0: { tap: {} } } })],
        ],
    },
});

const pluggedTwice = stackRule({
    id: "port-plugged-twice",
    title: "A link is plugged into one bridge.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "A link belongs to one switch. Open vSwitch's database refuses a second port of its name, whatever the bridge, so an update stops half way; the kernel has a link in one bridge only.",
    sources: ["ovs-vswitchd.conf.db(5): names of ports and interfaces are unique", "tried: ovs-vsctl add-port"],
    url: `${OVS}#interface-table`,
    tags: ["topology"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "that is in a bridge already is refused to another bridge" },
    parameters: {},
    judge(stack, each) {
        const seen = new Map<string, string>();
        for (const one of [
            ...stack.ports().filter(({ type }) => type === "system" || type === undefined),
            ...stack.bridgePorts(),
        ])
            each(one.resource, "the plug", () => {
                const name = known(one.name);
                const where = known(one.bridge);
                if (name === undefined || where === undefined) return undefined;
                const before = seen.get(name);
                seen.set(name, where);
                if (before === undefined) return undefined;
                return {
                    found: `the link ${name} is plugged into ${before} and into ${where}`,
                    set: "Remove one of the two; a patch or a veth pair joins two bridges.",
                };
            });
    },
    fix: "Plug each link once.",
    examples: {
        good: [[port({ name: "tap0", tag: 1 }), port({ name: "tap1", tag: 1 })]],
        bad: [
            [port({ name: "tap0", tag: 1 }), port({ name: "tap0", bridge: "br1", tag: 1 })],
            [port({ name: "eth0", tag: 1 }), one("kvmnet:host:BridgePort", { name: "eth0", bridge: "br1" })],
        ],
    },
});

const mtuChain = stackRule({
    id: "mtu-chain",
    title: "No hop carries less than the guest may send.",
    severity: "high",
    level: { default: "mandatory" },
    why: "The MTU that a virtio NIC is told is also the most that its guest can set. Where tap or bridge carry less, longer frames are dropped without a word to the guest.",
    sources: ["Linux drivers/net/virtio_net.c virtnet_probe: max_mtu", "QEMU host_mtu"],
    url: "https://libvirt.org/formatdomain.html#mtu-configuration",
    tags: ["mtu"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "whose link has a smaller MTU loses the longer frames, which the others hear",
    },
    parameters: {},
    judge(stack, each) {
        const mtuOf = new Map<unknown, number | undefined>();
        for (const { name, mtu } of stack.links()) if (typeof mtu !== "object") mtuOf.set(name, mtu);
        for (const { name, tapMtu } of stack.ports()) if (typeof tapMtu === "number") mtuOf.set(name, tapMtu);
        const bridges = new Map<unknown, number>();
        for (const { name, mtu } of stack.bridges()) if (typeof mtu === "number") bridges.set(name, mtu);
        const bridgeOf = new Map(
            [...stack.ports(), ...stack.bridgePorts()].map(({ name, bridge }) => [name, bridge] as const),
        );
        for (const { resource, nic } of stack.nics())
            each(resource, `NIC number ${nic.index + 1}`, () => {
                const mtu = numberSaid(nic, "mtu");
                if (mtu === undefined) return undefined;
                const tapName = known(nic.tap);
                const tapMtu = mtuOf.get(tapName);
                if (tapMtu !== undefined && tapMtu < mtu)
                    return {
                        found: `its MTU is ${mtu}, and its tap ${tapName} carries ${tapMtu}`,
                        set: `Set the tap's mtu to ${mtu}, or the NIC's to ${tapMtu}.`,
                    };
                const plugged = bridgeOf.get(tapName);
                const most = bridges.get(plugged);
                if (most === undefined || most >= mtu) return undefined;
                return {
                    found: `its MTU is ${mtu}, and its bridge ${String(plugged)} carries ${most}`,
                    set: `Set the bridge's MTU to ${mtu}, or the NIC's to ${most}.`,
                };
            });
    },
    fix: "Raise the chain from the switch down, or lower the NIC.",
    examples: {
        good: [
            [tap({ name: "tap0", mtu: 9000 }), port({ name: "tap0", tag: 1 }), guest("tap0", { mtu: { size: 9000 } })],
            [tap({ name: "tap0" }), guest("tap0")],
        ],
        bad: [
            [tap({ name: "tap0" }), port({ name: "tap0", tag: 1 }), guest("tap0", { mtu: { size: 9000 } })],
            [
                tap({ name: "tap0", mtu: 9000 }),
                bridge({ name: "br0", mtuRequest: 1500 }),
                port({ name: "tap0", tag: 1 }),
                guest("tap0", { mtu: { size: 9000 } }),
            ],
        ],
    },
});

const uplinkTwoBridges = stackRule({
    id: "sec-uplink-two-bridges",
    title: "An uplink belongs to one bridge.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "Two bridges behind one uplink share what they were made to keep apart, and a loop between them floods the network.",
    sources: ["ovs-vswitchd.conf.db(5): an interface is in one port of one bridge"],
    url: `${OVS}#bridge-table`,
    tags: ["topology", "security"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "that is in a bridge already is refused to another bridge" },
    parameters: {},
    judge(stack, each) {
        const seen = new Map<unknown, string | undefined>();
        for (const { resource, uplinks, name } of stack.bridges())
            each(resource, "its uplinks", () => {
                for (const uplink of known(uplinks)) {
                    const before = seen.get(uplink);
                    if (before !== undefined && before !== known(name))
                        return {
                            found: `the uplink ${String(uplink)} is named by ${before} as well`,
                            set: "Give each bridge an uplink of its own, or join the bridges by a patch with the VLANs that both need.",
                        };
                    seen.set(uplink, known(name));
                }
                return undefined;
            });
    },
    fix: "Name each uplink on one bridge.",
    examples: {
        good: [[bridge({ name: "br0", uplinks: ["eth0"] }), bridge({ name: "br1", uplinks: ["eth1"] })]],
        bad: [[bridge({ name: "br0", uplinks: ["eth0"] }), bridge({ name: "br1", uplinks: ["eth0"] })]],
    },
});

const loopNoStp = stackRule({
    id: "sec-loop-no-stp",
    title: "Two uplinks of one bridge are a bond, or a spanning tree watches them.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "A switch with two ways to the same network sends each broadcast round and round, until nothing else gets through.",
    sources: ["IEEE 802.1D", "harvester/harvester#8067: a storm by two uplinks"],
    url: `${OVS}#bridge-table`,
    tags: ["topology", "security"],
    parameters: {},
    judge(stack, each) {
        for (const { resource, uplinks, stp, kind } of stack.bridges())
            each(resource, "its uplinks", () => {
                if (kind !== "ovs" || known(uplinks).length < 2 || known(stp)) return undefined;
                return {
                    found: `it has ${known(uplinks).length} uplinks and no spanning tree`,
                    set: "Make the uplinks one bond, or set rstp to true.",
                };
            });
    },
    fix: "Bond the uplinks, or switch RSTP on.",
    examples: {
        good: [
            [bridge({ name: "br0", uplinks: ["eth0"] })],
            [bridge({ name: "br0", uplinks: ["eth0", "eth1"], rstp: true })],
        ],
        bad: [[bridge({ name: "br0", uplinks: ["eth0", "eth1"] })]],
    },
});

const vlanNotCarried = stackRule({
    id: "vlan-not-carried",
    title: "A guest's VLAN is carried by an uplink of its bridge.",
    severity: "medium",
    level: { default: "advisory" },
    why: "A VLAN that no uplink carries ends at its bridge: the guest reaches its neighbours there and nobody else. Where that is meant, say so by an exemption.",
    sources: ["ovs-vswitchd.conf.db(5), Port: trunks"],
    url: `${OVS}#port-table`,
    tags: ["vlan", "topology"],
    parameters: {},
    judge(stack, each) {
        for (const one of stack.ports())
            each(one.resource, nameOf(one), () => {
                const tag = known(one.tag);
                const where = known(one.bridge);
                if (tag === undefined || stack.leadsOut(one)) return undefined;
                const uplinks = stack.uplinkPorts().get(where) ?? [];
                if (uplinks.length === 0 || uplinks.some((uplink) => carries(uplink, tag))) return undefined;
                return {
                    found: `its VLAN ${tag} is on no uplink of ${String(where)}`,
                    set: `Add "${tag}" to the trunks of an uplink.`,
                };
            });
    },
    fix: "Add the VLAN to the trunks of an uplink.",
    examples: {
        good: [
            [
                bridge({ name: "br0", uplinks: ["eth0"] }),
                port({ name: "eth0", trunks: ["10-19"] }),
                port({ name: "tap0", tag: 10 }),
            ],
            [bridge({ name: "br0" }), port({ name: "tap0", tag: 10 })],
        ],
        bad: [
            [
                bridge({ name: "br0", uplinks: ["eth0"] }),
                port({ name: "eth0", trunks: ["20"] }),
                port({ name: "tap0", tag: 10 }),
            ],
        ],
    },
});

/** @throws NotKnown */
function carries(one: StackPort, vlan: number): boolean {
    if (modeOf(one) === "access") return known(one.tag) === vlan;
    const trunks = known(one.trunks);
    return (
        known(one.tag) === vlan ||
        trunks.length === 0 ||
        trunks.some((entry) => {
            const [from = 0, to = from] = String(entry).split("-").map(Number);
            return vlan >= from && vlan <= to;
        })
    );
}

const nativeVlanShared = stackRule({
    id: "sec-native-vlan-shared",
    title: "The native VLAN of an uplink is no guest's.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "Frames of the native VLAN leave untagged. A guest in it can send a second tag inside, which the next switch takes for its own (double tagging).",
    sources: ["IEEE 802.1Q; NIST SP 800-125B, 4.3"],
    url: `${OVS}#port-table`,
    tags: ["vlan", "security"],
    parameters: {},
    judge(stack, each) {
        for (const uplink of stack.ports())
            each(uplink.resource, nameOf(uplink), () => {
                const where = known(uplink.bridge);
                const native = known(uplink.tag);
                if (native === undefined || modeOf(uplink) === "access") return undefined;
                if (!stack.isUplink(where, known(uplink.name))) return undefined;
                if (native === 1)
                    return {
                        found: "its native VLAN is 1, which switches carry untagged everywhere unless told otherwise",
                        set: "Use a native VLAN that no guest has, or tag every VLAN.",
                    };
                const shared = stack
                    .ports()
                    .find(
                        (other) =>
                            other !== uplink &&
                            known(other.bridge) === where &&
                            modeOf(other) === "access" &&
                            known(other.tag) === native,
                    );
                return (
                    shared && {
                        found: `its native VLAN ${native} is that of ${nameOf(shared)}`,
                        set: "Use a native VLAN that no guest has, or tag every VLAN.",
                    }
                );
            });
    },
    fix: "Give uplinks a native VLAN of their own, or none.",
    examples: {
        good: [
            [
                bridge({ name: "br0", uplinks: ["eth0"] }),
                port({ name: "eth0", vlanMode: "native-untagged", tag: 999, trunks: ["10"] }),
                port({ name: "tap0", tag: 10 }),
            ],
        ],
        bad: [
            [
                bridge({ name: "br0", uplinks: ["eth0"] }),
                port({ name: "eth0", vlanMode: "native-untagged", tag: 10, trunks: ["10"] }),
                port({ name: "tap0", tag: 10 }),
            ],
            [
                bridge({ name: "br0", uplinks: ["eth0"] }),
                port({ name: "eth0", vlanMode: "native-untagged", tag: 1, trunks: ["10"] }),
            ],
        ],
    },
});

const macDuplicate = stackRule({
    id: "nic-mac-duplicate",
    title: "Every NIC has a MAC address of its own.",
    severity: "high",
    level: { default: "mandatory" },
    why: "Two NICs with one address in one network take each other's frames, as the switch learns it now here, now there.",
    sources: ["IEEE 802.1D, 7.8: the learning process"],
    url: "https://libvirt.org/formatdomain.html#network-interfaces",
    tags: ["nic", "mac"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "with the MAC address of another takes its frames" },
    parameters: {},
    judge(stack, each) {
        const seen = new Map<string, Resource>();
        for (const { resource, nic } of stack.nics())
            each(resource, `NIC number ${nic.index + 1}`, () => {
                const mac = known(nic.mac);
                // Of a failover pair both have one address on purpose: the guest takes them for one NIC.
                if (mac === undefined || known(nic.said("teaming")) !== undefined) return undefined;
                const before = seen.get(mac);
                seen.set(mac, resource);
                // Two files of one name are one guest, then and now.
                if (before === undefined || (before !== resource && before.name === resource.name)) return undefined;
                return {
                    found: `its MAC address is that of a NIC of ${before.name}`,
                    set: "Set another address, or leave it to kvmnet, which derives one.",
                };
            });
    },
    fix: "Give each NIC an address of its own.",
    examples: {
        good: [
            [
                tunedDomain({ mac: { address: "52:54:00:00:00:01" } }),
                tunedDomain({ mac: { address: "52:54:00:00:00:02" } }),
            ],
        ],
        bad: [
            [
                tunedDomain({ mac: { address: "52:54:00:00:00:01" } }),
                { ...tunedDomain({ mac: { address: "52:54:00:00:00:01" } }), name: "db" },
            ],
        ],
    },
});

export const pathRules = [
    trunkUnbounded,
    pluggedTwice,
    mtuChain,
    uplinkTwoBridges,
    loopNoStp,
    vlanNotCarried,
    nativeVlanShared,
    macDuplicate,
];
