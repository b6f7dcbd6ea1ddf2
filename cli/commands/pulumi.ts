/** `kvmnet pulumi ARGS`: the engine in the environment that was set up; its terminal, signals and exit status are the caller's. */
import { prepareEngine } from "../../engine";
import { runPulumi } from "../engine-run";
import { labBackend } from "../lab-backend";
import { plainProgress } from "../progress";
import { projectOf } from "../project";

export async function run(args: string[]): Promise<number> {
    const engine = await prepareEngine(plainProgress());
    const project = projectOf(folderOf(args));
    return runPulumi(engine, args, project ? labBackend(project, args) : {});
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
