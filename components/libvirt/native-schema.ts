/**
 * The part of the 0.9 line's `Domain` that we write, as its published schema (docs/resources/domain.md of v0.9.7) has
 * it, in Pulumi's spelling: `cpu_tune` is `cpuTune`. The compiler holds the adapter to it, since no provider of that
 * line is run here.
 */
import type { Input } from "@pulumi/pulumi";

export interface DomainArgs {
    name: string;
    type: "kvm" | "qemu";
    vcpu: number;
    memory: number;
    memoryUnit: "MiB";
    running: boolean;
    autostart?: boolean;
    update?: { shutdown: { timeout: number } };
    os: {
        type: "hvm";
        typeMachine: string;
        loader?: string;
        loaderReadonly?: string;
        loaderType?: string;
        kernel?: string;
        initrd?: string;
        cmdline?: string;
        bootDevices?: { dev: string }[];
    };
    features: { acpi: boolean; apic: { eoi?: string }; ioapic?: { driver: string } };
    cpu?: {
        mode?: string;
        topology?: { sockets?: number; cores?: number; threads?: number };
        numa?: { cells: { id: number; cpus: string; memory: number; unit: string }[] };
    };
    cpuTune?: { vcpuPins: { vcpu: number; cpuSet: string }[]; emulatorPin?: { cpuSet: string } };
    numaTune?: { memory: { mode: string; nodeset: string } };
    memoryBacking?: {
        memoryHugePages?: { hugepages: { size: number; unit: string }[] };
        memorySource?: { type: string };
        memoryAccess?: { mode: string };
    };
    devices: {
        disks?: DomainDisk[];
        controllers?: { type: string; index: number; model: string }[];
        iommu?: { model: string; driver: { intRemap: string; eim: string } };
        interfaces: DomainInterface[];
        serials: DomainSerial[];
    };
}

interface DomainDisk {
    device: string;
    driver: { name: string; type: string };
    source: {
        file?: { file: string };
        block?: { dev: string };
        volume?: { pool: Input<string>; volume: Input<string> };
    };
    target: { dev: string; bus: string };
}

export interface DomainInterface {
    mac: { address: string };
    source: {
        ethernet?: Record<string, never>;
        vhostUser?: { dev: string; chardev: { unix: { path: string; mode: string } } };
    };
    target?: { dev: Input<string>; managed: boolean };
    mtu?: { size: number };
    model?: { type: string };
    driver?: { name?: string; queues?: number; rxQueueSize: number; txQueueSize: number };
}

interface DomainSerial {
    source?: { unix: { mode: string; path: string } };
    log?: { file: string; append: string };
    target: { port: number };
}

/** Arguments of that line's `Volume` (docs/resources/volume.md). */
export interface VolumeArgs {
    name: string;
    pool: string;
    capacity?: number;
    target?: { format: { type: string } };
    create?: { content: { url: Input<string> } };
    backingStore?: { path: Input<string>; format: { type: Input<string> } };
}

/** Arguments of that line's `CloudinitDisk` (docs/resources/cloudinit_disk.md). */
export interface CloudinitDiskArgs {
    name: string;
    userData: Input<string>;
    metaData: string;
    networkConfig: string;
}
