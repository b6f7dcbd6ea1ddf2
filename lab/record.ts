/** What a lab's folder knows of the lab's processes. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { LabDraft, LabRecord } from "../schemas/lab-record";
import { LABS_ROOT, labPaths } from "../schemas/lab-paths";
import { isAlive, killAndWait, statOf } from "./processes";

const draftPath = (name: string) => `${labPaths(name).folder}/draft.json`;

function read<T>(path: string, parse: (value: unknown) => T): T | undefined {
    try {
        return parse(JSON.parse(readFileSync(path, "utf8")));
    } catch {
        return undefined;
    }
}

function write(path: string, value: unknown): void {
    const draft = `${path}.new`;
    writeFileSync(draft, `${JSON.stringify(value)}\n`);
    renameSync(draft, path);
}

export const writeRecord = (record: LabRecord) => write(labPaths(record.name).record, record);
export const writeDraft = (name: string, draft: LabDraft) => write(draftPath(name), draft);

/** The lab's record, when the lab's first process runs. */
export function liveRecord(name: string): LabRecord | undefined {
    const record = read(labPaths(name).record, (value) => LabRecord.parse(value));
    return record && isAlive(record) ? record : undefined;
}

/** Whether a folder is what is left of a lab: no live first process, or one whose maker died before it was done. */
export function isLeftover(name: string): boolean {
    return !liveRecord(name);
}

/** Names of all folders of labs, up or not. */
export function labFolders(): string[] {
    try {
        return readdirSync(LABS_ROOT).sort();
    } catch {
        return [];
    }
}

export function makeFolder(folder: string): void {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
}

/**
 * Ends whatever runs in the lab and removes its folder, and the root of all labs with the last of them.
 *
 * @returns whether there was anything
 */
export async function removeLab(name: string): Promise<boolean> {
    const { folder, record } = labPaths(name);
    if (!labFolders().includes(name)) return false;
    for (const first of [read(draftPath(name), (value) => LabDraft.parse(value)), read(record, (value) => LabRecord.parse(value))]) {
        if (!first || !isAlive(first)) continue;
        const parent = statOf(statOf(first.pid)?.parent ?? 0);
        await killAndWait(first);
        // `unshare` waits for the first process and ends after it.
        if (parent && isUnshare(parent.pid)) await killAndWait(parent);
    }
    rmSync(folder, { recursive: true, force: true });
    for (const empty of [LABS_ROOT, dirname(LABS_ROOT)]) removeIfEmpty(empty);
    return true;
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
