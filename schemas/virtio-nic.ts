/** One NIC of a guest, described once; each line of @pulumi/libvirt writes it in its own way. */
import { z } from "zod";
import type { Say } from "./named";
import { AddressWithPrefix, GuestRing, Mac, Mtu, Queues } from "./units";

/** Models that QEMU offers; virtio is the paravirtual one, the others are emulated register by register. */
const NicModel = z
    .enum(["virtio", "e1000", "e1000e", "rtl8139"], {
        error: 'a NIC model is "virtio", or "e1000", "e1000e", "rtl8139" for guests without virtio drivers; null leaves it to libvirt',
    })
    .nullable()
    .default("virtio")
    .describe("Model the guest sees; null leaves the choice to libvirt, which takes rtl8139 on x86.");

/** Fields of a NIC that a user may set; what is absent comes from the tuning model. */
export const VirtioNic = z.strictObject({
    model: NicModel,
    queues: Queues.optional().describe("Queue pairs [count]; absent means min(vCPUs, 8)."),
    rxRing: GuestRing.optional().describe("Receive ring [descriptors]; absent means 1024."),
    txRing: z
        .literal(256, {
            error: "a transmit ring has 256 descriptors on a tap: QEMU takes more with vhost-user and vDPA only; remove txRing",
        })
        .optional()
        .describe("Transmit ring [descriptors]; QEMU fixes it at 256 for a tap."),
    mtu: Mtu.default(1500).describe("MTU that the guest is told [byte]."),
    mac: Mac.optional().describe("MAC address; absent derives a stable, locally administered one from the names."),
    address: AddressWithPrefix.optional().describe("Address of the guest's interface, such as 10.0.0.11/24."),
});
export type VirtioNic = z.output<typeof VirtioNic>;
export type VirtioNicInput = z.input<typeof VirtioNic>;

/** Queues and rings are virtio's: an emulated model has one queue and rings of its own, and would drop them in silence. */
export function checkModel(nic: Partial<VirtioNic>, path: PropertyKey[], say: Say): void {
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
}
