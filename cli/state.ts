/** The file backend that lies with a lab: what Pulumi wrote there, read without starting Pulumi. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { labPaths } from "../schemas/lab-paths";
import type { LabPlace } from "./lab-project";
import { LAB_STACK } from "./stack-file";

const Resource = z.object({
    type: z.string(),
    outputs: z.record(z.string(), z.unknown()).default({}),
});
const Checkpoint = z.object({
    checkpoint: z.object({ latest: z.object({ resources: z.array(Resource).default([]) }).nullish() }),
});
export type StateResource = z.output<typeof Resource>;
const Lock = z.object({ pid: z.number() });

const stateOf = (project: LabPlace) => join(labPaths(project.lab).state, ".pulumi");
const stacksOf = (project: LabPlace) => join(stateOf(project), "stacks");
const checkpointOf = (project: LabPlace) => join(stacksOf(project), project.name, `${LAB_STACK}.json`);

/** True once the stack was made in the lab's backend. */
export const stackExists = (project: LabPlace) => existsSync(checkpointOf(project));

/** Resources that the state knows; none where there is no state yet. */
export const resourcesOf = (project: LabPlace): StateResource[] =>
    stackExists(project) ? resourcesIn(checkpointOf(project)) : [];

/** What the other stacks of the lab's backend know, of this project and of any other, each named `project/stack`. */
export function otherStacks(project: LabPlace): { stack: string; resources: StateResource[] }[] {
    const folder = stacksOf(project);
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".json") && join(folder, file) !== checkpointOf(project))
        .map((file) => ({ stack: file.slice(0, -".json".length), resources: resourcesIn(join(folder, file)) }));
}

const resourcesIn = (checkpoint: string): StateResource[] =>
    Checkpoint.parse(JSON.parse(readFileSync(checkpoint, "utf8"))).checkpoint.latest?.resources ?? [];

/** Process ids of the engines that work on the stack now. */
export const liveEngines = (project: LabPlace): number[] =>
    locksOf(project).flatMap(({ pid }) => (pid !== undefined && engineRuns(pid) ? [pid] : []));

/** Removes the locks of engines that no longer run. @returns how many */
export function removeDeadLocks(project: LabPlace): number {
    const dead = locksOf(project).filter(({ pid }) => !engineRuns(pid));
    for (const { file } of dead) rmSync(file, { force: true });
    return dead.length;
}

function locksOf(project: LabPlace): { file: string; pid?: number }[] {
    const folder = join(stateOf(project), "locks", "organization", project.name, LAB_STACK);
    if (!existsSync(folder)) return [];
    return readdirSync(folder).map((name) => {
        const file = join(folder, name);
        return { file, pid: Lock.safeParse(readJson(file)).data?.pid };
    });
}

/** True where the process lives and is an engine: a pid may have been given to another program meanwhile. */
function engineRuns(pid: number | undefined): boolean {
    try {
        return readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("pulumi");
    } catch {
        return false;
    }
}

/** Undefined where a killed engine left half a file. */
function readJson(file: string): unknown {
    try {
        return JSON.parse(readFileSync(file, "utf8"));
    } catch {
        return undefined;
    }
}
