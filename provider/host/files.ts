/** Files of /proc/sys and /sys on a host, read and written there, where its namespaces are. */
import { HostError, quoted } from "./errors";
import type { Place } from "./place";
import { Window, type Verdict } from "./window";

/** Folders in which values of the running kernel stand; nothing else is written. */
const WRITABLE = /^\/(proc\/sys|sys\/class\/net|sys\/devices)\/[A-Za-z0-9_.:/@-]+$/;

interface Value {
    path: string;
    value: string;
}

/** Those who ask in the same turn of the event loop are served at once, and those who come while they are, together after it. */
const AT_ONCE = { idleMs: 0, completeMs: 0, capMs: 0 };

/** What is read or written at the same moment shares a process. */
export class Files {
    private readonly reads = new Window((asked: string[][]) => this.readAll(asked), undefined, AT_ONCE);
    private readonly writes = new Window((asked: Value[]) => this.writeAll(asked), undefined, AT_ONCE);

    constructor(private readonly place: Place) {}

    /** What each file holds, without the newline at its end; undefined where there is none. */
    async read(paths: string[]): Promise<(string | undefined)[]> {
        paths.forEach(checkPath);
        return this.reads.add(paths);
    }

    /** @throws HostError refused with the kernel's words */
    async write(path: string, value: string): Promise<void> {
        checkPath(path);
        return this.writes.add({ path, value });
    }

    private async readAll(asked: string[][]): Promise<Verdict<(string | undefined)[]>[]> {
        const texts = await textsOf(this.place, [...new Set(asked.flat())]);
        return asked.map((paths) => ({ result: paths.map((path) => texts.get(path)) }));
    }

    private async writeAll(asked: Value[]): Promise<Verdict<void>[]> {
        const verdicts = asked.map((): Verdict<void> => ({ result: undefined }));
        for (const round of roundsOf(asked))
            await Promise.all(
                [...round].map(async ([value, of]) => {
                    const errors = await this.errors(
                        of.map((index) => (asked[index] as Value).path),
                        value,
                    );
                    for (const index of of) {
                        const error = errors.get((asked[index] as Value).path);
                        if (error !== undefined) verdicts[index] = { error };
                    }
                }),
            );
        return verdicts;
    }

    /** Writes one value into each. @returns what went wrong, by path */
    private async errors(paths: readonly string[], value: string): Promise<Map<string, unknown>> {
        const all = portions([...new Set(paths)], MOST_OPEN).map(async (some): Promise<[string, unknown][]> => {
            try {
                const { code, stderr } = await this.place.run(["tee", ...some], `${value}\n`);
                if (code === 0) return [];
                return refusals(some, stderr).map(([path, words]) => [path, notTaken(path, value, words)]);
            } catch (error) {
                return some.map((path) => [path, error]);
            }
        });
        return new Map((await Promise.all(all)).flat());
    }
}

/** Indices by value, for one `tee` each; a file that gets several values gets them one after another. */
function roundsOf(asked: readonly Value[]): Map<string, number[]>[] {
    const rounds: Map<string, number[]>[] = [];
    const given = new Map<string, { value: string; round: number }>();
    for (const [index, { path, value }] of asked.entries()) {
        const before = given.get(path);
        const round = before ? before.round + Number(before.value !== value) : 0;
        given.set(path, { value, round });
        const byValue = (rounds[round] ??= new Map<string, number[]>());
        const alike = byValue.get(value);
        if (alike) alike.push(index);
        else byValue.set(value, [index]);
    }
    return rounds;
}

/** What `tee` complains of, by file: it goes on with the others. It puts some names in quotes. */
function refusals(paths: readonly string[], stderr: string): [path: string, words: string][] {
    const lines = stderr.split("\n");
    const named = paths.flatMap((path): [string, string][] => {
        const line = lines.find((one) => one.startsWith(`tee: ${path}: `) || one.startsWith(`tee: '${path}': `));
        return line === undefined ? [] : [[path, line]];
    });
    return named.length > 0 ? named : paths.map((path) => [path, stderr]);
}

const notTaken = (path: string, value: string, words: string) =>
    new HostError(
        "refused",
        path,
        `the kernel did not take ${JSON.stringify(value)}: ${quoted(words)}`,
        // Root, too, writes only where the file says so (test_perm in fs/proc/proc_sysctl.c).
        /denied|not permitted/i.test(words)
            ? "Run as root. If you are, the kernel only shows this setting: remove it from the program, or name the setting that decides it."
            : "Correct the value, or load what this setting belongs to; then run the same command again.",
    );

/** What a command line holds of paths [bytes], with what a pointer to each takes: the kernel takes 2 MB (execve(2)). */
const [MOST_BYTES, POINTER_BYTES] = [512 * 1024, 9];
/** Files that one `tee` has open at a time; a process may have 1,024 of them at least. */
const MOST_OPEN = 256;

function portions(paths: readonly string[], mostPaths = Infinity): string[][] {
    const all: string[][] = [];
    let [last, room] = [[] as string[], 0];
    for (const path of paths) {
        if (room < path.length + POINTER_BYTES || last.length >= mostPaths) {
            all.push((last = []));
            room = MOST_BYTES;
        }
        last.push(path);
        room -= path.length + POINTER_BYTES;
    }
    return all;
}

/** What files hold, by their paths, without the newline at the end; one that is missing is passed over. */
export async function textsOf(place: Place, paths: readonly string[]): Promise<Map<string, string>> {
    // `grep` prints the path before each line, so one process reads many.
    const ran = portions(paths).map((some) =>
        place.run(["grep", "--no-messages", "--with-filename", "--null", "", ...some]),
    );
    const lines = new Map<string, string[]>();
    for (const line of (await Promise.all(ran)).flatMap(({ stdout }) => stdout.split("\n"))) {
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
