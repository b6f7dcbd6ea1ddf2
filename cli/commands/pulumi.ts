/** `kvmnet pulumi ARGS`: the engine in the environment that was set up; its terminal, signals and exit status are the caller's. */
import { existsSync } from "node:fs";
import { prepareEngine } from "../../engine";
import { labPaths } from "../../schemas/lab-paths";
import { runPulumi } from "../engine-run";
import { labBackend, labOf } from "../lab-backend";
import { plainProgress } from "../progress";
import { projectOf } from "../project";

export async function run(args: string[]): Promise<number> {
    const engine = await prepareEngine(plainProgress());
    const project = projectOf(folderOf(args));
    if (project && asksState(args)) stateMustBeThere(project, args);
    return runPulumi(engine, args, project ? labBackend(project, args) : {});
}

/** Commands of the engine that read and write no state. */
const WITHOUT_STATE = ["about", "gen-completion", "help", "install", "new", "package", "plugin", "schema", "version"];

/** False of what the engine answers without a backend, so that it is asked before anything is up. */
export function asksState(args: string[]): boolean {
    const own = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
    if (own.some((word) => word === "-h" || word === "--help")) return false;
    const [command] = own.filter((word, index) => !word.startsWith("-") && !TAKES_FOLDER.test(own[index - 1] ?? ""));
    return command !== undefined && !WITHOUT_STATE.includes(command);
}

const TAKES_FOLDER = /^(?:-C|--cwd)$/;

/** @throws Error that says what to do, where the state would lie with a lab that is not up */
function stateMustBeThere(project: string, args: string[]): void {
    const lab = labBackend(project, args).PULUMI_BACKEND_URL && labOf(project);
    if (!lab || existsSync(labPaths(lab).state)) return;
    throw new Error(
        `The state of the stack lab lies with the lab ${lab}, which is not up. Run \`npx kvmnet up\`, or \`npx kvmnet lab up ${lab}\` for an empty one.`,
    );
}

/** Where the engine will look for the project: its flag -C or --cwd, or here. */
export function folderOf(args: string[]): string {
    for (const [i, word] of args.entries()) {
        if (word === "--") break;
        if (word === "-C" || word === "--cwd") return args[i + 1] ?? process.cwd();
        const joined = /^(?:--cwd=|-C=?)(.+)$/.exec(word)?.[1];
        if (joined) return joined;
    }
    return process.cwd();
}
