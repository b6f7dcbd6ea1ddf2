/** The consoles of a lab's guests, once each has booted. */
import { setTimeout } from "node:timers/promises";
import { openGuest, type GuestConsole } from "../../lab";
import type { Progress } from "../progress";
import { virsh } from "../virsh";

/** How often it is looked whether a guest that has not reported still runs [ms]. */
const LOOK_MS = 2_000;

/**
 * Waits until every guest has reported what it has. One whose QEMU crashed meanwhile is started again, once: under
 * emulation QEMU 7.2 sometimes does while several vCPUs boot.
 *
 * @throws Error with what each silent guest's console said last
 */
export async function openGuests(lab: string, names: string[], progress: Progress): Promise<Map<string, GuestConsole>> {
    const booting = new AbortController();
    const watch = startCrashed(lab, new Set(names), booting.signal, progress);
    const opened = await Promise.allSettled(names.map((name) => openGuest(lab, name)));
    booting.abort();
    await watch;
    const guests = new Map<string, GuestConsole>();
    const failed: unknown[] = [];
    for (const [index, result] of opened.entries())
        if (result.status === "fulfilled") guests.set(names[index] ?? "", result.value);
        else failed.push(result.reason);
    if (failed.length === 0) return guests;
    for (const guest of guests.values()) guest.close();
    throw new Error(failed.map((reason) => (reason instanceof Error ? reason.message : String(reason))).join("\n"));
}

async function startCrashed(lab: string, guests: Set<string>, signal: AbortSignal, progress: Progress): Promise<void> {
    for (;;) {
        try {
            await setTimeout(LOOK_MS, undefined, { signal });
        } catch {
            return; // every guest has reported, or its time is up
        }
        try {
            const shutOff = await virsh(lab, "list", "--state-shutoff", "--name");
            for (const name of shutOff.split("\n").filter((line) => guests.has(line))) {
                guests.delete(name);
                progress.note(`The guest ${name} has crashed while it booted; it is started again.`);
                await virsh(lab, "start", "--domain", name);
            }
        } catch (error) {
            progress.note(`${(error as Error).message} A guest that crashed is not started again.`);
            return;
        }
    }
}
