/** Processor time of a program and of all that it starts, also of what nobody waits for. */
import { readdirSync, readFileSync } from "node:fs";
import { ran } from "./processes";

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
export async function used(
    command: string,
    args: string[],
    options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Used> {
    const started = performance.now();
    const ticks = new Map<string, number>();
    let looking: NodeJS.Timeout | undefined;
    const inSession = (session: number | undefined) => {
        looking = setInterval(() => {
            for (const { process, spent } of processesOf(session)) ticks.set(process, spent);
        }, LOOK_EVERY);
    };
    try {
        await ran(command, args, { ...options, inSession });
    } finally {
        clearInterval(looking);
    }
    const processor = [...ticks.values()].reduce((sum, spent) => sum + spent, 0) * TICK_MS;
    return { wall: performance.now() - started, processor };
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
