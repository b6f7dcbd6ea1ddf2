/** Rules across resources for VLANs: modes of ports, trunks, native VLANs, and what the uplinks carry. */
import { at, countAt } from "../inputs";
import { known, NotKnown } from "../known";
import { stackRule } from "../stack-rule";
import { made, tunedDomain } from "./examples";
import { FORMATDOMAIN, VSWITCHD_DB } from "./manuals";
import { portName } from "./port-name";
import { isAmong, modeOf, vlansOf } from "./port-vlans";
import { bridge, onSwitch, port } from "./stack-examples";

const vlanModeShape = stackRule({
    id: "vlan-mode-shape",
    title: "A port has the VLAN fields of its mode.",
    severity: "high",
    level: { default: "mandatory" },
    why: "An access port has a tag and no trunks, a trunk has no tag, a native or dot1q-tunnel port has one. Open vSwitch takes any mixture in silence and lets the mode decide what counts: the other field does nothing of what it says.",
    sources: ["ovs-vswitchd.conf.db(5), Port: VLAN Configuration"],
    url: `${VSWITCHD_DB}#port-table`,
    tags: ["vlan"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "of an access VLAN makes nothing of trunks that are set beside it",
    },
    parameters: {},
    judge(stack, each) {
        for (const one of stack.ports())
            each(one.resource, portName(one), () => {
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
    url: `${VSWITCHD_DB}#port-table`,
    tags: ["vlan", "qinq", "security"],
    parameters: {},
    judge(stack, each) {
        for (const one of stack.ports())
            each(one.resource, portName(one), () => {
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

const trunkUnbounded = stackRule({
    id: "trunk-unbounded",
    title: "A port carries the VLANs that it says, and says them.",
    severity: "critical",
    level: { default: "mandatory" },
    why:
        "An Open vSwitch port with neither tag nor trunks carries every VLAN: 5 of 5 frames tagged 10 went from such a port to an access " +
        "port of VLAN 10. A native-untagged or native-tagged port with empty trunks leaks the same 5 of 5; with trunks [20] none.",
    sources: ["ovs-vswitchd.conf.db(5), Port: VLAN Configuration", "measured: frames counted at the access port"],
    url: `${VSWITCHD_DB}#port-table`,
    tags: ["vlan", "security"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "without VLAN, or native with empty trunks, hears and says every VLAN; each other one hears its own alone",
    },
    parameters: {},
    judge(stack, each) {
        for (const one of stack.ports())
            each(one.resource, portName(one), () => {
                const mode = modeOf(one);
                if (mode === "access" || mode === "dot1q-tunnel" || known(one.trunks).length > 0) return undefined;
                const fault = {
                    found: `it is a ${mode} port and lists no VLANs, so it carries every one`,
                    set: 'Set tag for one VLAN, or trunks for those that it carries, such as ["10", "20-29"].',
                };
                if (at(one.props, "heldByFlows") === true)
                    throw new NotKnown("flows say which VLANs it carries, and what was read has none of them");
                // Behind an internal port is the host itself, which is in every VLAN anyway.
                const noGuest = known(one.type) === "internal" || stack.leadsOut(one);
                return noGuest ? { ...fault, remark: true } : fault;
            });
        for (const { resource, nic } of stack.libvirtPorts())
            each(resource, `NIC number ${nic.index + 1}`, () => {
                if (known(nic.said("vlanTag")) !== undefined) return undefined;
                return {
                    found: "libvirt plugs it into Open vSwitch without a VLAN, so it carries every one",
                    set: "Give the interface a vlan with one tag.",
                };
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
            [onSwitch({ vlan: { tags: [{ id: 10 }] } })],
            [onSwitch({ target: { dev: "tap0" } }), port({ name: "tap0", tag: 10 })],
        ],
        bad: [
            [bridge({ name: "br0" }), port({ name: "tap0" })],
            [port({ name: "tap0", vlanMode: "native-untagged", tag: 10 })],
            [onSwitch()],
            [made("ovs:PortSet", { name: "set", bridge: "br0", ports: { tap0: { tap: {} } } })],
        ],
    },
});

const vlanNotCarried = stackRule({
    id: "vlan-not-carried",
    title: "A guest's VLAN is carried by an uplink of its bridge.",
    severity: "medium",
    level: { default: "advisory" },
    why: "A VLAN that no uplink carries ends at its bridge: the guest reaches its neighbours there and nobody else. Where that is meant, say so by an exemption.",
    sources: ["ovs-vswitchd.conf.db(5), Port: trunks"],
    url: `${VSWITCHD_DB}#port-table`,
    tags: ["vlan", "topology"],
    parameters: {},
    judge(stack, each) {
        for (const one of stack.ports())
            each(one.resource, portName(one), () => {
                const tag = known(one.tag);
                const where = known(one.bridge);
                if (tag === undefined || stack.leadsOut(one)) return undefined;
                const uplinks = stack.uplinkPorts().get(where) ?? [];
                if (uplinks.length === 0 || uplinks.some((uplink) => isAmong(vlansOf(uplink), tag))) return undefined;
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

const nativeVlanShared = stackRule({
    id: "sec-native-vlan-shared",
    title: "The native VLAN of an uplink is no guest's.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "Frames of the native VLAN leave untagged. A guest in it can send a second tag inside, which the next switch takes for its own (double tagging).",
    sources: ["IEEE 802.1Q; NIST SP 800-125B, 4.3"],
    url: `${VSWITCHD_DB}#port-table`,
    tags: ["vlan", "security"],
    parameters: {},
    judge(stack, each) {
        for (const uplink of stack.ports())
            each(uplink.resource, portName(uplink), () => {
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
                        found: `its native VLAN ${native} is that of ${portName(shared)}`,
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

const trunkToGuest = stackRule({
    id: "sec-trunk-to-guest",
    title: "A guest gets one VLAN, not a trunk.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "On a trunk the guest chooses its VLAN by itself, frame by frame.",
    sources: ["libvirt formatdomain, vlan trunk", "ovs-vswitchd.conf.db(5), Port: trunks"],
    url: `${FORMATDOMAIN}#setting-vlan-tag-on-supported-network-types-only`,
    tags: ["vlan", "security"],
    parameters: {},
    judge(stack, each) {
        for (const { resource, nic } of stack.nics())
            each(resource, `NIC number ${nic.index + 1}`, () =>
                // Of several tags libvirt makes a trunk by itself (src/conf/netdev_vlan_conf.c).
                nic.said.all("vlanTag").length > 1 || known(nic.said("vlanTrunk")) === "yes"
                    ? { found: "it is a trunk", set: "Give the guest a NIC for each VLAN, with one tag." }
                    : undefined,
            );
        for (const one of stack.ports())
            each(one.resource, portName(one), () => {
                const trunks = known(one.trunks).map(String);
                if (trunks.length === 0 || modeOf(one) === "access" || !stack.isGuests(one)) return undefined;
                return {
                    found: `it leads to a guest and is a trunk of the VLANs ${trunks.slice(0, 5).join(", ")}`,
                    set: "Give the guest a NIC for each VLAN, each with its tag.",
                };
            });
    },
    fix: "Give the guest one NIC a VLAN; or exempt a router or firewall with that reason.",
    examples: {
        good: [[tunedDomain({ vlan: { tags: [{ id: 10 }] } })], [port({ name: "tap0", tag: 10 })]],
        bad: [
            [tunedDomain({ vlan: { trunk: "yes", tags: [{ id: 10 }, { id: 20 }] } })],
            [tunedDomain({ vlan: { tags: [{ id: 10 }, { id: 20 }] } })],
            [port({ name: "tap0", trunks: ["10", "20"] })],
        ],
    },
});

export const vlanRules = [vlanModeShape, qinqLimit, trunkUnbounded, vlanNotCarried, nativeVlanShared, trunkToGuest];
