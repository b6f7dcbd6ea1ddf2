/** Processor time of a program and of all that it starts, also of what nobody waits for. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** What the kernel counts processor time in [ms]: USER_HZ is 100 on every architecture that Node runs on. */
const TICK_MS = 10;

/** What a process used after the last look at it is not counted; looks are cheap beside what is measured [ms]. */
const LOOK_EVERY = 100;

interface Used {
    /** Until the program ended. */
    wall: number;
    processor: number;
}

/** Runs a program in a session of its own, by which all its processes are found. @throws Error where its exit status is not 0 */
export function used(command: string, args: string[], options: { cwd: string; env: NodeJS.ProcessEnv }): Promise<Used> {
    const started = performance.now();
    const child = spawn(command, args, { ...options, detached: true, stdio: ["ignore", "ignore", "pipe"] });
    const ticks = new Map<string, number>();
    const look = () => {
        for (const { process, spent } of processesOf(child.pid)) ticks.set(process, spent);
    };
    const looking = setInterval(look, LOOK_EVERY);
    const err: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    return new Promise<Used>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => {
            if (code !== 0) reject(new Error(`${command} ended with ${code}:\n${Buffer.concat(err).toString()}`));
            const processor = [...ticks.values()].reduce((sum, spent) => sum + spent, 0) * TICK_MS;
            resolve({ wall: performance.now() - started, processor });
        });
    }).finally(() => clearInterval(looking));
}

/** Processes of a session: each by its number and start, since numbers come round again, with its time [ticks]. */
function processesOf(session: number | undefined): { process: string; spent: number }[] {
    return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .flatMap((pid) => {
            // What follows the name, which may hold anything (proc_pid_stat(5)): state is field 3.
            const fields =
                statOf(pid)
                    ?.replace(/^.*\) /s, "")
                    .split(" ") ?? [];
            const field = (number: number) => Number(fields[number - 3]);
            if (field(6) !== session) return [];
            return [{ process: `${pid} ${field(22)}`, spent: field(14) + field(15) }];
        });
}

/** Undefined of a process that has just ended. */
function statOf(pid: string): string | undefined {
    try {
        return readFileSync(`/proc/${pid}/stat`, "utf8");
    } catch {
        return undefined;
    }
}
