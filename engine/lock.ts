/** One process at a time, across processes, by files alone; a lock whose owner died is taken over. */
import { linkSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, ownerOf } from "./owner";

/** How often a waiting process looks again [ms]. */
const LOOK_AGAIN_MS = 200;

/**
 * Runs the work while no other process of this machine holds the same lock.
 *
 * Each holder leaves a numbered file; the highest number counts. A takeover makes the next number with `link`, which
 * only one can, and the highest is never removed, so nobody can end up holding an outdated number.
 *
 * @param folder  where the lock lies; made when missing
 * @param waiting told once, with the process id of the holder, when the lock is not free
 */
export async function withLock<T>(folder: string, waiting: (pid: string) => void, work: () => Promise<T>): Promise<T> {
    mkdirSync(folder, { recursive: true });
    const mine = await acquire(folder, waiting);
    try {
        return await work();
    } finally {
        write(folder, mine, "free");
    }
}

async function acquire(folder: string, waiting: (pid: string) => void): Promise<number> {
    let told = false;
    for (;;) {
        const highest = numbersIn(folder).at(-1) ?? 0;
        const holder = holderOf(folder, highest);
        if (holder !== undefined && isAlive(holder)) {
            if (!told) waiting(holder.split("-")[0] ?? "");
            told = true;
            await sleep(LOOK_AGAIN_MS);
            continue;
        }
        const next = highest + 1;
        if (!claim(folder, next)) continue;
        if ((numbersIn(folder).at(-1) ?? 0) > next) {
            rmSync(join(folder, String(next)), { force: true });
            continue;
        }
        for (const old of numbersIn(folder)) if (old < next) rmSync(join(folder, String(old)), { force: true });
        return next;
    }
}

const numbersIn = (folder: string): number[] =>
    readdirSync(folder)
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .sort((a, b) => a - b);

function holderOf(folder: string, number: number): string | undefined {
    try {
        return readFileSync(join(folder, String(number)), "utf8");
    } catch {
        return undefined;
    }
}

/** The file appears whole or not at all: it is written under another name and linked. */
function claim(folder: string, number: number): boolean {
    const draft = join(folder, `draft-${process.pid}-${number}`);
    writeFileSync(draft, ownerOf(process.pid));
    try {
        linkSync(draft, join(folder, String(number)));
        return true;
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
        throw error;
    } finally {
        rmSync(draft, { force: true });
    }
}

function write(folder: string, number: number, text: string): void {
    const draft = join(folder, `draft-${process.pid}-${number}`);
    writeFileSync(draft, text);
    renameSync(draft, join(folder, String(number)));
}
