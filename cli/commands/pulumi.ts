/** `kvmnet pulumi ARGS`: the engine in the environment that was set up; its terminal, signals and exit status are the caller's. */
import { existsSync } from "node:fs";
import { prepareEngine } from "../../engine";
import { labPaths } from "../../schemas/lab-paths";
import { runPulumi } from "../engine-run";
import { readArgs, stackNamed } from "../engine-args";
import { isOfLab, labBackend, labOf, OF_THE_LOGIN } from "../lab-backend";
import { checkSalt, secretNote } from "../lab-secrets";
import { plainProgress } from "../progress";
import { projectOf } from "../project";

export async function run(args: string[]): Promise<number> {
    const engine = await prepareEngine(plainProgress());
    const project = projectOf(folderOf(args));
    if (!project) return runPulumi(engine, args);
    const backend = labBackend(project, args);
    if (asksState(args)) {
        stateMustBeThere(project, args);
        if (backend.PULUMI_BACKEND_URL !== undefined) await checkSalt(project);
    }
    for (const note of [selectionNote(project, args), secretNote(project, args)])
        if (note !== undefined) process.stderr.write(`${note}\n`);
    return runPulumi(engine, args, backend);
}

/** Commands of the engine that read and write no state. */
const WITHOUT_STATE = ["about", "gen-completion", "help", "install", "new", "package", "plugin", "schema", "version"];

/** False of what the engine answers without a backend, or with the user's own, so that it is asked before anything is up. */
export function asksState(args: string[]): boolean {
    const { words, help } = readArgs(args);
    const [command] = words;
    return !help && command !== undefined && ![...WITHOUT_STATE, ...OF_THE_LOGIN].includes(command);
}

/** @throws Error that says what to do, where the state would lie with a lab that is not up */
function stateMustBeThere(project: string, args: string[]): void {
    const lab = labBackend(project, args).PULUMI_BACKEND_URL && labOf(project);
    if (!lab || existsSync(labPaths(lab).state)) return;
    throw new Error(
        `The state of the stack lab lies with the lab ${lab}, which is not up. Run \`npx kvmnet up\`, or \`npx kvmnet lab up ${lab}\` for an empty one.`,
    );
}

/** What is said to whom selects a stack that is not the lab's; undefined for all else. */
export function selectionNote(project: string, args: string[]): string | undefined {
    const read = readArgs(args);
    const [command, verb = ""] = read.words;
    const selects = command === "stack" && SELECTING.includes(verb) && !read.flags.includes("no-select");
    const name = stackNamed(read);
    if (!selects || name === undefined || labOf(project) === undefined || isOfLab(name)) return undefined;
    return `kvmnet works on the stack lab here, whichever is selected. Name the other one each time: --stack ${name}, or PULUMI_STACK=${name}.`;
}

/** What `stack` does that selects one. */
const SELECTING = ["new", "init", "create", "setup", "select"];

/** Where the engine will look for the project: its flag -C or --cwd, or here. */
export const folderOf = (args: string[]): string => readArgs(args).folder ?? process.cwd();
