/** What a host is made of, beside its links: CPUs, memory, huge pages, what guests need of the kernel. */
import type { GetHostOutputs } from "../../schemas/facts";
import type { Place } from "./place";

const DEVICES = {
    kvm: "/dev/kvm",
    vhostNet: "/dev/vhost-net",
    vhostVsock: "/dev/vhost-vsock",
    tun: "/dev/net/tun",
} as const;

const CPUS = "/sys/devices/system/cpu/online";
const NODES = "/sys/devices/system/node";
const HUGEPAGES = "/sys/kernel/mm/hugepages";
const NESTED = ["/sys/module/kvm_intel/parameters/nested", "/sys/module/kvm_amd/parameters/nested"];

/** A host but for who manages its links. In four processes. */
export async function readMachine(place: Place): Promise<Omit<GetHostOutputs, "managers">> {
    const print = async (...argv: string[]) => (await place.run(argv)).stdout;
    const quiet = ["--no-messages", "--with-filename", "--null"];
    const recursive = ["--recursive", "--include=cpulist", "--include=nr_hugepages", "--include=free_hugepages"];
    const [names, devices, files, trees] = await Promise.all([
        print("uname", "--kernel-release", "--machine"),
        print("find", ...Object.values(DEVICES), "-maxdepth", "0", "-type", "c"),
        print(
            "grep",
            ...quiet,
            "--extended-regexp",
            "^MemTotal:|^[0-9][0-9,-]*$|^[YN]$",
            "/proc/meminfo",
            CPUS,
            ...NESTED,
        ),
        print("grep", ...quiet, ...recursive, "", NODES, HUGEPAGES),
    ]);
    return machineOf(names, devices, `${files}\n${trees}`);
}

/**
 * @param names   what `uname -rm` prints
 * @param devices paths of devices that are there, a line each
 * @param files   lines `PATH NUL LINE`
 */
function machineOf(names: string, devices: string, files: string): Omit<GetHostOutputs, "managers"> {
    const [kernel = "", architecture = ""] = names.trim().split(" ");
    const there = new Set(devices.split("\n"));
    const lines = new Map(
        files.split("\n").map((row): [string, string] => {
            const [path = "", line = ""] = row.split("\0");
            return [path, line];
        }),
    );
    const numaNodes = [...lines]
        .flatMap(([path, cpus]) => {
            const node = /\/node(\d+)\/cpulist$/.exec(path)?.[1];
            return node === undefined ? [] : [{ node: Number(node), cpus }];
        })
        .sort((a, b) => a.node - b.node);
    const hugepages = [...lines]
        .flatMap(([path, total]) => {
            // Those of one node stand below NODES and are counted in the host's.
            const [, folder, kibibytes] =
                /^(\/sys\/kernel\/mm\/hugepages\/hugepages-(\d+)kB)\/nr_hugepages$/.exec(path) ?? [];
            if (folder === undefined) return [];
            return [
                {
                    size: Number(kibibytes) * 1024,
                    total: Number(total),
                    free: Number(lines.get(`${folder}/free_hugepages`) ?? 0),
                },
            ];
        })
        .sort((a, b) => a.size - b.size);
    const nested = NESTED.map((path) => lines.get(path)).find((value) => value !== undefined);
    const memory = Number(/(\d+) kB/.exec(lines.get("/proc/meminfo") ?? "")?.[1] ?? 0) * 1024;
    return {
        kernel,
        architecture,
        cpus: lines.get(CPUS) ?? "",
        memory,
        ...(numaNodes.length > 0 ? { numaNodes } : {}),
        ...(hugepages.length > 0 ? { hugepages } : {}),
        ...(nested === undefined ? {} : { nestedKvm: nested === "Y" || nested === "1" }),
        kvm: there.has(DEVICES.kvm),
        vhostNet: there.has(DEVICES.vhostNet),
        vhostVsock: there.has(DEVICES.vhostVsock),
        tun: there.has(DEVICES.tun),
    };
}
