/** Former values that a delete gives back: one file each on the host, written before the first change. */
import { createHash } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rename, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { JournalEntry } from "../plan";
import { belonging } from "../owner";
import { HostError, quoted, shownName } from "./errors";
import type { Place } from "./place";

const Entry = z.object({
    key: z.string(),
    mark: z.string(),
    former: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

/** Readable by root alone. A file is there whole or not at all. */
export class Journal {
    private readonly absent = new Set<string>();
    private swept: Promise<void> | undefined;

    constructor(private readonly place: Place) {}

    /** @param key whose former values: `sysctl net.ipv4.ip_forward` @throws HostError refused where it cannot be read */
    async get(key: string): Promise<JournalEntry | undefined> {
        let text: string;
        try {
            text = await readFile(this.path(key), "utf8");
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unusable(this.folder, error);
            this.absent.add(key);
            return undefined;
        }
        this.absent.delete(key);
        try {
            const { mark, former } = Entry.parse(JSON.parse(text));
            return { mark, former };
        } catch (error) {
            throw unusable(this.path(key), error);
        }
    }

    /**
     * On disk when this ends, so that a power cut cannot lose what the next step overwrites.
     *
     * @throws HostError conflict where another noted them since we looked: what we then saw is not the former value
     */
    async put(key: string, { mark, former }: JournalEntry): Promise<void> {
        const path = this.path(key);
        const draft = `${path}.${process.pid}.new`;
        try {
            await mkdir(this.folder, { recursive: true, mode: 0o700 });
            await this.sweep();
            await synced(draft, "w", (file) => file.writeFile(JSON.stringify({ key, mark, former })));
            const wasAbsent = this.absent.delete(key);
            if (!wasAbsent) await rename(draft, path);
            else if (!(await link(draft, path).then(() => true, unlessThere))) {
                const other = await this.get(key);
                if (other && other.mark !== mark) throw taken(key, other.mark);
                await rename(draft, path);
            }
            await synced(this.folder, "r");
        } catch (error) {
            throw error instanceof HostError ? error : unusable(this.folder, error);
        } finally {
            await rm(draft, { force: true }).catch(() => undefined);
        }
    }

    /**
     * Gone from the disk when this ends: after a power cut it would be a former value that is none any more.
     *
     * @throws HostError refused where it cannot be removed
     */
    async drop(key: string): Promise<void> {
        const path = this.path(key);
        await this.sweep();
        try {
            await rm(path);
            await synced(this.folder, "r");
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unusable(path, error);
        }
    }

    /** Takes away what runs that were killed had begun to write. */
    private sweep(): Promise<void> {
        return (this.swept ??= readdir(this.folder).then(
            async (files) => {
                const left = files.filter((file) => isGone(Number(DRAFT.exec(file)?.[1])));
                await Promise.all(left.map((file) => rm(join(this.folder, file), { force: true })));
            },
            // What cannot be listed is told by whoever reads or writes it.
            () => undefined,
        ));
    }

    private get folder(): string {
        return join(this.place.stateFolder, "journal");
    }

    private path(key: string): string {
        const digest = createHash("sha256").update(key).digest("hex").slice(0, 12);
        return join(this.folder, `${key.replace(/[^A-Za-z0-9_.-]+/g, "-").slice(0, 80)}-${digest}.json`);
    }
}

/** A file that is being written, with the process that does. */
const DRAFT = /\.json\.(\d+)\.new$/;

/** Whether no process of this number is there. */
function isGone(pid: number): boolean {
    try {
        return Number.isInteger(pid) && !process.kill(pid, 0);
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "ESRCH";
    }
}

/** Opens it, does the work, and closes it when it is on disk. */
async function synced(path: string, flags: string, work?: (file: FileHandle) => Promise<void>): Promise<void> {
    const file = await open(path, flags, 0o600);
    try {
        await work?.(file);
        await file.sync();
    } finally {
        await file.close();
    }
}

function unlessThere(error: NodeJS.ErrnoException): false {
    if (error.code === "EEXIST") return false;
    throw error;
}

const taken = (key: string, mark: string) =>
    new HostError(
        "conflict",
        key,
        `another resource has noted it at the same moment: ${belonging(mark) ?? `its mark is ${shownName(mark)}`}`,
        "Declare it in one place only.",
    );

const unusable = (path: string, error: unknown) =>
    new HostError(
        "refused",
        `the journal ${path}`,
        `it cannot be used (${quoted(error)}), so nothing of it was changed`,
        "Make room or give leave there, then run the same command again.",
        error,
    );
