/** Shows the tests of files that run in kernel guests as tests of the run outside. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import Mocha from "mocha";
import type { Result } from "../kernel/results";
import { compiled, keyOf, Outcomes, PATIENCE_MS, SpecRun } from "./kernel-guest-run";

/** Guests at a time. Each computes on one of this machine's processors, however many it has itself. */
const GUESTS = 2;

/** Declares a test for each test in these files. To be called in a `describe`. */
export function kernelSpecs(files: readonly string[]): void {
    const { suites: all } = outline(files);
    const runs = sharedOut(files, GUESTS).map((share) => {
        const suites = all.filter(({ file = "" }) => share.includes(file));
        const outcomes = new Outcomes(suites.flatMap(titles));
        return { suites, outcomes, run: new SpecRun(share, outcomes) };
    });
    before(async () => {
        await compiled(files);
        await Promise.all(runs.map(({ run }) => run.start()));
    });
    for (const { suites, outcomes } of runs) for (const suite of suites) mirror(suite, (path) => outcomes.of(path));
    after(async () => {
        const ends = await Promise.allSettled(runs.map(({ run }) => run.end()));
        const failures = ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
        if (failures.length > 0) throw new Error(failures.join("\n"));
    });
}

/** The files in as many shares, some of which may be empty and are left out. A longer text takes longer to run. */
function sharedOut(files: readonly string[], shares: number): string[][] {
    const lengths = new Map(files.map((file) => [file, readFileSync(file).length]));
    const lengthOf = (some: readonly string[]) => some.reduce((sum, file) => sum + (lengths.get(file) ?? 0), 0);
    const shared = Array.from({ length: shares }, (): string[] => []);
    for (const file of files.toSorted((a, b) => lengthOf([b]) - lengthOf([a])))
        shared.toSorted((a, b) => lengthOf(a) - lengthOf(b))[0]?.push(file);
    return shared.filter((share) => share.length > 0);
}

const WORDS = ["describe", "context", "xdescribe", "xcontext", "it", "specify", "xit", "xspecify", "run"];
const HOOKS = ["before", "after", "beforeEach", "afterEach"];

/**
 * The suites and tests in these files, which are loaded for that and not run.
 *
 * @throws Error where two tests have the same full title: their outcomes could not be told apart
 */
export function outline(files: readonly string[]): Mocha.Suite {
    const root = new Mocha.Suite("");
    root.root = true; // its empty title belongs to no path
    Mocha.interfaces.bdd(root);
    const scope = globalThis as unknown as Record<string, unknown>;
    const meanings = [...WORDS, ...HOOKS].map((word) => [word, scope[word]] as const);
    try {
        for (const file of files) {
            root.emit("pre-require", globalThis, file, { options: { forbidOnly: true } });
            // eslint-disable-next-line @typescript-eslint/no-require-imports -- as mocha itself loads what it runs
            require(resolve(file));
        }
    } finally {
        for (const [word, meaning] of meanings) scope[word] = meaning;
    }
    const keys = titles(root).map(keyOf);
    const twice = keys.find((key, index) => keys.indexOf(key) !== index);
    if (twice) throw new Error(`Two tests are called ${twice}.`);
    const [stray] = root.tests;
    if (stray) throw new Error(`The test ${stray.title} is in no suite: put it into a describe.`);
    return root;
}

const titles = (suite: Mocha.Suite): string[][] => [
    ...suite.tests.map((test) => test.titlePath()),
    ...suite.suites.flatMap(titles),
];

function mirror(suite: Mocha.Suite, outcome: (path: string[]) => Promise<Result>): void {
    describe(suite.title, () => {
        for (const test of suite.tests)
            it(test.title, async function () {
                const { state, reason } = await outcome(test.titlePath());
                if (state === "skipped") this.skip();
                if (state === "failed") throw told(reason);
            }).timeout(PATIENCE_MS);
        for (const inner of suite.suites) mirror(inner, outcome);
    });
}

/** An error that shows the stack inside. */
const told = (reason: string) => Object.assign(new Error(reason.split("\n")[0]), { stack: reason });
