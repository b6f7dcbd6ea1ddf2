/** The cache outside the clone, `$XDG_CACHE_HOME/kvmnet`: finished pieces only, each under a name that says all it was made from. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { withLock } from "./lock";
import { isAlive, ownerOf } from "./owner";

/** The cache's folder; a relative `XDG_CACHE_HOME` is ignored, as its specification asks. */
export function cacheRoot(): string {
    const base = process.env.XDG_CACHE_HOME;
    return join(base && isAbsolute(base) ? base : join(homedir(), ".cache"), "kvmnet");
}

/** A piece's name in the cache: what it is, its version, for which machines, and a digest of how it is made. */
export function keyOf(name: string, version: string, recipe: unknown): string {
    return `${name}-${version}-${process.platform}-${process.arch}-${digestOf(recipe)}`;
}

/** Short and stable digest of anything JSON can say. */
export function digestOf(value: unknown): string {
    return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
}

/** Folder of a finished piece; it need not exist. */
export const keptAt = (key: string): string => join(cacheRoot(), "engine", key);

/**
 * The folder of a piece, made by `make` in a draft folder when it is not there yet. It appears whole or not at all,
 * and two processes never make the same piece at once. What a killed process left half made is removed.
 *
 * @param tell told when another process makes it already
 */
export async function keep(
    key: string,
    make: (draft: string) => Promise<void>,
    tell: (detail: string) => void,
): Promise<string> {
    const kept = keptAt(key);
    if (existsSync(kept)) return kept;
    const waiting = (pid: string) => tell(`waiting for process ${pid}, which is making it`);
    await withLock(join(cacheRoot(), "locks", key), waiting, async () => {
        if (existsSync(kept)) return;
        const drafts = join(cacheRoot(), "drafts");
        removeDeadDrafts(drafts);
        const draft = join(drafts, `${key}.${ownerOf(process.pid)}`);
        mkdirSync(draft, { recursive: true });
        try {
            await make(draft);
            mkdirSync(join(cacheRoot(), "engine"), { recursive: true });
            renameSync(draft, kept);
        } finally {
            rmSync(draft, { recursive: true, force: true });
        }
    });
    return kept;
}

function removeDeadDrafts(drafts: string): void {
    if (!existsSync(drafts)) return;
    for (const name of readdirSync(drafts)) {
        const owner = name.slice(name.lastIndexOf(".") + 1);
        if (!isAlive(owner)) rmSync(join(drafts, name), { recursive: true, force: true });
    }
}
