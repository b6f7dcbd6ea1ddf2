/** One NIC of a guest, described once; each line of @pulumi/libvirt writes it in its own way. */
import { z } from "zod";
import { IpAddress } from "./ip-text";
import type { Say } from "./named";
import { TuningProfile } from "./tuning-words";
import { AddressWithPrefix, GuestRing, HostPath, Mac, Mtu, Queues, Rate } from "./units";

/** Models that QEMU offers; virtio is the paravirtual one, the others are emulated register by register. */
const NicModel = z
    .enum(["virtio", "e1000", "e1000e", "rtl8139"], {
        error: 'a NIC model is "virtio", or "e1000", "e1000e", "rtl8139" for guests without virtio drivers; null leaves it to libvirt',
    })
    .nullable()
    .default("virtio")
    .describe("Model the guest sees; in TypeScript, null leaves the choice to libvirt, which takes rtl8139 on x86.");

/** Fields of a NIC that a user may set; what is absent comes from the tuning model. */
export const VirtioNic = z.strictObject({
    model: NicModel,
    queues: Queues.optional().describe("Queue pairs [count]; absent means min(vCPUs, 8)."),
    rxRing: GuestRing.optional().describe("Receive ring [descriptors]; absent means 1024."),
    txRing: GuestRing.optional().describe(
        "Transmit ring [descriptors]; QEMU fixes it at 256 for a tap, and absent means up to 1024 with vhost-user.",
    ),
    vhostUserSocket: HostPath.optional().describe(
        "Socket at which QEMU waits for a switch with DPDK (vhost-user): the guest's memory is shared with it, and no tap is made.",
    ),
    profile: TuningProfile.optional().describe("What the tuning model chooses for; absent means default."),
    rate: Rate.optional().describe(
        "Rate of the link that the guest shares, for the tuning model; absent means 10Gbit.",
    ),
    mtu: Mtu.default(1500).describe(
        "MTU that the guest is told [byte], by its NIC where that is virtio on a tap, else by its cloud-init disk.",
    ),
    mac: Mac.optional().describe(
        "MAC address; absent derives a stable, locally administered one from the names of project, stack, guest and NIC, whatever the host.",
    ),
    address: AddressWithPrefix.optional().describe(
        "Address of the guest's interface, such as 10.0.0.11/24, without a zone; with dhcp the one that the server keeps for it.",
    ),
    dhcp: z
        .boolean("dhcp is true or false")
        .default(false)
        .describe("Whether the guest asks for its address (DHCP), instead of having `address` written into it."),
    gateway: IpAddress.optional().describe("Address of the router that the guest sends everything else to."),
    nameservers: z
        .array(IpAddress, 'nameservers is a list of addresses, such as ["10.0.0.53"]')
        .optional()
        .describe("DNS servers of the guest."),
});
export type VirtioNic = z.output<typeof VirtioNic>;
export type VirtioNicInput = z.input<typeof VirtioNic>;

/** What must hold between the settings of one NIC. It may meet raw input. */
export function checkNic(nic: Partial<VirtioNic>, path: PropertyKey[], say: Say): void {
    checkModel(nic, path, say);
    if (nic.txRing !== undefined && nic.txRing > 256 && nic.vhostUserSocket === undefined)
        say(
            [...path, "txRing"],
            "a transmit ring has 256 descriptors on a tap: QEMU takes more with vhost-user and vDPA only; remove txRing",
        );
    if (nic.vhostUserSocket !== undefined && nic.model !== undefined && nic.model !== "virtio")
        say([...path, "model"], "vhost-user carries model virtio only; remove model or vhostUserSocket");
    if (nic.dhcp === true)
        for (const key of ["gateway", "nameservers"] as const)
            if (nic[key] !== undefined)
                say([...path, key], `a NIC with dhcp gets ${key} from the server; remove it here`);
    if (nic.gateway !== undefined && nic.address === undefined)
        say([...path, "gateway"], "a gateway is reached from an address; set address");
}

/** Queues and rings are virtio's: an emulated model has one queue and rings of its own, and would drop them in silence. */
function checkModel(nic: Partial<VirtioNic>, path: PropertyKey[], say: Say): void {
    if (nic.model === undefined || nic.model === "virtio") return;
    for (const key of ["queues", "rxRing", "txRing"] as const)
        if (nic[key] !== undefined) say([...path, key], `only model virtio has ${key}; remove it or set model: virtio`);
}

/** A NIC with every value decided: what a domain is written from and what a guest is held against. */
export interface DecidedNic {
    model: "virtio" | "e1000" | "e1000e" | "rtl8139" | null;
    queues: number;
    rxRing: number;
    txRing: number;
    mtu: number;
    mac: string;
    /** Where QEMU waits for the switch; absent is a tap. */
    vhostUserSocket?: string;
}
