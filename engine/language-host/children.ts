/** The processes that the language host started: none outlives it. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";

/** How long an interrupted program may take to end by itself [ms]; the official host's own figure. */
const GRACE_MS = 5_000;

const running = new Set<ChildProcess>();

/** Like `spawn`; the child is ended when we are. */
export function start(command: string, args: string[], options: SpawnOptions): ChildProcess {
    const child = spawn(command, args, options);
    running.add(child);
    child.once("close", () => running.delete(child));
    child.once("error", () => running.delete(child));
    return child;
}

/** Asks a child to end, and makes it when it does not. */
export function interrupt(child: ChildProcess): void {
    child.kill("SIGINT");
    const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    child.once("close", () => clearTimeout(timer));
}

export function interruptAll(): void {
    for (const child of running) interrupt(child);
}

/** Ends them at once: the engine is gone, so nobody is left to report to. */
export function endChildren(): void {
    for (const child of running) child.kill("SIGTERM");
}

/** How a child ended: its exit status, or 128 and more for a signal as a shell counts; throws when it never started. */
export function ended(child: ChildProcess): Promise<number> {
    return new Promise((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (status, signal) => resolve(status ?? (signal ? 130 : 1)));
    });
}
