/** Guests and what serves them, as programs of other languages see them. */
import { z } from "zod";
import { DhcpServerFields } from "../schemas/dhcp";
import { Boot, GuestSize } from "../schemas/environment";
import { guestParts } from "../schemas/guest";
import { NicSecurity } from "../schemas/nic-security";
import { takesOperatorPathAsAddress } from "../schemas/operator-path";
import { AddressWithPrefix, HostPath, IfName, Label, VlanId } from "../schemas/units";
import { VirtioNic } from "../schemas/virtio-nic";
import { VlanTapFields } from "../schemas/vlan-tap";
import { DhcpService, type DhcpServiceArgs } from "./dhcp-service";
import { GroupFields, GuestGroup, type GuestGroupArgs } from "./guest-group";
import { OPTIONAL_NAME, Plug, type ServedComponent } from "./served-component";
import { TunedVirtioNic, type TunedVirtioNicArgs } from "./tuned-virtio-nic";
import { VirtualMachine } from "./virtual-machine";

const TapName = z.string().describe("Name of the tap on the host.");
const ByNic = z.record(z.string(), z.string());

/** What a NIC is plugged into, and what its port on a switch takes of it. */
const NicPlug = {
    ...Plug,
    trunk: VlanTapFields.shape.trunk,
    rateLimit: VlanTapFields.shape.rateLimit,
    qos: VlanTapFields.shape.qos,
    portSecurity: NicSecurity.optional(),
};

const tunedVirtioNic: ServedComponent = {
    description: "One NIC of a guest with every value decided, and its tap on a switch or bridge of the host.",
    inputs: VirtioNic.extend({
        guest: Label.describe("Name of the guest that has this NIC."),
        nic: Label.optional().describe("Name of the NIC in its guest; absent means the logical name."),
        vcpus: GuestSize.shape.vcpus,
        ...NicPlug,
    }),
    outputs: z.object({
        tapName: TapName,
        mac: z.string().describe("MAC address."),
        queues: z.int().describe("Queue pairs [count]."),
        rxRing: z.int().describe("Receive ring [descriptors]."),
        txRing: z.int().describe("Transmit ring [descriptors]."),
    }),
    travelling: ["switch", "bridge"],
    toldByOthers: ["vlan", "mtu", "qos"],
    make(name, args, opts) {
        const resource = new TunedVirtioNic(name, args as unknown as TunedVirtioNicArgs, opts);
        const { mac, queues, rxRing, txRing } = resource.decided;
        return { resource, outputs: { tapName: resource.tapName, mac, queues, rxRing, txRing } };
    },
};

/** What a guest is, whether it is one or one of many. */
const guestInputs = GuestSize.extend({
    boot: Boot.meta({ token: "index:Boot" })
        .optional()
        .describe("Kernel that the guest boots; absent boots its disks."),
    accelerator: z.enum(["kvm", "tcg"]).default("kvm").describe("kvm, or tcg for emulation."),
    machine: z.string().default("q35").describe("Machine type."),
    console: z
        .strictObject({
            socket: HostPath.describe("Socket on which the serial console answers."),
            log: HostPath.describe("File that all it prints goes to."),
        })
        .meta({ token: "index:Console" })
        .optional()
        .describe("Where the guest's serial console is found on the host; in a group {guest} stands for its name."),
    ...guestParts,
});

/** Where a guest takes what other resources will tell. */
const TRAVELLING = ["nics.*.switch", "nics.*.bridge", "disks.*.base", "cloudInit.userData"];

const virtualMachine: ServedComponent = {
    description:
        "A guest: its NICs, each with its tap on the host, its disks, and the libvirt domain that opens them. Disks outlive the domain; " +
        "it is shut down before its domain goes.",
    inputs: guestInputs.extend({
        name: Label.optional().describe("Name of the guest, which its domain carries; absent means the logical name."),
        nics: z
            .record(z.string(), VirtioNic.extend(NicPlug).meta({ token: "index:GuestNic" }))
            .optional()
            .describe("NICs by name, in the order the guest sees them."),
    }),
    outputs: z.object({
        domainName: z.string().describe("Name of the domain."),
        addresses: ByNic.describe(
            "Addresses of its NICs that are declared, without prefix lengths, by the NIC's name.",
        ),
        macs: ByNic.describe("MAC addresses of its NICs, by the NIC's name."),
        volumes: ByNic.describe("Paths of the volumes that were made for it, by the disk's name."),
    }),
    travelling: TRAVELLING,
    toldByOthers: [],
    make(name, args, opts) {
        const resource = new VirtualMachine(name, args, opts);
        const { domainName, addresses, volumes } = resource;
        return { resource, outputs: { domainName, addresses, macs: macsOf(resource), volumes } };
    },
};

const macsOf = ({ nics }: VirtualMachine) =>
    Object.fromEntries(Object.entries(nics).map(([nic, { decided }]) => [nic, decided.mac]));

const guestGroup: ServedComponent = {
    description:
        "Alike guests. What a guest is depends on its number alone: with another count the guests that stay are untouched. " +
        "In paths on the host {guest} stands for a guest's name; what several guests would write to (file, block, vhostUserSocket, console) is refused without it.",
    inputs: guestInputs.extend({
        name: Label.optional().describe(
            "Beginning of the guests' names, before -0, -1 ...; absent means the logical name.",
        ),
        count: GroupFields.shape.count.describe("Guests [count], 0 to 1000."),
        nics: z
            .record(
                z.string(),
                VirtioNic.omit({ mac: true, address: true })
                    .extend({
                        ...NicPlug,
                        portSecurity: NicSecurity.omit({ mac: true })
                            .meta({ token: "index:GroupNicSecurity" })
                            .describe(
                                "As whom each guest may send, on a switch with portSecurity: what comes from another MAC or IP address is dropped. {} takes all from its NIC. Changes live.",
                            )
                            .optional(),
                        vlans: z
                            .array(VlanId)
                            .optional()
                            .describe("VLANs that the guests are spread over, in turn, instead of one vlan."),
                        firstAddress: AddressWithPrefix.optional().describe(
                            "Address of guest 0 with its prefix length; each other guest has the one after the guest before it.",
                        ),
                    })
                    .meta({ token: "index:GroupNic" }),
            )
            .optional()
            .describe("NICs that each guest has, by name."),
    }),
    outputs: z.object({
        guests: z.array(z.string()).describe("Names of the domains, in the order of their numbers."),
        addresses: z
            .record(z.string(), ByNic)
            .describe("Addresses that are declared, without prefix lengths, by the guest's name and the NIC's."),
        macs: z.record(z.string(), ByNic).describe("MAC addresses, by the guest's name and the NIC's."),
    }),
    travelling: TRAVELLING,
    toldByOthers: [],
    make(name, args, opts) {
        const resource = new GuestGroup(name, args as unknown as GuestGroupArgs, opts);
        const { guests, addresses } = resource;
        const macs = Object.fromEntries(guests.map((guest) => [guest.domainName, macsOf(guest)]));
        return { resource, outputs: { guests: guests.map(({ domainName }) => domainName), addresses, macs } };
    },
};

const dhcpService: ServedComponent = {
    description: "Addresses and names for the guests of one VLAN or bridge, by dnsmasq on the host.",
    inputs: DhcpServerFields.omit({ interface: true }).extend({
        name: IfName.optional().describe(`The host's own port on the switch. ${OPTIONAL_NAME}`),
        address: AddressWithPrefix.describe("Address of the host in the guests' network, such as 10.0.0.1/24."),
        ...Plug,
        ranges: DhcpServerFields.shape.ranges
            .optional()
            .describe("Addresses that it gives; absent gives them to reservations alone."),
        takesOperatorPath: takesOperatorPathAsAddress,
    }),
    outputs: z.object({
        interfaceName: z.string().describe("Interface of the host on which it answers."),
        leaseFile: z.string().describe("File on the host in which the leases are kept."),
    }),
    travelling: ["switch", "bridge"],
    toldByOthers: ["vlan"],
    make(name, args, opts) {
        const resource = new DhcpService(name, args as unknown as DhcpServiceArgs, opts);
        return { resource, outputs: { interfaceName: resource.interfaceName, leaseFile: resource.leaseFile } };
    },
};

export const SERVED_GUESTS: readonly (readonly [token: string, component: ServedComponent])[] = [
    ["kvmnet:index:DhcpService", dhcpService],
    ["kvmnet:index:GuestGroup", guestGroup],
    ["kvmnet:index:TunedVirtioNic", tunedVirtioNic],
    ["kvmnet:index:VirtualMachine", virtualMachine],
];
