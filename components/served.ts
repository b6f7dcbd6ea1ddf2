/** The components as programs of other languages see them: arguments and outputs by schema, made by type token. */
import type { ComponentResource, ComponentResourceOptions, Inputs } from "@pulumi/pulumi";
import { z } from "zod";
import { BridgeWithPortsFields } from "../schemas/bridge-with-ports";
import { Boot, GuestSize } from "../schemas/environment";
import { SwitchFields } from "../schemas/ovs-switch";
import { HostPath, IfName, Label, VlanId, VlanList } from "../schemas/units";
import { VirtioNic } from "../schemas/virtio-nic";
import { VlanTapFields } from "../schemas/vlan-tap";
import { LinuxBridge } from "./linux-bridge";
import { OvsSwitch } from "./ovs-switch";
import { TunedVirtioNic, type TunedVirtioNicArgs } from "./tuned-virtio-nic";
import { VirtualMachine, type VirtualMachineArgs } from "./virtual-machine";
import { VlanTap, type VlanTapArgs } from "./vlan-tap";

/** A component for every language. */
export interface ServedComponent {
    description: string;
    /** For the package schema; the component judges its arguments itself. */
    inputs: z.ZodObject;
    outputs: z.ZodObject;
    /** Arguments that may be another resource's output; all others decide what is made and are plain. */
    travelling: readonly string[];
    make(name: string, args: Inputs, opts: ComponentResourceOptions): { resource: ComponentResource; outputs: Inputs };
}

const OPTIONAL_NAME = "Name on the host; absent means the logical name, shortened where it must be.";
const BridgeName = z.string().describe("Name of the bridge on the host.");
const TapName = z.string().describe("Name of the tap on the host.");

const Plug = {
    switch: IfName.optional().describe("Open vSwitch bridge to plug into, by its name on the host."),
    vlan: VlanId.optional().describe("Access VLAN on the switch [802.1Q id]."),
    bridge: IfName.optional().describe("Linux bridge to plug into, by its name on the host."),
};

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

const tunedVirtioNic: ServedComponent = {
    description: "One NIC of a guest with every value decided, and its tap on a switch or bridge of the host.",
    inputs: VirtioNic.extend({
        guest: Label.describe("Name of the guest that has this NIC."),
        nic: Label.optional().describe("Name of the NIC in its guest; absent means the logical name."),
        vcpus: GuestSize.shape.vcpus,
        ...Plug,
    }),
    outputs: z.object({
        tapName: TapName,
        mac: z.string().describe("MAC address."),
        queues: z.int().describe("Queue pairs [count]."),
        rxRing: z.int().describe("Receive ring [descriptors]."),
        txRing: z.int().describe("Transmit ring [descriptors]."),
    }),
    travelling: ["switch", "bridge"],
    make(name, args, opts) {
        const resource = new TunedVirtioNic(name, args as unknown as TunedVirtioNicArgs, opts);
        const { mac, queues, rxRing, txRing } = resource.decided;
        return { resource, outputs: { tapName: resource.tapName, mac, queues, rxRing, txRing } };
    },
};

const virtualMachine: ServedComponent = {
    description: "A guest: its NICs, each with its tap on the host, and the libvirt domain that opens them.",
    inputs: GuestSize.extend({
        name: Label.optional().describe("Name of the guest, which its domain carries; absent means the logical name."),
        boot: Boot.meta({ token: "index:Boot" }).describe("What the guest boots."),
        accelerator: z.enum(["kvm", "tcg"]).default("kvm").describe("kvm, or tcg for emulation."),
        machine: z.string().default("q35").describe("Machine type."),
        console: z
            .strictObject({
                socket: HostPath.describe("Socket on which the serial console answers."),
                log: HostPath.describe("File that all it prints goes to."),
            })
            .meta({ token: "index:Console" })
            .optional()
            .describe("Where the guest's serial console is found on the host."),
        nics: z
            .record(z.string(), VirtioNic.extend(Plug).meta({ token: "index:GuestNic" }))
            .optional()
            .describe("NICs by name, in the order the guest sees them."),
    }),
    outputs: z.object({ domainName: z.string().describe("Name of the domain.") }),
    travelling: [],
    make(name, args, opts) {
        const resource = new VirtualMachine(name, args as unknown as VirtualMachineArgs, opts);
        return { resource, outputs: { domainName: resource.domainName } };
    },
};

/** By type token. */
export const SERVED: ReadonlyMap<string, ServedComponent> = new Map([
    ["kvmnet:index:LinuxBridge", linuxBridge],
    ["kvmnet:index:OvsSwitch", ovsSwitch],
    ["kvmnet:index:TunedVirtioNic", tunedVirtioNic],
    ["kvmnet:index:VirtualMachine", virtualMachine],
    ["kvmnet:index:VlanTap", vlanTap],
]);
