/** The consoles of a lab's guests, once each has booted. */
import { openGuest, type GuestConsole } from "../../lab";
import type { Progress } from "../progress";
import { mendBoots } from "./boots";

/** Longest wait for a guest's report [ms]: one that was started again half-way has time enough. */
const PATIENCE_MS = 300_000;

/**
 * Waits until every guest has reported what it has. One that crashed or stands still meanwhile is started again, once.
 *
 * @param standstillMs how long a guest may take to report before it counts as standing still [ms]; 100 s
 * @throws Error with what each silent guest's console said last
 */
export async function openGuests(
    lab: string,
    names: string[],
    progress: Pick<Progress, "note">,
    standstillMs?: number,
): Promise<Map<string, GuestConsole>> {
    const booting = new AbortController();
    const waiting = new Set(names);
    const watch = mendBoots(lab, waiting, booting.signal, progress, standstillMs);
    const opened = await Promise.allSettled(
        names.map(async (name) => {
            const guest = await openGuest(lab, name, PATIENCE_MS);
            waiting.delete(name);
            return guest;
        }),
    );
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
