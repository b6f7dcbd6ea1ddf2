/** Kernel and first file system of a kernel guest, made once and kept in the cache. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { cached } from "../cache";
import { cpio, type Entry } from "../guest/cpio";
import { moduleFiles } from "../guest/image";
import { unpackedKernel } from "../guest/kernel";
import { guestParts, kernelVersion, type PackageSet } from "../guest/parts";
import type { Progress } from "../progress";
import { EARLY_INIT, LATE_INIT } from "./init";

export interface KernelImage {
    kernel: string;
    initrd: string;
    /** Folder with all of the kernel's modules and what depmod says of them. */
    modules: string;
}

const PACKAGES: PackageSet = { kernel: "linux-image-amd64", programs: ["busybox-static", "xz-utils"] };
/** What it takes to reach the machine's files and to talk to it. */
const MODULES = ["virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay"];
const FOLDERS = ["bin", "dev", "lower", "modules", "proc", "root", "sys", "written"];

/** The image; at once when it is in the cache, else some 70 MB are fetched. */
export async function kernelImage(progress: Progress): Promise<KernelImage> {
    const digest = createHash("sha256")
        .update(JSON.stringify([PACKAGES, EARLY_INIT, LATE_INIT, MODULES, FOLDERS]))
        .digest("hex")
        .slice(0, 12);
    let parts = "";
    const folder = await cached(join("guest", `kernel-${digest}`), (draft) =>
        progress.step("Debian's full kernel for tests", async (tell) => {
            parts = await guestParts(tell, PACKAGES);
            tell("packing");
            const busybox = join(parts, "bin/busybox");
            const version = kernelVersion(parts);
            const image = readFileSync(join(parts, "boot", `vmlinuz-${version}`));
            writeFileSync(
                join(draft, "vmlinux"),
                unpackedKernel(image, (packed) => unxz(parts, packed)),
            );
            writeFileSync(join(draft, "initrd"), cpio(rootOf(busybox, await moduleFiles(parts, version, MODULES))));
        }),
    );
    parts ||= await guestParts(() => undefined, PACKAGES);
    return {
        kernel: join(folder, "vmlinux"),
        initrd: join(folder, "initrd"),
        modules: join(parts, "lib/modules", kernelVersion(parts)),
    };
}

/** By xz itself: busybox's knows no filters, with which kernels are packed (--x86, scripts/xz_wrap.sh). */
const unxz = (parts: string, packed: Buffer) =>
    execFileSync(join(parts, "usr/bin/xz"), ["--decompress", "--stdout"], { input: packed, maxBuffer: 1 << 28 });

function rootOf(busybox: string, modules: readonly string[]): Entry[] {
    const file = (path: string, data: string | Buffer): Entry => ({
        path,
        kind: "file",
        data: Buffer.from(data),
        mode: 0o755,
    });
    return [
        ...FOLDERS.map((path): Entry => ({ path, kind: "folder" })),
        file("init", EARLY_INIT),
        file("late-init", LATE_INIT),
        file("bin/busybox", readFileSync(busybox)),
        ...modules.map((path) => file(`modules/${basename(path)}`, readFileSync(path))),
        file("modules/order", modules.map((path) => `${basename(path)}\n`).join("")),
    ];
}
