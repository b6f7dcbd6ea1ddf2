/** Files of /proc/sys and /sys on a host, read and written there, where its namespaces are. */
import { HostError, quoted } from "./errors";
import type { Place } from "./place";

/** Folders in which values of the running kernel stand; nothing else is written. */
const WRITABLE = /^\/(proc\/sys|sys\/class\/net|sys\/devices)\/[A-Za-z0-9_.:/@-]+$/;

export class Files {
    constructor(private readonly place: Place) {}

    /** What each file holds, without the newline at its end; undefined where there is none. */
    async read(paths: string[]): Promise<(string | undefined)[]> {
        paths.forEach(checkPath);
        const texts = await textsOf(this.place, paths);
        return paths.map((path) => texts.get(path));
    }

    /** @throws HostError refused with the kernel's words */
    async write(path: string, value: string): Promise<void> {
        checkPath(path);
        const { code, stderr } = await this.place.run(["tee", path], `${value}\n`);
        if (code === 0) return;
        throw new HostError(
            "refused",
            path,
            `the kernel did not take ${JSON.stringify(value)}: ${quoted(stderr)}`,
            "Correct the value, or load what this setting belongs to; then run the same command again.",
        );
    }
}

/** What files hold, by their paths, without the newline at the end; one that is missing is passed over. */
export async function textsOf(place: Place, paths: readonly string[]): Promise<Map<string, string>> {
    if (paths.length === 0) return new Map();
    // `grep` prints the path before each line, so one process reads them all.
    const { stdout } = await place.run(["grep", "--no-messages", "--with-filename", "--null", "", ...paths]);
    const lines = new Map<string, string[]>();
    for (const line of stdout.split("\n")) {
        const at = line.indexOf("\0");
        if (at < 0) continue;
        const path = line.slice(0, at);
        lines.set(path, [...(lines.get(path) ?? []), line.slice(at + 1)]);
    }
    return new Map([...lines].map(([path, all]) => [path, all.join("\n")]));
}

function checkPath(path: string): void {
    if (WRITABLE.test(path) && !path.split("/").includes("..")) return;
    throw new HostError("bug", JSON.stringify(path), "it is no file of the running kernel", "Please report this.");
}
