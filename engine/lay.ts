/** Puts a finished program where something looks for it. */
import { copyFileSync, linkSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";

/** The same file under a second name where that can be, a copy where not; whole or not at all. */
export function lay(program: string, place: string): void {
    mkdirSync(dirname(place), { recursive: true });
    const draft = `${place}.${process.pid}`;
    try {
        linkSync(program, draft);
    } catch {
        copyFileSync(program, draft);
    }
    renameSync(draft, place);
    // Two names of one file: rename keeps both then.
    rmSync(draft, { force: true });
}
