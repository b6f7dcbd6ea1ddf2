/** The guest that a lab supplies: a kernel and an initramfs, made once and kept in the cache. */
import { createHash } from "node:crypto";
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { cached } from "../cache";
import { mustRun } from "../commands";
import type { Progress } from "../progress";
import { cpio, type Entry } from "./cpio";
import { GUEST_DHCP, GUEST_INIT, GUEST_REPORT } from "./init";
import { unpackedKernel } from "./kernel";
import { guestParts, kernelVersion } from "./parts";

export interface GuestImage {
    kernel: string;
    initrd: string;
}

/** Counts up when this file makes another image out of the same parts. */
const RECIPE = 1;
/** Before the report: the NICs. After it: what only some guests need (DHCP, disks, an agent), and the power button. */
const MODULES = {
    "at-boot": ["virtio_pci", "virtio_net"],
    later: ["af_packet", "button", "evdev", "virtio_blk", "virtio_scsi", "sr_mod", "isofs", "virtio_console"],
};
/** Programs beside busybox, with the libraries they load. */
const PROGRAMS = ["sbin/ethtool", "usr/bin/iperf3", "usr/sbin/qemu-ga"];

/** Kernel and initramfs of the lab's guests; at once when they are in the cache. */
export async function guestImage(progress: Progress): Promise<GuestImage> {
    const digest = createHash("sha256")
        .update(JSON.stringify([RECIPE, GUEST_INIT, GUEST_DHCP, GUEST_REPORT, MODULES, PROGRAMS]))
        .digest("hex")
        .slice(0, 12);
    const folder = await cached(join("guest", `image-${digest}`), (draft) =>
        progress.step("Guest for the lab (kernel and initramfs)", async (tell) => {
            const parts = await guestParts(tell);
            tell("packing");
            const version = kernelVersion(parts);
            const image = readFileSync(join(parts, "boot", `vmlinuz-${version}`));
            writeFileSync(join(draft, "vmlinuz"), unpackedKernel(image));
            writeFileSync(join(draft, "initrd"), await guestRoot(parts, { parts, version, modules: MODULES }));
        }),
    );
    return { kernel: join(folder, "vmlinuz"), initrd: join(folder, "initrd") };
}

/** The kernel that a guest boots: its modules, and when they are loaded. */
interface GuestKernel {
    /** Folder with the unpacked packages of the kernel. */
    parts: string;
    version: string;
    modules: typeof MODULES;
}

/** Modules that every guest of a lab loads. */
export const GUEST_MODULES: Readonly<typeof MODULES> = MODULES;

/** The first file system of a guest, packed. @param parts folder with the unpacked programs */
export async function guestRoot(parts: string, { parts: kernel, version, modules }: GuestKernel): Promise<Buffer> {
    const entries = new Map<string, Entry>();
    const add = (entry: Entry) => entries.set(entry.path, entry);
    const busybox = join(parts, "bin/busybox");
    add({ path: "init", kind: "file", data: Buffer.from(GUEST_INIT), mode: 0o755 });
    add({ path: "dhcp", kind: "file", data: Buffer.from(GUEST_DHCP), mode: 0o755 });
    add({ path: "report.awk", kind: "file", data: Buffer.from(GUEST_REPORT) });
    add({ path: "etc/hosts", kind: "file", data: Buffer.from("127.0.0.1 localhost\n::1 localhost\n") });
    add({ path: "bin/busybox", kind: "file", data: readFileSync(busybox), mode: 0o755 });
    for (const applet of (await mustRun([busybox, "--list"])).split("\n"))
        if (/^[a-z0-9_]+$/.test(applet) && applet !== "busybox")
            add({ path: `bin/${applet}`, kind: "link", target: "busybox" });
    for (const program of PROGRAMS) {
        add({ path: `bin/${basename(program)}`, kind: "file", data: readFileSync(join(parts, program)), mode: 0o755 });
        for (const library of await librariesOf(join(parts, program), parts))
            add({ path: library.place.slice(1), kind: "file", data: readFileSync(library.file), mode: 0o755 });
    }
    for (const [when, names] of Object.entries(modules)) {
        const files = await moduleFiles(kernel, version, names);
        for (const file of files) add({ path: `modules/${basename(file)}`, kind: "file", data: readFileSync(file) });
        add({
            path: `modules/${when}`,
            kind: "file",
            data: Buffer.from(files.map((file) => `${basename(file)}\n`).join("")),
        });
    }
    const folders = new Set(["dev", "proc", "sys", "tmp"]);
    for (const path of entries.keys())
        for (let folder = dirname(path); folder !== "."; folder = dirname(folder)) folders.add(folder);
    return cpio([...[...folders].sort().map((path): Entry => ({ path, kind: "folder" })), ...entries.values()]);
}

/** The libraries that `ldd` names: where the program looks for each, and the file that is there. */
export function parseLdd(text: string): string[] {
    return [...text.matchAll(/(?:=> )?(\/\S+) \(0x[0-9a-f]+\)/g)].map(([, path = ""]) => path);
}

async function librariesOf(program: string, parts: string) {
    const unpacked = [join(parts, "usr/lib/x86_64-linux-gnu"), join(parts, "lib/x86_64-linux-gnu")];
    const text = await mustRun(["ldd", program], { env: { ...process.env, LD_LIBRARY_PATH: unpacked.join(":") } });
    return parseLdd(text).map((path) => ({
        place: path.startsWith(parts) ? path.slice(parts.length) : path,
        file: realpathSync(path),
    }));
}

/** The files of these modules and of those they need, in the order in which they are to be loaded. */
export async function moduleFiles(parts: string, version: string, names: readonly string[]): Promise<string[]> {
    const shown = await Promise.all(
        names.map((name) => mustRun(["modprobe", "-d", parts, "-S", version, "--show-depends", name])),
    );
    return [...new Set(shown.flatMap(parseShowDepends))];
}

/** Files out of `modprobe --show-depends`: lines `insmod FILE`; `builtin NAME` needs no file. */
export function parseShowDepends(text: string): string[] {
    return [...text.matchAll(/^insmod (\S+)/gm)].map(([, file = ""]) => file);
}
