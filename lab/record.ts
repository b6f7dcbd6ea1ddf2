/** What a lab's folder knows of the lab, and taking it all away. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { z } from "zod";
import { LabName } from "../schemas/host-ref";
import { LABS_ROOT, labPaths } from "../schemas/lab-paths";
import { LabRecord, ProcessIdentity } from "../schemas/lab-record";
import { holdsNamespaces, isAlive, killAndWait, statOf } from "./processes";

/** The first process of a lab that is not done yet, so that it can be found when its maker is killed. */
const draftPath = (name: string) => `${labPaths(name).folder}/draft.json`;

export const writeRecord = (record: LabRecord) => write(labPaths(record.name).record, record);
export const writeDraft = (name: string, first: ProcessIdentity) => write(draftPath(name), first);

/** The lab's record, when the lab's first process runs. */
export function liveRecord(name: string): LabRecord | undefined {
    const record = read(labPaths(name).record, LabRecord);
    return record && holdsNamespaces(record) ? record : undefined;
}

export const labIsDown = (name: string) => new Error(`The lab ${name} is not up. Start it: kvmnet lab up ${name}`);

/** Names of all labs that have a folder, up or not. */
export function labFolders(): string[] {
    try {
        return readdirSync(LABS_ROOT)
            .filter((name) => LabName.safeParse(name).success)
            .sort();
    } catch {
        return [];
    }
}

/** Makes a folder of a lab; the root of all labs may be taken away by somebody at the same moment. */
export function makeFolder(folder: string): void {
    for (let attempt = 1; ; attempt++) {
        try {
            mkdirSync(folder, { recursive: true, mode: 0o755 });
            return;
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ENOENT" || attempt === 5) throw error;
        }
    }
}

/**
 * Ends whatever runs in the lab and removes its folder, and the root of all labs with the last of them. To be called
 * under the lab's lock.
 *
 * @returns whether there was anything
 */
export async function removeLab(name: string): Promise<boolean> {
    const { folder, record } = labPaths(name);
    if (!labFolders().includes(name)) return false;
    const firsts = [read(draftPath(name), ProcessIdentity), read(record, LabRecord)];
    for (const first of firsts) if (first && isAlive(first)) await end(first);
    rmSync(folder, { recursive: true, force: true });
    for (const root of [LABS_ROOT, dirname(LABS_ROOT)]) removeIfEmpty(root);
    return true;
}

/** Ends a first process, and with it all in its namespace; then its parent, `unshare`, ends by itself. */
async function end(first: ProcessIdentity): Promise<void> {
    const parent = statOf(statOf(first.pid)?.parent ?? 0);
    await killAndWait(first);
    if (parent && isUnshare(parent.pid)) await killAndWait(parent);
}

function isUnshare(pid: number): boolean {
    try {
        return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "unshare";
    } catch {
        return false;
    }
}

function removeIfEmpty(folder: string): void {
    try {
        rmdirSync(folder);
    } catch {
        // Another lab lives there, or it is gone already.
    }
}

function read<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> | undefined {
    try {
        return schema.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch {
        return undefined;
    }
}

function write(path: string, value: unknown): void {
    const draft = `${path}.new`;
    writeFileSync(draft, `${JSON.stringify(value)}\n`);
    renameSync(draft, path);
}
