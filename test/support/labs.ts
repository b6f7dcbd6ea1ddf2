/** For tests that start labs: names of their own, a silent progress, and what a lab could leave on the machine. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Progress } from "../../lab";
import { LABS_ROOT, labPaths } from "../../schemas/lab-paths";

/** A name that no other run of the tests uses. */
export const labName = (role: string) => `spec-${role}-${process.pid}`;

/** Progress that shows nothing and keeps the notes. */
export function quietProgress(): Progress & { notes: string[]; steps: string[] } {
    const notes: string[] = [];
    const steps: string[] = [];
    return {
        notes,
        steps,
        note: (line) => notes.push(line),
        step: (title, work) => {
            steps.push(title);
            return work(() => undefined);
        },
    };
}

/** What a lab must leave alone: the machine's links, its named network namespaces, its mounts. */
export function machineState() {
    const mounts = readFileSync("/proc/self/mountinfo", "utf8");
    return {
        links: execFileSync("ip", ["-br", "link"], { encoding: "utf8" }),
        netns: execFileSync("ip", ["netns"], { encoding: "utf8" }),
        mounts,
    };
}

/** Processes that are in this network namespace or name this lab's folder, as `PID COMMAND`. */
export function processesOf(lab: string, netns?: string): string[] {
    return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .flatMap((pid) => {
            try {
                const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
                const inside = netns !== undefined && readlinkSync(`/proc/${pid}/ns/net`) === netns;
                return inside || command.includes(`${LABS_ROOT}/${lab}`) ? [`${pid} ${command}`] : [];
            } catch {
                return [];
            }
        });
}

export const labFolderExists = (lab: string) => existsSync(labPaths(lab).folder);
