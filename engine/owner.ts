/** A process that owns something, named so that a later one with the same number is not taken for it. */
import { readFileSync } from "node:fs";

/** Such as `4711-123456`: the process id, and where there is a /proc the time it was started (proc(5), stat, field 22). */
export const ownerOf = (pid: number): string => `${pid}-${startTime(pid) ?? ""}`;

/** Whether that very process still runs. */
export function isAlive(owner: string): boolean {
    const [pid = "", started = ""] = owner.split("-");
    if (!/^\d+$/.test(pid)) return false;
    if (started !== "") return startTime(Number(pid)) === started;
    try {
        process.kill(Number(pid), 0);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}

function startTime(pid: number): string | undefined {
    try {
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
        // The program's name is in parentheses and may hold anything, spaces and parentheses included.
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        // A zombie is no owner: it does nothing any more.
        return fields[0] === "Z" ? undefined : fields[19];
    } catch {
        return undefined;
    }
}
