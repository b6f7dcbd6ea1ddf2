/** Processes that a test started without knowing them: those of a command, theirs, and so on. */
import { readdirSync } from "node:fs";
import { isAlive, statOf } from "../../lab/processes";
import type { ProcessIdentity } from "../../schemas/lab-record";

/** All processes below this one. */
export function descendants(pid: number): ProcessIdentity[] {
    const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (statOf(Number(name)) ?? []) : []));
    const below = (parent: number): ProcessIdentity[] =>
        all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
    return below(pid);
}

export const living = (processes: ProcessIdentity[]): number[] => processes.filter(isAlive).map(({ pid }) => pid);
