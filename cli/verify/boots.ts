/** What a lab does for a guest that does not come up: under emulation QEMU 7.2 sometimes crashes or stands still. */
import { setTimeout } from "node:timers/promises";
import type { Progress } from "../progress";
import { virsh } from "../virsh";

/** How often it is looked whether a guest that has not reported still runs [ms]. */
const LOOK_MS = 2_000;

/** How long a guest may take to report before it counts as standing still [ms]; it takes about 10 s. */
const STANDSTILL_MS = 100_000;

/**
 * Starts a guest again, once, whose QEMU crashed while it booted or that has not reported for `standstillMs`.
 *
 * @param waiting guests that have not reported yet; read anew at each look
 * @param signal  ends the watch
 */
export async function mendBoots(
    lab: string,
    waiting: ReadonlySet<string>,
    signal: AbortSignal,
    { note }: Pick<Progress, "note">,
    standstillMs = STANDSTILL_MS,
): Promise<void> {
    const since = performance.now();
    const mended = new Set<string>();
    const toMend = (names: Iterable<string>) => [...names].filter((name) => waiting.has(name) && !mended.has(name));
    for (;;) {
        try {
            await setTimeout(LOOK_MS, undefined, { signal });
        } catch {
            return; // every guest has reported, or its time is up
        }
        try {
            const shutOff = (await virsh(lab, "list", "--state-shutoff", "--name")).split("\n");
            for (const name of toMend(shutOff)) {
                mended.add(name);
                if (await isShutOffByWill(lab, name)) continue;
                note(`The guest ${name} has crashed while it booted; it is started again.`);
                await virsh(lab, "start", "--domain", name);
            }
            if (performance.now() - since < standstillMs) continue;
            for (const name of toMend(waiting)) {
                mended.add(name);
                const where = await whereItStands(lab, name);
                note(
                    `The guest ${name} has not reported for ${Math.round(standstillMs / 1000)} s and ${where}; ` +
                        "it is ended and started again.",
                );
                await virsh(lab, "destroy", "--domain", name);
                await virsh(lab, "start", "--domain", name);
            }
        } catch (error) {
            note(`${(error as Error).message} A guest that does not come up is not started again.`);
            return;
        }
    }
}

/** Whether somebody, or the guest itself, has shut it off. */
async function isShutOffByWill(lab: string, name: string): Promise<boolean> {
    return /\((shutdown|destroyed|saved)\)/.test(await virsh(lab, "domstate", "--reason", "--domain", name));
}

/** What QEMU says its vCPUs are at: the end of a sentence. */
async function whereItStands(lab: string, name: string): Promise<string> {
    try {
        const state = (await virsh(lab, "domstate", "--reason", "--domain", name)).trim();
        const said = await virsh(lab, "qemu-monitor-command", "--hmp", "--domain", name, "info registers -a");
        return `is ${state}: ${vcpusIn(said).join(", ") || "its QEMU names no vCPU"}`;
    } catch (error) {
        return `says nothing of itself (${(error as Error).message})`;
    }
}

/** Where each vCPU stands, from what QEMU's monitor prints for `info registers -a`. */
export function vcpusIn(registers: string): string[] {
    return registers.split(/^CPU#/m).flatMap((cpu) => {
        const [, number, at, halted] = /^(\d+)[^]*?\b[RE]IP=([0-9a-f]+)[^]*?\bHLT=([01])/.exec(cpu) ?? [];
        return number === undefined ? [] : [`vCPU ${number} ${halted === "1" ? "halted" : "works"} at 0x${at}`];
    });
}
