/** The run inside a kernel guest: mocha over the files that are named, each outcome a line on the standard output. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import Mocha from "mocha";
import { resultLine, type Result } from "./results";

/** Where a provider of the machine outside keeps what it must give back: nothing of that is in here. */
const HOST_STATE = "/var/lib/kvmnet";

export function main(files: string[]): void {
    mkdirSync(HOST_STATE, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "host-state", HOST_STATE]);
    // What a test left running must not keep the guest.
    runOf(files).run((failures) => process.exit(failures === 0 ? 0 : 1));
}

/** Leaves the files with all they import compiled, so that the guest need not do it; runs nothing. */
export function compile(files: string[]): void {
    runOf(files).load();
}

const runOf = (files: string[]) => {
    const run = new Run({ timeout: 300_000, forbidOnly: true, reporter: LineReporter });
    for (const file of files) run.addFile(resolve(file));
    return run;
};

class Run extends Mocha {
    load(): void {
        this.loadFiles();
    }
}

class LineReporter extends Mocha.reporters.Base {
    constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
        super(runner, options);
        const { EVENT_TEST_PASS, EVENT_TEST_PENDING, EVENT_TEST_FAIL } = Mocha.Runner.constants;
        runner.on(EVENT_TEST_PASS, (test) => tell(test, "passed"));
        runner.on(EVENT_TEST_PENDING, (test) => tell(test, "skipped"));
        // Also told of hooks, by titles of their own.
        runner.on(EVENT_TEST_FAIL, (test, error: unknown) =>
            tell(test, "failed", error instanceof Error ? stackOf(error) : String(error)),
        );
    }
}

const tell = (test: Mocha.Test, state: Result["state"], reason = "") =>
    process.stdout.write(resultLine({ path: test.titlePath(), state, reason }));

/** With what caused it: a property test tells there what went wrong. */
function stackOf({ stack, message, cause }: Error): string {
    const own = stack ?? message;
    return cause instanceof Error ? `${own}\nCaused by: ${stackOf(cause)}` : own;
}
