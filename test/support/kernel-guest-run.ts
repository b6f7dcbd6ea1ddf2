/** One run of the specifications in a kernel guest, and the outcome of each test as it comes. */
import { delimiter, dirname } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { PLAIN_ENV, runCommand } from "../../lab/commands";
import { runInKernelGuest, type KernelGuestRun } from "../../lab";
import { parseResult, type Result } from "../kernel/results";
import { quietProgress } from "./labs";

/** Longest time for all of them [ms]. */
export const PATIENCE_MS = 3_600_000;
/** Our own loader keeps what it compiled: the guest finds all of it, the plugin's modules too, and needs no compiler. */
const LOAD = `const load = require("./engine/load.cjs");`;
const COMPILE = `${LOAD} load("provider/main"); load("provider/core"); load("test/kernel/main").compile(process.argv.slice(1))`;
const INSIDE = `${LOAD} load("test/kernel/main").main(process.argv.slice(1))`;

export const keyOf = (path: readonly string[]) => path.join(" > ");

/** Outcomes by the tests' titles, for those who wait for them. */
export class Outcomes {
    private readonly waiting = new Map<string, { path: string[]; settle: (result: Result) => void }>();
    private readonly promises = new Map<string, Promise<Result>>();
    /** Failures that belong to no test that is still awaited, such as those of hooks after the last one. */
    readonly strays: string[] = [];

    constructor(paths: readonly string[][]) {
        for (const path of paths)
            this.promises.set(keyOf(path), new Promise((settle) => this.waiting.set(keyOf(path), { path, settle })));
    }

    of(path: readonly string[]): Promise<Result> {
        return this.promises.get(keyOf(path)) ?? Promise.reject(new Error(`No test is called ${keyOf(path)}.`));
    }

    get complete(): boolean {
        return this.waiting.size === 0;
    }

    /** Takes one in. A hook's failure is the failure of all tests of its suite that did not run. */
    take(result: Result): void {
        const key = keyOf(result.path);
        const test = this.waiting.get(key);
        if (test) {
            this.waiting.delete(key);
            return test.settle(result);
        }
        if (result.state !== "failed") return;
        const reason = `${result.path.at(-1)}: ${result.reason}`;
        if (!this.failAll(reason, result.path.slice(0, -1))) this.strays.push(`${key}: ${result.reason}`);
    }

    /** Fails what is awaited in this suite. @returns whether there was anything */
    failAll(reason: string, suite: readonly string[] = []): boolean {
        const affected = [...this.waiting].filter(([, { path }]) => suite.every((title, at) => path[at] === title));
        for (const [key, { path, settle }] of affected) {
            this.waiting.delete(key);
            settle({ path, state: "failed", reason });
        }
        return affected.length > 0;
    }
}

/** Compiles these files with all they import. What cannot be compiled is told by the tests that need it. */
export const compiled = (files: readonly string[]) => runCommand([process.execPath, "-e", COMPILE, ...files]);

/** The guest in which mocha runs. */
export class SpecRun {
    private readonly stop = new AbortController();
    private ended: Promise<void> | undefined;

    constructor(
        private readonly files: readonly string[],
        private readonly outcomes: Outcomes,
    ) {}

    /** Boots the guest and comes back when it has. */
    start(): Promise<void> {
        return new Promise((started, failed) => {
            const stdout = new PassThrough();
            createInterface({ input: stdout }).on("line", (line) => this.heard(line));
            const onOutput: KernelGuestRun["onOutput"] = (stream, text) =>
                stream === "stdout" ? stdout.write(text) : process.stderr.write(text);
            const run: KernelGuestRun = {
                argv: [process.execPath, "-e", INSIDE, ...this.files],
                cwd: process.cwd(),
                env: environment(),
                timeoutMs: PATIENCE_MS,
                signal: this.stop.signal,
                onStart: started,
                onOutput,
            };
            this.ended = runInKernelGuest(run, quietProgress()).then(
                (status) => {
                    stdout.end();
                    this.finish(`The run in the kernel guest ended with status ${status} before this test.`);
                },
                (error: Error) => {
                    this.finish(error.message);
                    failed(error);
                },
            );
        });
    }

    /** Ends the guest. @throws Error with the failures that no test has told */
    async end(): Promise<void> {
        // A run of some of the tests only has no use for the others.
        if (!this.outcomes.complete) this.stop.abort();
        await this.ended;
        const { strays } = this.outcomes;
        if (strays.length > 0) throw new Error(strays.join("\n"));
    }

    private heard(line: string): void {
        const result = parseResult(line);
        if (result) this.outcomes.take(result);
        // Each outcome ends a line that need not have begun.
        else if (line !== "") process.stdout.write(`${line}\n`);
    }

    private finish(reason: string): void {
        // What was printed arrives before the end, but its lines a moment later.
        setImmediate(() => this.outcomes.failAll(reason));
    }
}

/** What the programs inside see: the same Node, folders and caches, nothing else of ours. */
function environment(): Record<string, string> {
    const { HOME = PLAIN_ENV.HOME, XDG_CACHE_HOME } = process.env;
    const PATH = [dirname(process.execPath), PLAIN_ENV.PATH].join(delimiter);
    return { ...PLAIN_ENV, PATH, HOME, ...(XDG_CACHE_HOME && { XDG_CACHE_HOME }) };
}
