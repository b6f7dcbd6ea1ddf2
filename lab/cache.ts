/** What is made once and kept between labs: the guest. Outside every checkout, each piece under a name that says what it is made of. */
import { existsSync, mkdirSync, renameSync, rmSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { withLock } from "./lock";

/** The cache's folder; a relative `XDG_CACHE_HOME` is ignored, as its specification asks. */
export function cacheRoot(): string {
    const base = process.env.XDG_CACHE_HOME;
    return join(base && isAbsolute(base) ? base : join(homedir(), ".cache"), "kvmnet");
}

/**
 * The folder `relative` of the cache, made by `build` when it is not there. It is built beside its place and moved there
 * whole, so it is complete or absent; two processes that want it build it once.
 *
 * @param build fills the empty folder it is given
 * @returns     the folder's path
 */
export async function cached(relative: string, build: (draft: string) => Promise<void>): Promise<string> {
    const place = join(cacheRoot(), relative);
    if (existsSync(place)) return place;
    return withLock(place, async () => {
        if (existsSync(place)) return place;
        const parent = dirname(place);
        mkdirSync(parent, { recursive: true });
        const prefix = `.draft-${basename(place)}`;
        // Under the lock every draft of this name is one that somebody did not finish.
        readdirSync(parent)
            .filter((name) => name.startsWith(prefix))
            .forEach((name) => rmSync(join(parent, name), { recursive: true, force: true }));
        const draft = join(parent, `${prefix}.${process.pid}`);
        mkdirSync(draft);
        try {
            await build(draft);
            renameSync(draft, place);
        } catch (error) {
            rmSync(draft, { recursive: true, force: true });
            throw error;
        }
        return place;
    });
}
