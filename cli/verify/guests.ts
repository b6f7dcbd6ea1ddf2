/** The consoles of a lab's guests, once each has booted. */
import { openGuest, type GuestConsole } from "../../lab";
import type { Progress } from "../progress";
import { virsh } from "../virsh";
import { mendBoots } from "./boots";

/** Longest wait for a guest's report [ms]: one that was started again half-way has time enough. */
const PATIENCE_MS = 300_000;

/**
 * Waits until every guest has reported what it has. One that crashed or stands still while it boots is started again, once.
 *
 * @param standstillMs how long a guest may take to report before it counts as standing still [ms]; 100 s
 * @throws Error with what each silent guest's console said last
 */
export async function bootedGuests(
    lab: string,
    names: string[],
    progress: Pick<Progress, "note">,
    standstillMs?: number,
): Promise<Map<string, GuestConsole>> {
    const booting = new AbortController();
    const waiting = new Set(names);
    const watch = mendBoots(lab, waiting, booting.signal, progress, standstillMs);
    try {
        return await opened(lab, names, (name) => waiting.delete(name));
    } finally {
        booting.abort();
        await watch;
    }
}

/**
 * The same, with every guest left as it is.
 *
 * @throws Error also where one does not run
 */
export async function runningGuests(lab: string, names: string[]): Promise<Map<string, GuestConsole>> {
    const running = new Set((await virsh(lab, "list", "--state-running", "--name")).split("\n"));
    const idle = names.filter((name) => !running.has(name));
    if (idle.length === 0) return opened(lab, names);
    const states = await Promise.all(
        idle.map(async (name) => {
            const state = await virsh(lab, "domstate", "--domain", name).catch(() => "not there");
            return `The guest ${name} is ${state.trim()}: it can tell nothing.`;
        }),
    );
    throw new Error(
        [...states, "Start it (`virsh start NAME`) or let it go on (`virsh resume NAME`), then verify again."].join(
            "\n",
        ),
    );
}

async function opened(
    lab: string,
    names: string[],
    tell: (name: string) => void = () => {},
): Promise<Map<string, GuestConsole>> {
    const opened = await Promise.allSettled(
        names.map(async (name) => {
            const guest = await openGuest(lab, name, PATIENCE_MS);
            tell(name);
            return guest;
        }),
    );
    const guests = new Map<string, GuestConsole>();
    const failed: unknown[] = [];
    for (const [index, result] of opened.entries())
        if (result.status === "fulfilled") guests.set(names[index] ?? "", result.value);
        else failed.push(result.reason);
    if (failed.length === 0) return guests;
    for (const guest of guests.values()) guest.close();
    throw new Error(failed.map((reason) => (reason instanceof Error ? reason.message : String(reason))).join("\n"));
}
