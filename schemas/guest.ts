/** What a guest is made of beside its NICs: processor, memory, disks, and what it is told at its first boot. */
import { z } from "zod";
import { count, toggle } from "./link-parts";
import { entriesOf, named, type Say } from "./named";
import { CpuList } from "./tuning-words";
import { bytes } from "./amounts";
import { HostPath, Label, Size } from "./units";

const Topology = z
    .strictObject({
        sockets: count("sockets", 1, 512, "sockets").default(1).describe("Sockets [count]."),
        cores: count("cores", 1, 512, "cores").default(1).describe("Cores a socket [count]."),
        threads: count("threads", 1, 8, "threads").default(1).describe("Threads a core [count]."),
    })
    .meta({ token: "index:CpuTopology" });

export const Cpu = z
    .strictObject({
        mode: z
            .enum(["host-passthrough", "host-model", "maximum"], {
                error: "a CPU mode is host-passthrough, host-model or maximum",
            })
            .optional()
            .describe("Which processor the guest sees; absent leaves it to libvirt."),
        topology: Topology.optional().describe(
            "How the vCPUs are arranged; their product is the number of vCPUs. Absent is a socket a vCPU.",
        ),
    })
    .meta({ token: "index:Cpu" });

const NumaCell = z
    .strictObject({
        cpus: CpuList.describe('vCPUs of the node, such as "0-3".'),
        memoryMiB: count("memoryMiB", 1, 16_777_216, "MiB").describe("Memory of the node [MiB]."),
    })
    .meta({ token: "index:NumaCell" });

export const Pinning = z
    .strictObject({
        vcpus: z
            .array(CpuList, 'vcpus is a list of host CPUs, one entry a vCPU, such as ["2", "3"]')
            .describe("Host CPUs of each vCPU, in their order."),
        emulator: CpuList.optional().describe(
            "Host CPUs of QEMU itself and of its vhost threads; absent leaves them on every CPU, the pinned ones too.",
        ),
        memoryNodes: CpuList.optional().describe("NUMA nodes of the host that the guest's memory comes from."),
    })
    .meta({ token: "index:Pinning" });

export const Memory = z
    .strictObject({
        shared: toggle("shared")
            .default(false)
            .describe("Whether other processes may map the guest's memory; a NIC with vhost-user sets it by itself."),
        hugepages: Size.optional().describe('Size of the huge pages that the memory lies in, such as "2MiB".'),
    })
    .meta({ token: "index:GuestMemory" });

const DiskFormat = z.enum(["qcow2", "raw"], { error: "a disk's format is qcow2 or raw" });

export const Disk = z
    .strictObject({
        size: Size.optional().describe(
            "Size of a volume that is made for the guest; absent is that of source or base. To grow it, grow it on the host, and write the new size before `pulumi up --refresh`.",
        ),
        source: z
            .string("source is a path or URL of an image")
            .min(1, "source is a path or URL of an image")
            .optional()
            .describe("Image that the volume is filled with: a path where the program runs, or a URL."),
        base: HostPath.optional().describe(
            "Image in a pool of the host that the volume lies over: what differs from it is written into the volume. For the 0.9 line it needs size beside it.",
        ),
        baseFormat: DiskFormat.optional().describe(
            "Format of base, of which the 0.8 line asks the pool; absent is raw for one that ends in .raw, else qcow2.",
        ),
        format: DiskFormat.optional().describe(
            "Format of the volume, file or block device; absent is raw for a block device and for a file that does not end in .qcow2 or a source that ends in .raw, else qcow2.",
        ),
        pool: Label.default("default").describe("Pool of the host that the volume is made in."),
        file: HostPath.optional().describe(
            "Image file of the host that is taken as it is, instead of a volume; one that ends in .iso is a CD-ROM, by which the guest starts where its disks are empty. For the 0.8 line any other lies in a pool that knows it.",
        ),
        block: HostPath.optional().describe("Block device of the host that is taken as it is, instead of a volume."),
    })
    .meta({ token: "index:Disk" });
export type Disk = z.output<typeof Disk>;

/** A CD-ROM by its name, as line 0.8 of the libvirt provider tells it. */
export const isCdRom = (file: string): boolean => file.endsWith(".iso");

/** The format of a disk, declared or not. A file is never asked for its own: the guest may have written it. */
export function formatOf({ file, block, source, format }: Pick<Disk, "file" | "block" | "source" | "format">) {
    if (format !== undefined) return format;
    if (file !== undefined) return file.endsWith(".qcow2") ? "qcow2" : "raw";
    return block === undefined ? imageFormat(source) : "raw";
}

/** The format of a system's image by its name; one that ends in .img is qcow2 with many a publisher. */
export const imageFormat = (image = ""): "qcow2" | "raw" => (image.endsWith(".raw") ? "raw" : "qcow2");

export const USER_DATA = "userData is what cloud-init reads: text that begins with #cloud-config, #! or MIME headers";
export const UserData = z.string(USER_DATA).regex(/^(#|Content-Type:|MIME-Version:)/i, USER_DATA);

export const CloudInit = z
    .strictObject({
        userData: UserData.optional().describe(
            "What cloud-init does at the first boot; absent is nothing beside name and network. It may be a secret, or hold what another resource tells.",
        ),
        metaData: z
            .record(z.string(), z.string(), "metaData maps names to text")
            .default({})
            .describe("More metadata; instance-id and local-hostname are the guest's name."),
        networkConfig: z
            .string("networkConfig is YAML as cloud-init's network-config takes it")
            .optional()
            .describe("Network configuration; absent is written from the NICs, found by their MAC addresses."),
        pool: Label.default("default").describe("Pool of the host that the disk is made in."),
    })
    .meta({ token: "index:CloudInit" });
export type CloudInit = z.output<typeof CloudInit>;

/** Fields of a guest beside its size, its boot and its NICs. */
export const guestParts = {
    cpu: Cpu.optional().describe("Which processor the guest sees."),
    numa: z
        .array(NumaCell, "numa is a list of nodes, each { cpus, memoryMiB }")
        .optional()
        .describe("NUMA nodes that the guest sees; together all its vCPUs and all its memory."),
    pinning: Pinning.optional().describe("Which CPUs of the host the guest runs on."),
    memory: Memory.optional().describe("How the guest's memory lies in the host's."),
    disks: named(Label, Disk, "disks maps names to disks, such as { root: { size: '10GiB' } }")
        .default({})
        .describe(
            "Disks by name, in the order the guest sees them; they outlive its domain. Another name, size, source, base, format or pool makes a volume anew, and what it holds is lost.",
        ),
    cloudInit: CloudInit.optional().describe(
        "Disk from which cloud-init in the guest takes its settings, at its first boot; of a change it takes only what it does at every boot, unless metaData has another instance-id.",
    ),
    firmware: HostPath.optional().describe(
        "UEFI firmware of the host that the guest starts by, such as /usr/share/OVMF/OVMF_CODE.fd; its variables go with its domain. Absent is a BIOS.",
    ),
    autostart: toggle("autostart").default(false).describe("Whether the guest starts with its host."),
    shutdownTimeout: count("shutdownTimeout", 1, 3600, "seconds")
        .default(60)
        .describe(
            "How long the guest may take to shut down before its domain goes [s]; after it, its power is cut with a warning. The 0.9 line of the libvirt provider shuts it down itself for a change, warns of nothing, and waits 30 s where this is not declared.",
        ),
};

interface GuestLike {
    vcpus?: number;
    memoryMiB?: number;
    cpu?: z.output<typeof Cpu>;
    numa?: z.output<typeof NumaCell>[];
    pinning?: z.output<typeof Pinning>;
    memory?: z.output<typeof Memory>;
    machine?: string;
    disks?: Record<string, Disk>;
    boot?: unknown;
}

/** vCPUs that interrupts reach by their 8 bits of an APIC id; more need an IOMMU that remaps them (libvirt, qemu_validate.c). */
export const MOST_WITHOUT_IOMMU = 255;

/** Huge pages that processors have, from 64 KiB (ARM) to 16 GiB (POWER). */
const isPageSize = (size: number): boolean =>
    size >= 64 * 1024 && size <= 16 * 1024 ** 3 && Number.isInteger(Math.log2(size));

/** What must hold between the parts of a guest. It may meet raw input. */
export function checkGuest({ vcpus = 1, memoryMiB = 256, ...guest }: GuestLike, say: Say): void {
    const topology = guest.cpu?.topology;
    if (topology) {
        const product = (topology.sockets ?? 1) * (topology.cores ?? 1) * (topology.threads ?? 1);
        if (product !== vcpus)
            say(["cpu", "topology"], `sockets x cores x threads is ${product}, and the guest has ${vcpus} vCPUs`);
    }
    if (Array.isArray(guest.numa)) checkNuma(guest.numa, vcpus, memoryMiB, say);
    const pinned = guest.pinning?.vcpus;
    if (Array.isArray(pinned) && pinned.length !== vcpus)
        say(["pinning", "vcpus"], `it has ${pinned.length} entries, and the guest has ${vcpus} vCPUs; one a vCPU`);
    if (vcpus > MOST_WITHOUT_IOMMU && /^pc(-i440fx.*)?$/.test(String(guest.machine)))
        say(["vcpus"], `machine ${guest.machine} has at most ${MOST_WITHOUT_IOMMU} vCPUs; set machine: q35, or fewer`);
    const hugepages = Size.safeParse(guest.memory?.hugepages);
    if (hugepages.success && !isPageSize(bytes(hugepages.data)))
        say(["memory", "hugepages"], "huge pages have a power of two from 64KiB to 16GiB, such as 2MiB or 1GiB");
    for (const [name, disk] of entriesOf(guest.disks)) checkDisk(name, disk, say);
    if (guest.boot === undefined && entriesOf(guest.disks).length === 0)
        say(["boot"], "a guest boots from a kernel or from a disk; set boot: { kernel, initrd }, or disks");
}

function checkNuma(cells: z.output<typeof NumaCell>[], vcpus: number, memoryMiB: number, say: Say): void {
    const cpus = cells.flatMap(({ cpus }) => (CpuList.safeParse(cpus).success ? idsOf(cpus) : []));
    const wanted = Array.from({ length: vcpus }, (_, id) => id);
    if ([...cpus].sort((a, b) => a - b).join() !== wanted.join())
        say(["numa"], `its nodes have the vCPUs ${cpus.join(", ")}; each of 0 to ${vcpus - 1} belongs to one of them`);
    const memory = cells.reduce((sum, cell) => sum + cell.memoryMiB, 0);
    if (memory !== memoryMiB) say(["numa"], `its nodes have ${memory} MiB together, and the guest ${memoryMiB} MiB`);
}

function checkDisk(name: string, disk: Disk, say: Say): void {
    const given = (["file", "block"] as const).filter((key) => disk[key] !== undefined);
    const made = (["size", "source", "base"] as const).filter((key) => disk[key] !== undefined);
    if (given.length + Math.min(1, made.length) !== 1)
        say(["disks", name], "a disk is exactly one of: a volume that is made (size, source or base), a file, a block");
    if (disk.source !== undefined && disk.base !== undefined)
        say(["disks", name], "a volume is filled from source or lies over base; remove one of them");
    if (disk.source !== undefined && disk.size !== undefined)
        say(
            ["disks", name, "size"],
            "a volume that is filled from source has the size of that image; remove size, or grow the image before",
        );
    if (disk.base !== undefined && disk.format === "raw")
        say(["disks", name, "format"], "a volume that lies over base is qcow2; remove format, or fill it from source");
    if (disk.base === undefined && disk.baseFormat !== undefined)
        say(["disks", name, "baseFormat"], "there is no base; remove baseFormat");
    if (typeof disk.file === "string" && isCdRom(disk.file) && disk.format === "qcow2")
        say(["disks", name, "format"], "a file that ends in .iso is a CD-ROM, which is raw; remove format");
}

/** vCPUs or host CPUs of a list such as `0-3,8`. */
function idsOf(list: string): number[] {
    return list.split(",").flatMap((part) => {
        const [from = 0, to = from] = part.split("-").map(Number);
        return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
    });
}

/** Whole KiB of a size, as libvirt counts huge pages. */
export const kibibytes = (size: string): number => Math.floor(bytes(size) / 1024);
