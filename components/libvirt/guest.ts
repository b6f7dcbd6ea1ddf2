/** A guest as both lines of @pulumi/libvirt are told of it: every value decided, nothing of either line's words. */
import type * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { type Cpu, isCdRom, type Memory, MOST_WITHOUT_IOMMU, type Pinning } from "../../schemas/guest";
import type { DecidedNic } from "../../schemas/virtio-nic";

/** A disk, and where it comes from: a volume that was made for the guest, a file or a block device of the host. */
export interface GuestDisk {
    name: string;
    format: "qcow2" | "raw";
    from: { volume: MadeVolume } | { file: string } | { block: string };
}

/** What a domain needs to know of a volume. */
export interface MadeVolume {
    id: pulumi.Input<string>;
    name: pulumi.Input<string>;
    pool: pulumi.Input<string>;
    /** What it is filled with; something else is another volume of the same name. Absent is an empty one. */
    content?: pulumi.Input<string>;
}

export interface GuestDescription {
    name: string;
    vcpus: number;
    memoryMiB: number;
    /** kvm, or tcg where the host has no /dev/kvm that boots guests: QEMU's own emulation. */
    accelerator: "kvm" | "tcg";
    /** QEMU machine type, such as q35. */
    machine: string;
    /** Kernel that QEMU starts; absent starts what the disks hold. */
    kernel?: string;
    initrd?: string;
    /** Words of the kernel command line. */
    cmdline: string[];
    /** UEFI firmware that it starts by; absent is a BIOS. */
    firmware?: string;
    cpu?: z.output<typeof Cpu>;
    numa?: { cpus: string; memoryMiB: number }[];
    pinning?: z.output<typeof Pinning>;
    memory?: z.output<typeof Memory>;
    disks: GuestDisk[];
    /** Disk for cloud-init: its id in the 0.8 line, its volume in the 0.9 line. */
    cloudInit?: MadeVolume;
    autostart: boolean;
    /** How long it may take to shut down, where that is declared [s]. */
    shutdownTimeout?: number;
    /** Where the serial console answers and what it printed is kept; absent gives it a terminal of libvirt's own. */
    console: { socket: string; log: string } | undefined;
    nics: DecidedNic[];
}

/** Arguments of one line's `Domain`, and what that line cannot change in place. */
interface DomainArguments {
    args: object;
    replaceOnChanges: string[];
    /**
     * Arguments that a new domain alone follows, as the program says them: what that line reads back may be another word
     * for the same, which `replaceOnChanges` would take for a change.
     */
    replacedWith?: string[];
    /** What a new domain alone follows, and no argument says; absent where the line has arguments for all. */
    follows?: pulumi.Input<string>[];
}

/**
 * Writes a guest in the words of one line. `taps` are the names of the NICs' taps, in the order of the NICs; a NIC with
 * vhost-user has none, and its entry is not read.
 */
export type DomainAdapter = (guest: GuestDescription, taps: pulumi.Input<string>[]) => DomainArguments;

/**
 * Adds NICs to the arguments of a domain that somebody wrote by hand; what else they say stays.
 *
 * @throws RangeError where the arguments already have what the NICs need for themselves; it tells what
 */
export type NicsAdapter = <Args extends object>(args: Args, nics: DecidedNic[], taps: pulumi.Input<string>[]) => Args;

/** libvirt's word for who runs the virtual CPUs. */
export const domainType = { kvm: "kvm", tcg: "qemu" } as const;

/**
 * The driver settings of a NIC, or none where its model has no such settings.
 *
 * With kvm the in-kernel vhost is demanded by name, since libvirt otherwise falls back to QEMU without a word; with
 * tcg QEMU itself moves the packets (libvirt formatdomain, "Setting NIC driver-specific options"). With vhost-user
 * neither does, and libvirt ignores a name.
 */
export function driverOf(nic: DecidedNic, accelerator: GuestDescription["accelerator"]) {
    if (nic.model !== "virtio") return undefined;
    const sizes: { name?: string; queues: number; rxQueueSize: number; txQueueSize: number } = {
        queues: nic.queues,
        rxQueueSize: nic.rxRing,
        txQueueSize: nic.txRing,
    };
    if (nic.vhostUserSocket !== undefined) return sizes;
    return { name: accelerator === "kvm" ? "vhost" : "qemu", ...sizes };
}

/**
 * Whether the domain tells the guest its MTU. With vhost-user libvirt looks for a link of the host with the name of the
 * switch's port, to give it the MTU, and refuses to start the guest since there is none; the guest sets it by itself.
 */
export const tellsMtu = ({ vhostUserSocket }: DecidedNic): boolean => vhostUserSocket === undefined;

/**
 * MTU that the guest has to set by itself [byte]: with vhost-user, and where an emulated model, which has no word for it
 * (QEMU's `host_mtu` is virtio's), has another than Ethernet's.
 */
export function mtuToSet(nic: DecidedNic): number | undefined {
    const isTold = tellsMtu(nic) && (nic.model === "virtio" || nic.mtu === ETHERNET_MTU);
    return isTold ? undefined : nic.mtu;
}

/** MTU of a NIC that is told none [byte] (IEEE 802.3). */
const ETHERNET_MTU = 1500;

/** vhost-user maps the guest's memory into the switch, so it is shared, whatever else is said of it. */
export function memoryOf({ memory, nics }: Pick<GuestDescription, "memory" | "nics">) {
    const shared = memory?.shared === true || nics.some(({ vhostUserSocket }) => vhostUserSocket !== undefined);
    return { shared, hugepages: memory?.hugepages };
}

/** A CD-ROM that is declared; that of cloud-init holds nothing to start by. */
export const hasCdRom = ({ disks = [] }: Partial<GuestDescription>): boolean =>
    disks.some(({ from }) => "file" in from && isCdRom(from.file));

/** What a guest without a kernel starts by, in turn: a CD-ROM where its disks are still empty. */
export const startsBy = (guest: GuestDescription): string[] => (hasCdRom(guest) ? ["hd", "cdrom"] : ["hd"]);

/** Whether libvirt takes the guest's vCPUs only with an IOMMU. Newer versions add one by themselves; 9.0 refuses the guest. */
export const needsIommu = ({ vcpus = 1, machine = "" }: Partial<GuestDescription>): boolean =>
    vcpus > MOST_WITHOUT_IOMMU && hasSata(machine);

/** Machine types of Intel's Q35 chipset have SATA and no IDE. */
export const hasSata = (machine: string): boolean => machine.includes("q35");
