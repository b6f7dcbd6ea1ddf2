/** Former values that a delete gives back: one file each on the host, written before the first change. */
import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { JournalEntry } from "../plan";
import { HostError, quoted } from "./errors";
import type { Place } from "./place";

const Entry = z.object({
    key: z.string(),
    mark: z.string(),
    former: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

/** Readable by root alone. A file is there whole or not at all. */
export class Journal {
    constructor(private readonly place: Place) {}

    /** @param key whose former values: `sysctl net.ipv4.ip_forward` @throws HostError refused where it cannot be read */
    async get(key: string): Promise<JournalEntry | undefined> {
        let text: string;
        try {
            text = await readFile(this.path(key), "utf8");
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
            throw unusable(this.folder, error);
        }
        try {
            const { mark, former } = Entry.parse(JSON.parse(text));
            return { mark, former };
        } catch (error) {
            throw unusable(this.path(key), error);
        }
    }

    /** On disk when this ends, so that a power cut cannot lose what the next step overwrites. */
    async put(key: string, { mark, former }: JournalEntry): Promise<void> {
        try {
            await mkdir(this.folder, { recursive: true, mode: 0o700 });
            const path = this.path(key);
            const file = await open(`${path}.new`, "w", 0o600);
            try {
                await file.writeFile(JSON.stringify({ key, mark, former }));
                await file.sync();
            } finally {
                await file.close();
            }
            await rename(`${path}.new`, path);
        } catch (error) {
            throw unusable(this.folder, error);
        }
    }

    async drop(key: string): Promise<void> {
        await rm(this.path(key), { force: true });
    }

    private get folder(): string {
        return join(this.place.stateFolder, "journal");
    }

    private path(key: string): string {
        const digest = createHash("sha256").update(key).digest("hex").slice(0, 12);
        return join(this.folder, `${key.replace(/[^A-Za-z0-9_.-]+/g, "-").slice(0, 80)}-${digest}.json`);
    }
}

const unusable = (path: string, error: unknown) =>
    new HostError(
        "refused",
        `the journal ${path}`,
        `it cannot be used (${quoted(error)}), so nothing was changed`,
        "Make room or give leave there, then run the same command again.",
        error,
    );
