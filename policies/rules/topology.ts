/** Rules across resources for the shape of a host's network: modes of ports, tunnels, ways out, loops. */
import { known } from "../known";
import { at, countAt, textAt } from "../inputs";
import { stackRule } from "../stack-rule";
import type { StackPort } from "../stack";
import { made, tunedDomain } from "./examples";
import { loopEdge } from "./loops";

const OVS = "https://docs.openvswitch.org/en/stable/ref/ovs-vswitchd.conf.db.5/";

const bridge = (props: Record<string, unknown>) => made("ovs:Bridge", props);
const port = (props: Record<string, unknown>) => made("ovs:Port", { bridge: "br0", type: "system", ...props });
const tap = (props: Record<string, unknown>) => made("host:Tap", { mtu: 1500, ...props });
const patch = (name: string, on: string, peer: string, more: object = {}) =>
    made("ovs:Port", { name, bridge: on, type: "patch", options: { peer }, ...more });

/** How messages name a port: a set holds many. */
const nameOf = ({ name }: StackPort) =>
    `port ${typeof name === "string" && /^[\w.@-]{1,15}$/.test(name) ? name : "with a name that is not known"}`;

const vlanModeShape = stackRule({
    id: "vlan-mode-shape",
    title: "A port has the VLAN fields of its mode.",
    severity: "high",
    level: { default: "mandatory" },
    why: "An access port has a tag and no trunks, a trunk has no tag, a native or dot1q-tunnel port has one. Open vSwitch takes any mixture in silence and lets the mode decide what counts: the other field does nothing of what it says.",
    sources: ["ovs-vswitchd.conf.db(5), Port: VLAN Configuration"],
    url: `${OVS}#port-table`,
    tags: ["vlan"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "of an access VLAN makes nothing of trunks that are set beside it",
    },
    parameters: {},
    judge(stack, each) {
        for (const one of stack.ports())
            each(one.resource, nameOf(one), () => {
                const [mode, tag, trunks] = [known(one.vlanMode), known(one.tag), known(one.trunks).length];
                if (tag !== undefined && trunks > 0 && (mode === undefined || mode === "access"))
                    return {
                        found: `it is an access port with tag ${tag}, and lists trunks, which nothing reads`,
                        set: "Remove trunks, or set vlanMode to native-untagged or native-tagged.",
                    };
                if (mode === "trunk" && tag !== undefined)
                    return {
                        found: `it is a trunk, and has tag ${tag}, which nothing reads`,
                        set: "Remove tag, or set vlanMode to native-untagged or native-tagged.",
                    };
                if (mode !== undefined && mode !== "trunk" && tag === undefined)
                    return { found: `its vlanMode is ${mode}, and it has no tag`, set: "Set tag to its VLAN." };
                return undefined;
            });
    },
    fix: "Give the port the fields of its mode, and no others.",
    examples: {
        good: [
            [
                port({ name: "tap0", tag: 10 }),
                port({ name: "eth0", vlanMode: "native-untagged", tag: 99, trunks: ["10"] }),
                bridge({ name: "br0", uplinks: ["eth0"] }),
            ],
        ],
        bad: [
            [port({ name: "tap0", tag: 10, trunks: ["20"] })],
            [
                port({ name: "eth0", vlanMode: "trunk", tag: 10, trunks: ["20"] }),
                bridge({ name: "br0", uplinks: ["eth0"] }),
            ],
            [port({ name: "tap0", vlanMode: "access" })],
        ],
    },
});

const qinqLimit = stackRule({
    id: "qinq-limit",
    title: "A tunnel of VLANs in a VLAN says which, and the switch looks at both tags.",
    severity: "medium",
    level: { default: "advisory", security: "mandatory" },
    why: "Open vSwitch matches one VLAN tag unless vlanLimit is 2 (or 0, as many as the datapath can): with the default of 1 the inner tag is not looked at. A dot1q-tunnel port without cvlans takes every inner VLAN.",
    sources: ["ovs-vswitchd.conf.db(5), Open_vSwitch: other_config:vlan-limit; Port: cvlans"],
    url: `${OVS}#port-table`,
    tags: ["vlan", "qinq", "security"],
    parameters: {},
    judge(stack, each) {
        for (const one of stack.ports())
            each(one.resource, nameOf(one), () => {
                if (known(one.vlanMode) !== "dot1q-tunnel") return undefined;
                if (known(one.cvlans).length === 0)
                    return {
                        found: "it is a dot1q-tunnel port and takes every inner VLAN",
                        set: 'Set cvlans to those that its customer has, such as ["10-19"].',
                    };
                const limits = stack
                    .of("kvmnet:ovs:Settings")
                    .map(({ props }) => known(countAt(1, props, "vlanLimit")));
                if (limits.some((limit) => limit !== 1)) return undefined;
                return {
                    found: "it is a dot1q-tunnel port, and the switch looks at one VLAN tag",
                    set: "Set vlanLimit of ovs.Settings to 2.",
                };
            });
    },
    fix: "List cvlans, and set vlanLimit to 2.",
    examples: {
        good: [
            [
                port({ name: "q0", vlanMode: "dot1q-tunnel", tag: 100, cvlans: ["10"] }),
                made("ovs:Settings", { vlanLimit: 2 }),
            ],
            [port({ name: "tap0", tag: 10 })],
        ],
        bad: [
            [port({ name: "q0", vlanMode: "dot1q-tunnel", tag: 100, cvlans: ["10"] })],
            [
                port({ name: "q0", vlanMode: "dot1q-tunnel", tag: 100, cvlans: ["10"] }),
                made("ovs:Settings", { vlanLimit: 1 }),
            ],
            [port({ name: "q0", vlanMode: "dot1q-tunnel", tag: 100 }), made("ovs:Settings", { vlanLimit: 0 })],
        ],
    },
});

const mtuMixedBridge = stackRule({
    id: "mtu-mixed-bridge",
    title: "The ports of one bridge carry the same MTU.",
    severity: "medium",
    level: { default: "advisory" },
    why: "A bridge sends no message that a frame is too long: what a port with a higher MTU sends to one with a lower is dropped. An Open vSwitch bridge's own port takes the smallest MTU of its ports, unless mtuRequest says another.",
    sources: ["ovs-vswitchd.conf.db(5), Interface: mtu_request", "harvester/harvester#4353: bond 9000, bridge 1500"],
    url: `${OVS}#interface-table`,
    tags: ["mtu"],
    parameters: {},
    judge(stack, each) {
        const least = new Map<string, { name: string; mtu: number }>();
        for (const [name, on] of stack.plugged()) {
            const mtu = stack.mtus().get(name);
            if (mtu !== undefined && mtu < (least.get(on)?.mtu ?? Infinity)) least.set(on, { name, mtu });
        }
        for (const { resource, name } of stack.links())
            each(resource, "its MTU", () => {
                const own = known(name) ?? "";
                const [mtu, on] = [stack.mtus().get(own), stack.plugged().get(own)];
                const lower = on === undefined ? undefined : least.get(on);
                if (mtu === undefined || lower === undefined || mtu <= lower.mtu) return undefined;
                return {
                    found: `it carries ${mtu} bytes, and ${lower.name} on the same bridge ${on} carries ${lower.mtu}`,
                    set: `Set the mtu of both to ${mtu}, or to ${lower.mtu}.`,
                };
            });
    },
    fix: "Give all ports of a bridge one MTU.",
    examples: {
        good: [
            [
                tap({ name: "tap0" }),
                tap({ name: "tap1" }),
                port({ name: "tap0", tag: 1 }),
                port({ name: "tap1", tag: 1 }),
            ],
            [tap({ name: "tap0", mtu: 9000 }), tap({ name: "tap1" }), port({ name: "tap0", tag: 1 })],
        ],
        bad: [
            [
                tap({ name: "tap0", mtu: 9000 }),
                tap({ name: "tap1" }),
                port({ name: "tap0", tag: 1 }),
                port({ name: "tap1", tag: 1 }),
            ],
        ],
    },
});

/** Bytes that a tunnel adds to a packet: outer IP and UDP header, VXLAN or Geneve header, inner Ethernet header. */
const overhead = (v6: boolean) => (v6 ? 70 : 50);

const mtuOverlay = stackRule({
    id: "mtu-overlay",
    title: "What travels in a tunnel leaves room for the tunnel.",
    severity: "high",
    level: { default: "mandatory" },
    why: "VXLAN and Geneve add 50 bytes over IPv4 and 70 over IPv6. A guest that may send as much as the network below carries has its longest packets dropped there, as their outer header forbids fragments.",
    sources: ["RFC 7348, 4.3: a VTEP must not fragment", "harvester/docs#847"],
    url: `${OVS}#interface-table`,
    tags: ["mtu", "tunnel"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "of a tunnel loses the longest frames of a guest that has the MTU of the network below",
    },
    parameters: {
        underlay: {
            describe: "MTU of the network that tunnels go through [byte]; 0 where it is not the same everywhere.",
            value: { default: 0 },
            minimum: 0,
            maximum: 65521,
        },
    },
    judge(stack, each, { underlay }) {
        for (const resource of stack.of("kvmnet:host:Vxlan"))
            each(resource, "its MTU", () => {
                const { props } = resource;
                const [mtu, link] = [known(countAt(undefined, props, "mtu")), known(textAt(props, "link"))];
                const below = (link === undefined ? undefined : stack.mtus().get(link)) ?? (underlay || undefined);
                if (mtu === undefined || below === undefined) return undefined;
                const most = below - overhead((known(textAt(props, "remote")) ?? "").includes(":"));
                if (mtu <= most) return undefined;
                return {
                    found: `it carries ${mtu} bytes over a link of ${below}`,
                    set: `Set its mtu to ${most}, or that of the link below to ${mtu + below - most}.`,
                };
            });
        const tunnels = new Map<string, StackPort>();
        for (const one of stack.ports())
            if (["vxlan", "geneve"].includes(String(one.type)) && typeof one.bridge === "string")
                tunnels.set(one.bridge, one);
        if (tunnels.size === 0) return;
        for (const { resource, name } of stack.links())
            each(resource, "its MTU", () => {
                const mtu = stack.mtus().get(known(name) ?? "");
                const tunnel = tunnels.get(stack.plugged().get(known(name) ?? "") ?? "");
                if (mtu === undefined || tunnel === undefined) return undefined;
                const below = underlay || 1500;
                const most = below - overhead((known(textAt(tunnel.props, "options", "remoteIp")) ?? "").includes(":"));
                if (mtu <= most) return undefined;
                const fault = {
                    found: `it carries ${mtu} bytes, and ${nameOf(tunnel)} on its bridge is a tunnel over a network of ${below}`,
                    set: `Set its mtu, and that of the guest's NIC, to ${most}; or give the network below ${mtu + below - most}.`,
                };
                return underlay ? fault : { ...fault, remark: true };
            });
    },
    fix: "Give guests behind a tunnel 50 bytes less than the network below (70 over IPv6), or raise that network's MTU.",
    examples: {
        good: [
            [
                made("host:Link", { name: "eth0", mtu: 9000 }),
                made("host:Vxlan", { name: "vx0", link: "eth0", mtu: 8950 }),
            ],
            [
                tap({ name: "tap0", mtu: 1450 }),
                port({ name: "tap0", tag: 1 }),
                port({ name: "vx0", type: "vxlan", trunks: ["1"], options: { remoteIp: "192.0.2.1" } }),
            ],
        ],
        bad: [
            [
                made("host:Link", { name: "eth0", mtu: 1500 }),
                made("host:Vxlan", { name: "vx0", link: "eth0", mtu: 1451 }),
            ],
            [
                made("host:Link", { name: "eth0", mtu: 1500 }),
                made("host:Vxlan", { name: "vx0", link: "eth0", mtu: 1431, remote: "2001:db8::1" }),
            ],
        ],
    },
});

const uplinkSingle = stackRule({
    id: "uplink-single",
    title: "A bridge has as many ways out as its guests' availability asks for.",
    severity: "medium",
    level: { default: "advisory" },
    why: "With one link out, one cable, port or switch that fails takes every guest of the bridge off the network. Members of a bond count one by one.",
    sources: ["arithmetic of the declared links"],
    url: "https://docs.kernel.org/networking/bonding.html",
    tags: ["topology", "availability"],
    parameters: {
        links: {
            describe: "Fewest links that lead out of such a bridge [count].",
            value: { default: 2 },
            minimum: 2,
            maximum: 8,
        },
        all: {
            describe:
                'Whether every bridge with uplinks is such a one: 1; 0 is those whose externalIds have ha: "true".',
            value: { default: 0 },
            minimum: 0,
            maximum: 1,
        },
    },
    judge(stack, each, { links, all }) {
        const members = new Map<unknown, number>();
        for (const { props } of stack.of("kvmnet:host:Bond")) {
            const list = at(props, "members");
            members.set(textAt(props, "name"), Array.isArray(list) ? list.length : 1);
        }
        for (const { resource, uplinks } of stack.bridges())
            each(resource, "its uplinks", () => {
                const named = known(uplinks);
                const declared = all === 1 || known(textAt(resource.props, "externalIds", "ha")) === "true";
                if (named.length === 0 || !declared) return undefined;
                const count = named.reduce<number>((sum, name) => {
                    const bonded = known(stack.portByName().get(String(name))?.interfaces ?? []).length;
                    return sum + Math.max(1, bonded, members.get(name) ?? 1);
                }, 0);
                if (count >= links) return undefined;
                return {
                    found: `${count === 1 ? "1 link leads" : `${count} links lead`} out of it, and ${links} are asked for`,
                    set: "Make a bond of links to two switches its uplink.",
                };
            });
    },
    fix: "Bond links to different switches.",
    examples: {
        good: [
            [bridge({ name: "br0", uplinks: ["eth0"] })],
            [
                bridge({ name: "br0", uplinks: ["bond0"], externalIds: { ha: "true" } }),
                made("host:Bond", { name: "bond0", mode: "active-backup", members: ["eth0", "eth1"] }),
            ],
        ],
        bad: [[bridge({ name: "br0", uplinks: ["eth0"], externalIds: { ha: "true" } })]],
    },
});

const bridgeLoop = stackRule({
    id: "bridge-loop",
    title: "Bridges that are joined make no ring.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "Where patches, veth pairs or VLAN links join bridges in a ring that one VLAN goes all around, each broadcast runs round it without end, until nothing else gets through, unless a spanning tree cuts it.",
    sources: ["IEEE 802.1D, 7.1: a bridged network has one path between two stations"],
    url: `${OVS}#bridge-table`,
    tags: ["topology"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "to a second way between two bridges lets one broadcast run round without end",
    },
    parameters: {},
    judge(stack, each) {
        const loop = loopEdge(stack);
        if (!loop) return;
        each(loop.resource, loop.name, () => ({
            found: `it joins ${loop.from} and ${loop.to}, which are joined already${loop.vlan === undefined ? "" : ` in VLAN ${loop.vlan}`}`,
            set: "Remove it, give the two ways different VLANs by trunks, or set rstp on the bridges of the ring.",
        }));
    },
    fix: "Remove one of the ways, part them by VLANs, or switch a spanning tree on.",
    examples: {
        good: [
            [
                bridge({ name: "br0" }),
                bridge({ name: "br1" }),
                patch("p0", "br0", "p1", { trunks: ["10"] }),
                patch("p1", "br1", "p0", { trunks: ["10"] }),
            ],
            [
                bridge({ name: "br0" }),
                bridge({ name: "br1" }),
                patch("p0", "br0", "p1", { trunks: ["10"] }),
                patch("p1", "br1", "p0", { trunks: ["10"] }),
                patch("q0", "br0", "q1", { trunks: ["20"] }),
                patch("q1", "br1", "q0", { trunks: ["20"] }),
            ],
            [
                bridge({ name: "br0", rstp: true }),
                bridge({ name: "br1", rstp: true }),
                patch("p0", "br0", "p1", { trunks: ["10"] }),
                patch("p1", "br1", "p0", { trunks: ["10"] }),
                patch("q0", "br0", "q1", { trunks: ["10"] }),
                patch("q1", "br1", "q0", { trunks: ["10"] }),
            ],
        ],
        bad: [
            [
                bridge({ name: "br0" }),
                bridge({ name: "br1" }),
                patch("p0", "br0", "p1", { trunks: ["10-19"] }),
                patch("p1", "br1", "p0", { trunks: ["10-19"] }),
                patch("q0", "br0", "q1", { trunks: ["19-20"] }),
                patch("q1", "br1", "q0", { trunks: ["19-20"] }),
            ],
            [
                made("host:Bridge", { name: "br0" }),
                made("host:Bridge", { name: "br1" }),
                ...["a", "b"].flatMap((pair) => [
                    made("host:Veth", { name: `${pair}0`, peer: `${pair}1` }),
                    made("host:BridgePort", { name: `${pair}0`, bridge: "br0" }),
                    made("host:BridgePort", { name: `${pair}1`, bridge: "br1" }),
                ]),
            ],
        ],
    },
});

const mcastFlood = stackRule({
    id: "sec-mcast-flood",
    title: "A bridge of many ports sends multicast to those that asked.",
    severity: "low",
    level: { default: "advisory" },
    why: "Without snooping a bridge copies every multicast frame to every port: one guest's stream is the work of all.",
    sources: ["ovs-vswitchd.conf.db(5), Bridge: mcast_snooping_enable", "RFC 4541"],
    url: `${OVS}#bridge-table`,
    tags: ["security", "performance"],
    parameters: {
        ports: {
            describe: "Ports above which a bridge is to look at who asked [count].",
            value: { default: 50 },
            minimum: 2,
            maximum: 65535,
        },
    },
    judge(stack, each, { ports: most }) {
        const counts = new Map<string, number>();
        for (const on of stack.plugged().values()) counts.set(on, (counts.get(on) ?? 0) + 1);
        for (const { resource, kind, name } of stack.bridges())
            each(resource, "its multicast", () => {
                const count = counts.get(known(name) ?? "") ?? 0;
                if (count <= most) return undefined;
                const off =
                    kind === "ovs"
                        ? known(at(resource.props, "mcastSnooping")) !== true
                        : known(at(resource.props, "multicastSnooping")) === false;
                if (!off) return undefined;
                return {
                    found: `it has ${count} ports and sends multicast to all of them`,
                    set: `Set ${kind === "ovs" ? "mcastSnooping" : "multicastSnooping"} to true, and see that a querier is on the network.`,
                };
            });
    },
    fix: "Switch multicast snooping on.",
    examples: {
        good: [[bridge({ name: "br0" }), port({ name: "tap0", tag: 1 })]],
        bad: [
            [
                bridge({ name: "br0" }),
                ...Array.from({ length: 51 }, (_, index) => port({ name: `tap${index}`, tag: 1 })),
            ],
        ],
    },
});

const trunkToGuest = stackRule({
    id: "sec-trunk-to-guest",
    title: "A guest gets one VLAN, not a trunk.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "On a trunk the guest chooses its VLAN by itself, frame by frame.",
    sources: ["libvirt formatdomain, vlan trunk", "ovs-vswitchd.conf.db(5), Port: trunks"],
    url: "https://libvirt.org/formatdomain.html#setting-vlan-tag-on-supported-network-types-only",
    tags: ["vlan", "security"],
    parameters: {},
    judge(stack, each) {
        for (const { resource, nic } of stack.nics())
            each(resource, `NIC number ${nic.index + 1}`, () =>
                known(nic.said("vlanTrunk")) === "yes"
                    ? { found: "it is a trunk", set: "Give the guest a NIC for each VLAN, with one tag." }
                    : undefined,
            );
        for (const one of stack.ports())
            each(one.resource, nameOf(one), () => {
                const trunks = known(one.trunks).map(String);
                const access =
                    known(one.vlanMode) === "access" ||
                    (known(one.vlanMode) === undefined && known(one.tag) !== undefined);
                if (trunks.length === 0 || access || !stack.isGuests(one)) return undefined;
                return {
                    found: `it leads to a guest and is a trunk of the VLANs ${trunks.slice(0, 5).join(", ")}`,
                    set: "Give the guest a NIC for each VLAN, each with its tag.",
                };
            });
    },
    fix: "Give the guest one NIC a VLAN; or exempt a router or firewall with that reason.",
    examples: {
        good: [
            [
                tunedDomain({
                    model: { type: "virtio" },
                    driver: { queues: 4, rxQueueSize: 1024 },
                    vlan: { tags: [{ id: 10 }] },
                }),
            ],
            [port({ name: "tap0", tag: 10 })],
        ],
        bad: [
            [tunedDomain({ vlan: { trunk: "yes", tags: [{ id: 10 }, { id: 20 }] } })],
            [port({ name: "tap0", trunks: ["10", "20"] })],
        ],
    },
});

export const topologyRules = [
    vlanModeShape,
    qinqLimit,
    mtuMixedBridge,
    mtuOverlay,
    uplinkSingle,
    bridgeLoop,
    mcastFlood,
    trunkToGuest,
];
