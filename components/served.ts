/** The components as programs of other languages see them: arguments and outputs by schema, made by type token. */
import { z } from "zod";
import { BridgeWithPortsFields } from "../schemas/bridge-with-ports";
import { SwitchFields } from "../schemas/ovs-switch";
import { IfName, VlanId, VlanList } from "../schemas/units";
import { VlanTapFields } from "../schemas/vlan-tap";
import { LinuxBridge } from "./linux-bridge";
import { OvsSwitch } from "./ovs-switch";
import { OPTIONAL_NAME, type ServedComponent } from "./served-component";
import { SERVED_GUESTS } from "./served-guests";
import { VlanTap, type VlanTapArgs } from "./vlan-tap";

const BridgeName = z.string().describe("Name of the bridge on the host.");
const TapName = z.string().describe("Name of the tap on the host.");

const ovsSwitch: ServedComponent = {
    description:
        "A virtual switch on the host: one Open vSwitch bridge whose VLANs have names, its uplinks and patches to other " +
        "switches, which carry the VLANs that it names or that are listed, its mirrors and its QoS classes.",
    inputs: SwitchFields.extend({ name: IfName.optional().describe(OPTIONAL_NAME) }),
    outputs: z.object({
        bridgeName: BridgeName,
        vlans: z.record(z.string(), VlanId).describe("VLAN ids by name."),
    }),
    travelling: [],
    make(name, args, opts) {
        const resource = new OvsSwitch(name, args, opts);
        return { resource, outputs: { bridgeName: resource.bridgeName, vlans: resource.vlans } };
    },
};

const linuxBridge: ServedComponent = {
    description: "A Linux bridge on the host, with its ports and, where the host takes part, its addresses.",
    inputs: BridgeWithPortsFields.extend({ name: IfName.optional().describe(OPTIONAL_NAME) }),
    outputs: z.object({ bridgeName: BridgeName }),
    travelling: [],
    make(name, args, opts) {
        const resource = new LinuxBridge(name, args, opts);
        return { resource, outputs: { bridgeName: resource.bridgeName } };
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
    }),
    travelling: ["switch"],
    make(name, args, opts) {
        const resource = new VlanTap(name, args as unknown as VlanTapArgs, opts);
        const { tapName, bridgeName, vlan, trunks } = resource;
        return { resource, outputs: { tapName, bridgeName, vlan, trunks } };
    },
};

/** By type token. */
export const SERVED: ReadonlyMap<string, ServedComponent> = new Map([
    ["kvmnet:index:LinuxBridge", linuxBridge],
    ["kvmnet:index:OvsSwitch", ovsSwitch],
    ["kvmnet:index:VlanTap", vlanTap],
    ...SERVED_GUESTS,
]);
