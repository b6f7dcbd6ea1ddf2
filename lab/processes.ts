/** Who a process is: its number, and when it started, which tells it from a later process of the same number. */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

export interface ProcessIdentity {
    pid: number;
    /** Clock ticks from boot to its start, as /proc/PID/stat has it. */
    startTime: string;
}

/** The fields of /proc/PID/stat that matter here. The program's name may hold spaces and brackets, so it is cut off first. */
export function parseStat(stat: string): ProcessIdentity & { parent: number; state: string } {
    const fields = stat.slice(stat.lastIndexOf(")") + 2).trim().split(" ");
    return {
        pid: Number.parseInt(stat, 10),
        state: fields[0] ?? "",
        parent: Number(fields[1]),
        startTime: fields[19] ?? "",
    };
}

/** What the kernel says of a process, or undefined when there is none of this number. */
export function statOf(pid: number): ReturnType<typeof parseStat> | undefined {
    try {
        return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
        return undefined;
    }
}

/** Whether this very process still runs. A zombie does not. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
    const stat = statOf(pid);
    return stat !== undefined && stat.startTime === startTime && stat.state !== "Z" && stat.state !== "X";
}

export function ownIdentity(): ProcessIdentity {
    return { pid: process.pid, startTime: statOf(process.pid)?.startTime ?? "" };
}

/**
 * Kills one process and comes back when the kernel has taken it away.
 *
 * @throws Error when it is still there after ten seconds
 */
export async function killAndWait(identity: ProcessIdentity): Promise<void> {
    if (isAlive(identity)) signal(identity.pid, "SIGKILL");
    const deadline = Date.now() + 10_000;
    // A process that is no child of ours tells nobody of its end: the kernel has to be asked.
    while (statOf(identity.pid)?.startTime === identity.startTime) {
        if (Date.now() > deadline) {
            throw new Error(`Process ${identity.pid} does not end, though it was killed. See what holds it: cat /proc/${identity.pid}/stack`);
        }
        await pause(2);
    }
}

function signal(pid: number, name: NodeJS.Signals): void {
    try {
        process.kill(pid, name);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}
