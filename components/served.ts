/** The components as programs of other languages see them: arguments and outputs by schema, made by type token. */
import { z } from "zod";
import { BridgeWithPortsFields } from "../schemas/bridge-with-ports";
import { ManagementNetworkFields } from "../schemas/management-network";
import { MtuDomain as MtuDomainSchema } from "../schemas/mtu-domain";
import { SwitchFields } from "../schemas/ovs-switch";
import { IfName, VlanId, VlanList } from "../schemas/units";
import { UplinkFields } from "../schemas/uplink";
import { VlanTapFields } from "../schemas/vlan-tap";
import { LinuxBridge } from "./linux-bridge";
import { ManagementNetwork, type ManagementNetworkArgs } from "./management-network";
import { MtuDomain, type MtuDomainArgs } from "./mtu-domain";
import { OvsSwitch } from "./ovs-switch";
import { OPTIONAL_NAME, type ServedComponent } from "./served-component";
import { SERVED_GUESTS } from "./served-guests";
import { Uplink, type UplinkArgs } from "./uplink";
import { VlanTap, type VlanTapArgs } from "./vlan-tap";

const BridgeName = z.string().describe("Name of the bridge on the host.");
const BridgeMtu = z.int().describe("MTU of the bridge [byte].");
const TapName = z.string().describe("Name of the tap on the host.");

const ovsSwitch: ServedComponent = {
    description:
        "A virtual switch on the host: one Open vSwitch bridge whose VLANs have names, its uplinks and patches to other " +
        "switches, which carry the VLANs that it names or that are listed, its mirrors and its QoS classes.",
    inputs: SwitchFields.extend({ name: IfName.optional().describe(OPTIONAL_NAME) }),
    outputs: z.object({
        bridgeName: BridgeName,
        vlans: z.record(z.string(), VlanId).describe("VLAN ids by name."),
        qosNames: z
            .record(z.string(), z.string())
            .describe("Names on the host of its QoS classes, by the class: what `qos` of a tap takes."),
    }),
    travelling: ["patches.*.to"],
    toldByOthers: ["mtuRequest"],
    make(name, args, opts) {
        const resource = new OvsSwitch(name, args, opts);
        const { bridgeName, vlans, qosNames } = resource;
        return { resource, outputs: { bridgeName, vlans, qosNames } };
    },
};

const linuxBridge: ServedComponent = {
    description: "A Linux bridge on the host, with its ports and, where the host takes part, its addresses.",
    inputs: BridgeWithPortsFields.extend({ name: IfName.optional().describe(OPTIONAL_NAME) }),
    outputs: z.object({ bridgeName: BridgeName, mtu: BridgeMtu }),
    travelling: [],
    toldByOthers: ["mtu"],
    make(name, args, opts) {
        const resource = new LinuxBridge(name, args, opts);
        return { resource, outputs: { bridgeName: resource.bridgeName, mtu: resource.mtu } };
    },
};

const managementNetwork: ServedComponent = {
    description:
        "A Linux bridge with the addresses by which the host is managed, its uplink or one VLAN of it, and its default routes. " +
        "It takes no path that an SSH connection to the host uses, unless it is told so.",
    inputs: ManagementNetworkFields.extend({
        name: IfName.optional().describe(OPTIONAL_NAME),
        uplink: IfName.describe("Link of the host by which the network is reached, by its name on the host."),
    }),
    outputs: z.object({ bridgeName: BridgeName, mtu: BridgeMtu }),
    travelling: ["uplink"],
    toldByOthers: ["vlan", "mtu"],
    make(name, args, opts) {
        const resource = new ManagementNetwork(name, args as unknown as ManagementNetworkArgs, opts);
        return { resource, outputs: { bridgeName: resource.bridgeName, mtu: resource.mtu } };
    },
};

const uplink: ServedComponent = {
    description:
        "The way out of a host: a physical link, or several as a bond, with rings, channels, MTU and offloads. What the " +
        "hardware does not take is refused before anything of a link is changed.",
    inputs: UplinkFields.extend({
        name: IfName.optional().describe(
            "Name of the bond on the host; absent means the logical name, shortened where it must be. One link keeps its own.",
        ),
    }),
    outputs: z.object({
        linkName: z.string().describe("Name of the link to plug in: the bond, or the one link."),
        mtu: z.int().optional().describe("MTU of its links [byte]; absent where theirs is left."),
    }),
    travelling: [],
    toldByOthers: ["mtu"],
    make(name, args, opts) {
        const resource = new Uplink(name, args as unknown as UplinkArgs, opts);
        return { resource, outputs: { linkName: resource.linkName, mtu: resource.mtu } };
    },
};

const mtuDomain: ServedComponent = {
    description:
        "One MTU from the uplink to the guest. A way with a shorter link is refused, and the shortest is named: before " +
        "anything is made where the MTUs are plain, else as soon as they are known.",
    inputs: MtuDomainSchema,
    outputs: z.object({
        mtu: z.int().describe("The MTU, once every hop is known to carry it [byte]; what takes it waits for that."),
    }),
    travelling: ["hops.*"],
    toldByOthers: ["mtu"],
    make(name, args, opts) {
        const resource = new MtuDomain(name, args as unknown as MtuDomainArgs, opts);
        return { resource, outputs: { mtu: resource.mtu } };
    },
};

const vlanTap: ServedComponent = {
    description:
        "A tap on the host and its port on an Open vSwitch switch, for one guest NIC: an access port of one VLAN, or a " +
        "trunk of the VLANs that are listed, and never of all.",
    inputs: VlanTapFields.extend({
        name: IfName.optional().describe(OPTIONAL_NAME),
        switch: IfName.describe("Open vSwitch bridge to plug into, by its name on the host."),
        vlan: VlanId.optional().describe("Access VLAN [802.1Q id]; exactly one of vlan and trunk. Changes live."),
    }),
    outputs: z.object({
        tapName: TapName,
        bridgeName: BridgeName,
        vlan: VlanId.optional().describe("Access or native VLAN; absent on a trunk that has none."),
        trunks: VlanList.optional().describe("VLANs that a trunk carries with a tag; absent on an access port."),
        mtu: z.int().describe("MTU of the tap [byte]."),
    }),
    travelling: ["switch"],
    toldByOthers: ["vlan", "mtu", "qos"],
    make(name, args, opts) {
        const resource = new VlanTap(name, args as unknown as VlanTapArgs, opts);
        const { tapName, bridgeName, vlan, trunks, mtu } = resource;
        return { resource, outputs: { tapName, bridgeName, vlan, trunks, mtu } };
    },
};

/** By type token. */
export const SERVED: ReadonlyMap<string, ServedComponent> = new Map([
    ["kvmnet:index:LinuxBridge", linuxBridge],
    ["kvmnet:index:ManagementNetwork", managementNetwork],
    ["kvmnet:index:MtuDomain", mtuDomain],
    ["kvmnet:index:OvsSwitch", ovsSwitch],
    ["kvmnet:index:Uplink", uplink],
    ["kvmnet:index:VlanTap", vlanTap],
    ...SERVED_GUESTS,
]);
