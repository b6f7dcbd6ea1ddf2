/** A lab's guest with Debian's full kernel: it has drivers for emulated NICs, which the cloud's kernel lacks. */
import { writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createHash } from "node:crypto";
import { cached } from "../cache";
import { GUEST_MODULES, guestRoot, type GuestImage } from "../guest/image";
import { GUEST_DHCP, GUEST_INIT, GUEST_REPORT } from "../guest/init";
import { guestParts } from "../guest/parts";
import type { Progress } from "../progress";
import { kernelImage } from "./image";

/** rtl8139 and Intel's two. */
const MODULES = { ...GUEST_MODULES, "at-boot": [...GUEST_MODULES["at-boot"], "8139cp", "e1000", "e1000e"] };

/** Kernel and initramfs; at once when they are in the cache, else some 70 MB are fetched. */
export async function fullKernelGuest(progress: Progress): Promise<GuestImage> {
    const { kernel, modules } = await kernelImage(progress);
    const version = basename(modules);
    const digest = createHash("sha256")
        .update(JSON.stringify([version, GUEST_INIT, GUEST_DHCP, GUEST_REPORT, MODULES]))
        .digest("hex")
        .slice(0, 12);
    const folder = await cached(join("guest", `full-${digest}`), (draft) =>
        progress.step("Guest with Debian's full kernel", async (tell) => {
            const programs = await guestParts(tell);
            const parts = dirname(dirname(dirname(modules)));
            writeFileSync(join(draft, "initrd"), await guestRoot(programs, { parts, version, modules: MODULES }));
        }),
    );
    return { kernel, initrd: join(folder, "initrd") };
}
