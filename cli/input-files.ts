/** Files that a command line names: by path, by glob, or stdin; none is read further than anything of its kind reaches. */
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { MOST_BYTES } from "../policies/lint/kinds";

const STDIN = 0;

export interface InputFile {
    path: string;
    content: Buffer;
}

/** A pattern is taken as a path first: a file may have a name with brackets. @returns files, and sentences about what is not there */
export async function readInputs(patterns: string[]): Promise<{ files: InputFile[]; missing: string[] }> {
    const missing: string[] = [];
    const paths: string[] = [];
    for (const pattern of patterns) {
        const known = pattern === "-" ? undefined : statSync(pattern, { throwIfNoEntry: false });
        if (pattern === "-" || (known && !known.isDirectory())) paths.push(pattern);
        else if (known)
            missing.push(`${pattern} is a folder: name its files, such as '${pattern.replace(/\/$/, "")}/*.xml'.`);
        else {
            const { globSync } = await import("tinyglobby");
            const found = globSync(pattern, { expandDirectories: false, dot: true }).sort();
            if (found.length === 0) missing.push(`${pattern}: no file is called so, and none matches it.`);
            for (const path of found) paths.push(path);
        }
    }
    const files = [...new Set(paths)].flatMap((path) => {
        try {
            const content = readBounded(path);
            if (content) return [{ path, content }];
            missing.push(`${path} has more than ${MOST_BYTES} bytes, and no more are read.`);
        } catch (error) {
            missing.push(`${path} cannot be read: ${(error as Error).message}.`);
        }
        return [];
    });
    return { files, missing };
}

/** Also of what tells no size: a pipe, or a device that never ends. @returns undefined where there is more than is read */
function readBounded(path: string): Buffer | undefined {
    const known = path === "-" ? undefined : statSync(path);
    if (known?.isFile() && known.size > 0) return known.size > MOST_BYTES ? undefined : readFileSync(path);
    const handle = path === "-" ? STDIN : openSync(path, "r");
    try {
        const parts: Buffer[] = [];
        let size = 0;
        for (;;) {
            const part = Buffer.allocUnsafe(size === 0 ? 16 * 1024 : 1024 * 1024);
            const count = readSome(handle, part);
            if (count === 0) return parts.length === 1 ? parts[0] : Buffer.concat(parts);
            size += count;
            if (size > MOST_BYTES) return undefined;
            parts.push(part.subarray(0, count));
        }
    } finally {
        if (handle !== STDIN) closeSync(handle);
    }
}

/** A terminal or pipe that others have set not to wait answers EAGAIN until there is something. */
function readSome(handle: number, into: Buffer): number {
    for (;;)
        try {
            return readSync(handle, into);
        } catch (error) {
            const { code } = error as NodeJS.ErrnoException;
            if (code === "EOF") return 0;
            if (code !== "EAGAIN") throw error;
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        }
}
