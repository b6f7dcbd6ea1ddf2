/** The 0.9 line of @pulumi/libvirt: its arguments mirror libvirt's XML, so a guest is written as it is. */
import * as pulumi from "@pulumi/pulumi";
import { isCdRom, kibibytes } from "../../schemas/guest";
import type { DecidedNic } from "../../schemas/virtio-nic";
import {
    type DomainAdapter,
    domainType,
    driverOf,
    type GuestDescription,
    type GuestDisk,
    memoryOf,
    needsIommu,
    startsBy,
    type NicsAdapter,
    tellsMtu,
} from "./guest";
import type { DomainArgs, DomainInterface } from "./native-schema";

/** Arguments of that line's `Domain`. MAC addresses are in lower case, as libvirt gives them back. */
export const nativeDomain: DomainAdapter = (guest, taps) => {
    const args: DomainArgs = {
        name: guest.name,
        type: domainType[guest.accelerator],
        vcpu: guest.vcpus,
        memory: guest.memoryMiB,
        memoryUnit: "MiB",
        running: true,
        ...(guest.autostart && { autostart: true }),
        // For a change the provider shuts the guest down itself, and cuts its power after 30 s. Where nothing is declared,
        // that stays: any other word would start every guest anew that is there without it.
        ...(guest.shutdownTimeout !== undefined && { update: { shutdown: { timeout: guest.shutdownTimeout } } }),
        os: osOf(guest),
        features: { acpi: true, apic: {}, ...(needsIommu(guest) && { ioapic: { driver: "qemu" } }) },
        ...processorOf(guest),
        ...memoryBackingOf(guest),
        devices: {
            ...(guest.disks.length + (guest.cloudInit ? 1 : 0) > 0 && { disks: disksOf(guest) }),
            ...(guest.cloudInit && { controllers: [{ type: "scsi", index: 0, model: "virtio-scsi" }] }),
            ...(needsIommu(guest) && { iommu: { model: "intel", driver: { intRemap: "on", eim: "on" } } }),
            interfaces: guest.nics.map((nic, index) => nativeInterface(nic, guest.accelerator, taps[index])),
            serials: [serial(guest.console)],
        },
    };
    // A volume that is made anew has the name of the former, so the domain would be the same, and the guest would go on
    // with a file that nobody sees any more, until its next start.
    const volumes = [...guest.disks.flatMap(({ from }) => ("volume" in from ? [from.volume] : [])), guest.cloudInit];
    // Also where that is nothing: the engine takes what comes to a domain that followed nothing for no change.
    const follows = volumes.flatMap((volume) => volume?.content ?? []);
    return { args, replaceOnChanges: [], follows };
};

/** One NIC in the words of that line. */
function nativeInterface(
    nic: DecidedNic,
    accelerator: GuestDescription["accelerator"],
    tap: pulumi.Input<string> | undefined,
): DomainInterface {
    const driver = driverOf(nic, accelerator);
    return {
        mac: { address: nic.mac },
        ...(nic.vhostUserSocket === undefined
            ? { source: { ethernet: {} }, target: { dev: tap ?? "", managed: false } }
            : { source: { vhostUser: { dev: "", chardev: { unix: { path: nic.vhostUserSocket, mode: "server" } } } } }),
        ...(tellsMtu(nic) && { mtu: { size: nic.mtu } }),
        ...(nic.model && { model: { type: nic.model } }),
        ...(driver && { driver: withoutSingleQueue(driver) }),
    };
}

/** libvirt keeps no word of a single queue, and the provider would see a difference for ever. */
const withoutSingleQueue = ({ queues, ...driver }: NonNullable<DomainInterface["driver"]> & { queues: number }) =>
    queues > 1 ? { ...driver, queues } : driver;

/** NICs for a domain of that line that somebody wrote by hand. */
export const nativeNics: NicsAdapter = (args, nics, taps) => {
    const { devices = {}, type } = args as { devices?: pulumi.Input<{ interfaces?: object[] }>; type?: unknown };
    const accelerator = type === domainType.tcg ? "tcg" : "kvm";
    const ours = nics.map((nic, index) => nativeInterface(nic, accelerator, taps[index]));
    const withOurs = pulumi
        .all([devices, ours])
        .apply(([given, written]) => ({ ...given, interfaces: [...(given.interfaces ?? []), ...written] }));
    return { ...args, devices: withOurs, ...sharedFor(nics, args) };
};

/** vhost-user needs shared memory; a domain that says something of its memory already is left to its author. */
function sharedFor(nics: DecidedNic[], args: object): object {
    const { shared } = memoryOf({ nics });
    if (!shared) return {};
    if ("memoryBacking" in args) return {};
    return memoryBackingOf({ nics });
}

function osOf(guest: GuestDescription): DomainArgs["os"] {
    const { machine, kernel, initrd, cmdline, firmware } = guest;
    const loader = firmware === undefined ? {} : { loader: firmware, loaderReadonly: "yes", loaderType: "pflash" };
    const common = { type: "hvm" as const, typeMachine: machine, ...loader };
    if (kernel === undefined) return { ...common, bootDevices: startsBy(guest).map((dev) => ({ dev })) };
    return { ...common, kernel, initrd, cmdline: cmdline.join(" ") };
}

function processorOf({ cpu, numa, pinning }: GuestDescription): Pick<DomainArgs, "cpu" | "cpuTune" | "numaTune"> {
    // The provider keeps this unit as libvirt does, and would see a difference to any other for ever.
    const cells = numa?.map(({ cpus, memoryMiB }, id) => ({ id, cpus, memory: memoryMiB * 1024, unit: "KiB" }));
    return {
        ...((cpu || cells) && {
            cpu: {
                ...(cpu?.mode && { mode: cpu.mode }),
                ...(cpu?.topology && { topology: cpu.topology }),
                ...(cells && { numa: { cells } }),
            },
        }),
        ...(pinning && {
            cpuTune: {
                vcpuPins: pinning.vcpus.map((cpuSet, vcpu) => ({ vcpu, cpuSet })),
                ...(pinning.emulator && { emulatorPin: { cpuSet: pinning.emulator } }),
            },
        }),
        ...(pinning?.memoryNodes && { numaTune: { memory: { mode: "strict", nodeset: pinning.memoryNodes } } }),
    };
}

function memoryBackingOf(guest: Pick<GuestDescription, "nics" | "memory">): Pick<DomainArgs, "memoryBacking"> {
    const { shared, hugepages } = memoryOf(guest);
    if (!shared && hugepages === undefined) return {};
    return {
        memoryBacking: {
            ...(hugepages !== undefined && {
                memoryHugePages: { hugepages: [{ size: kibibytes(hugepages), unit: "KiB" }] },
            }),
            ...(shared && { memorySource: { type: "memfd" }, memoryAccess: { mode: "shared" } }),
        },
    };
}

function disksOf({ disks, cloudInit }: GuestDescription): NonNullable<DomainArgs["devices"]["disks"]> {
    const written = disks.map(({ format, from }, index) => {
        const isCd = "file" in from && isCdRom(from.file);
        return {
            device: isCd ? "cdrom" : "disk",
            driver: { name: "qemu", type: format },
            source: sourceOf(from),
            target: isCd ? { dev: `sd${letter(index)}`, bus: "sata" } : { dev: `vd${letter(index)}`, bus: "virtio" },
        };
    });
    if (!cloudInit) return written;
    // Every cloud's kernel has a driver for this one; SATA and IDE some have not.
    const target = { dev: `sd${letter(disks.length)}`, bus: "scsi" };
    const source = sourceOf({ volume: cloudInit });
    return [...written, { device: "cdrom", driver: { name: "qemu", type: "raw" }, source, target }];
}

function sourceOf(from: GuestDisk["from"]) {
    if ("file" in from) return { file: { file: from.file } };
    if ("block" in from) return { block: { dev: from.block } };
    return { volume: { pool: from.volume.pool, volume: from.volume.name } };
}

/** a, b ... z, aa: as devices of the guest are called. */
const letter = (index: number): string =>
    (index >= 26 ? letter(Math.floor(index / 26) - 1) : "") + String.fromCharCode(97 + (index % 26));

function serial(console: { socket: string; log: string } | undefined) {
    // Without a source it is a terminal of libvirt's own; the provider demands a path of such a one.
    if (!console) return { target: { port: 0 } };
    return {
        source: { unix: { mode: "bind", path: console.socket } },
        log: { file: console.log, append: "off" },
        target: { port: 0 },
    };
}
