/** A guest as both lines of @pulumi/libvirt are told of it: every value decided, nothing of either line's words. */
import type * as pulumi from "@pulumi/pulumi";
import type { DecidedNic } from "../../schemas/virtio-nic";

export interface GuestDescription {
    name: string;
    vcpus: number;
    memoryMiB: number;
    /** kvm, or tcg where the host has no /dev/kvm that boots guests: QEMU's own emulation. */
    accelerator: "kvm" | "tcg";
    /** QEMU machine type, such as q35. */
    machine: string;
    kernel: string;
    initrd: string;
    /** Words of the kernel command line. */
    cmdline: string[];
    /** Where the serial console answers and what it printed is kept; absent gives it a terminal of libvirt's own. */
    console: { socket: string; log: string } | undefined;
    nics: DecidedNic[];
}

/** Arguments of one line's `Domain`, and what that line cannot change in place. */
interface DomainArguments {
    args: Record<string, unknown>;
    replaceOnChanges: string[];
}

/** Writes a guest in the words of one line. `taps` are the names of the NICs' taps, in the order of the NICs. */
export type DomainAdapter = (guest: GuestDescription, taps: pulumi.Output<string>[]) => DomainArguments;

/** libvirt's word for who runs the virtual CPUs. */
export const domainType = { kvm: "kvm", tcg: "qemu" } as const;

/**
 * The driver settings of a NIC, or none where its model has no such settings.
 *
 * With kvm the in-kernel vhost is demanded by name, since libvirt otherwise falls back to QEMU without a word; with
 * tcg QEMU itself moves the packets (libvirt formatdomain, "Setting NIC driver-specific options").
 */
export function driverOf(nic: DecidedNic, accelerator: GuestDescription["accelerator"]) {
    if (nic.model !== "virtio") return undefined;
    const name = accelerator === "kvm" ? "vhost" : "qemu";
    return { name, queues: nic.queues, rxQueueSize: nic.rxRing, txQueueSize: nic.txRing };
}
