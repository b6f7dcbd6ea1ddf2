/** Who a process is, whether it runs, and ending it. */
import { readFileSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { readIfThere } from "./commands";
import type { ProcessIdentity } from "../schemas/lab-record";

interface ProcessStat extends ProcessIdentity {
    parent: number;
    state: string;
}

/** What matters here of /proc/PID/stat. A program's name may hold spaces and brackets, so it is cut off first. */
export function parseStat(stat: string): ProcessStat {
    const fields = stat
        .slice(stat.lastIndexOf(")") + 2)
        .trim()
        .split(" ");
    return {
        pid: Number.parseInt(stat, 10),
        state: fields[0] ?? "",
        parent: Number(fields[1]),
        startTime: fields[19] ?? "",
    };
}

/** What the kernel says of a process, or undefined when there is none of this number. */
export function statOf(pid: number): ProcessStat | undefined {
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

/**
 * Whether this process runs and its namespaces can be entered: the first process of a namespace that was killed stays for
 * a while, until all others in it have ended.
 */
export function holdsNamespaces(identity: ProcessIdentity): boolean {
    if (!isAlive(identity) || isKilled(identity.pid)) return false;
    try {
        readlinkSync(`/proc/${identity.pid}/ns/net`);
        return true;
    } catch (error) {
        // Who may not look gets no answer, which is not the answer no.
        return (error as NodeJS.ErrnoException).code === "EACCES";
    }
}

/** Whether a SIGKILL is on its way to the process (SigPnd in /proc/PID/status, a bit mask: signal 9 is bit 8). */
function isKilled(pid: number): boolean {
    const pending = /^SigPnd:\s*([0-9a-f]+)/m.exec(readIfThere(`/proc/${pid}/status`))?.[1];
    return pending !== undefined && (BigInt(`0x${pending}`) & 0x100n) !== 0n;
}

/** Longest that what was killed takes to end [ms]: the kernel has 12 ms of work for each port of a userspace switch. */
const PATIENCE_MS = 120_000;

/**
 * Kills one process and comes back when it does not run any more.
 *
 * @throws Error when it still runs after two minutes
 */
export async function killAndWait(identity: ProcessIdentity): Promise<void> {
    if (!isAlive(identity)) return;
    process.kill(identity.pid, "SIGKILL");
    const deadline = Date.now() + PATIENCE_MS;
    // A process that is no child of ours tells nobody of its end: the kernel has to be asked.
    while (isAlive(identity)) {
        if (Date.now() > deadline) {
            throw new Error(
                `Process ${identity.pid} was killed and does not end. See what holds it: cat /proc/${identity.pid}/stack`,
            );
        }
        await pause(2);
    }
}
