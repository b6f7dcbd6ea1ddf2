/** `kvmnet up`: from nothing to guests that were asked themselves. Every part is skipped when it is done already. */
import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout } from "node:timers/promises";
import { checkEngine, type EngineEnvironment, prepareEngine, prepareLibvirtSdk } from "../../engine";
import { checkMachine, labUp, withLock } from "../../lab";
import { labPaths } from "../../schemas/lab-paths";
import { allEnded } from "../all-ended";
import { layEmptyStack } from "../empty-stack";
import { runPulumi } from "../engine-run";
import { backendOf } from "../lab-backend";
import { checkSalt } from "../lab-secrets";
import { plainProgress, type Progress } from "../progress";
import { readLabProject, type LabProject } from "../lab-project";
import { LAB_STACK } from "../stack-file";
import { liveEngines, removeDeadLocks, stackExists } from "../state";
import { removeOrphanDomains } from "../orphans";
import { allAgree } from "../verify/compare";
import { verifyProject } from "../verify/read";
import { verifiedTable } from "../verify/table";

/** How long the parts of one run took [ms], for the benchmark. */
interface Timings {
    total: number;
    pulumi: number;
    guests: number;
}

export async function run({ timings }: { timings?: string }): Promise<number> {
    const started = performance.now();
    const project = readLabProject(process.cwd());
    const progress = plainProgress();
    // What neither can do without is looked for before either begins: both may take minutes.
    checkMachine();
    await checkEngine();
    await checkSalt(project.folder);
    const [engine] = await allEnded(
        (line) => progress.note(line),
        prepareEngine(progress).then(async (ready) => {
            await prepareLibvirtSdk(project.folder, ready, progress);
            return ready;
        }),
        labUp(project.lab, progress),
    );
    const { status, took } = await withLock(
        `up/${project.lab}`,
        () => built(project, engine, progress),
        () => progress.note(`Another \`kvmnet up\` is at work on the lab ${project.lab}; waiting for it to end.`),
    );
    if (status !== 0) {
        progress.note(
            "The engine did not finish; what it says above is the reason. Mend it and run the command again: it goes on from here.",
        );
        return status;
    }

    const { nics, waited } = await verifyProject(project, progress, { mends: true });
    process.stdout.write(`${verifiedTable(nics)}\n`);
    if (timings)
        writeFileSync(
            timings,
            JSON.stringify({ total: performance.now() - started, pulumi: took, guests: waited } satisfies Timings),
        );
    if (!allAgree(nics)) return 1;
    progress.note(whatNext(project));
    return 0;
}

/** Runs the real `pulumi up`. @returns its exit status, and how long it took [ms] */
async function built(
    project: LabProject,
    engine: EngineEnvironment,
    progress: Progress,
): Promise<{ status: number; took: number }> {
    await clearAwayTheDead(project, progress);
    const backend = backendOf(project.lab);
    if (!stackExists(project)) {
        const status = await layEmptyStack(project, engine, labPaths(project.lab).state, backend);
        if (status !== 0) return { status, took: 0 };
    }
    const before = performance.now();
    // --refresh: what a killed run or a person changed in the lab is seen, and put back.
    const args = ["up", "--yes", "--skip-preview", "--refresh", "--suppress-outputs", "--stack", LAB_STACK];
    const status = await runPulumi(engine, args, backend);
    return { status, took: performance.now() - before };
}

/** The lock of an engine that was killed, and domains that a killed run left and the state does not know. */
async function clearAwayTheDead(project: LabProject, progress: Progress): Promise<void> {
    const [working] = liveEngines(project);
    if (working !== undefined) progress.note(`The engine ${working} still works on this stack; waiting for it to end.`);
    // Nothing tells of the end of a process that is not our child, so it is looked for.
    while (liveEngines(project).length > 0) await setTimeout(200);
    const locks = removeDeadLocks(project);
    if (locks > 0) progress.note("An earlier run was killed: its lock is removed, and this run goes on from there.");
    const { removed, taken } = await removeOrphanDomains(project);
    for (const guest of removed)
        progress.note(
            `The guest ${guest} was left by a killed run and is not in the state: it is removed and made again.`,
        );
    for (const { guest, stack } of taken)
        progress.note(
            `The guest ${guest} is that of the stack ${stack} in the same lab, and stays as it is. ` +
                "Give one of the two another name, or this project another lab (kvmnet:host).",
        );
}

/** Commands under one another, and the file that a first change is made in. */
export function whatNext({ lab, file }: Pick<LabProject, "lab" | "file">): string {
    const look = `npx kvmnet lab exec ${lab} -- ovs-vsctl show`;
    const line = (command: string, what: string) => `  ${command.padEnd(look.length)}    ${what}`;
    return [
        "What to try next:",
        line("npx kvmnet preview", "the policies, as a pull request would run them"),
        line(look, "the switch, as its operator knows it"),
        line("npx kvmnet graph", "a picture of the environment"),
        line("npx kvmnet down", "ends the lab; nothing of it stays"),
        `Or change a value of the environment in ${basename(file)}, and run \`npx kvmnet up\` again.`,
    ].join("\n");
}
