/** `kvmnet pulumi ARGS`: the engine in the environment that was set up; its terminal, signals and exit status are the caller's. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";
import { prepareEngine } from "../../engine";
import { labBackend } from "../lab-backend";
import { plainProgress } from "../progress";
import { projectOf } from "../project";

export async function run(args: string[]): Promise<number> {
    const engine = await prepareEngine(plainProgress());
    const project = projectOf(folderOf(args));
    const env = { ...process.env, ...engine.env, ...(project && labBackend(project)) };
    const child = spawn(engine.pulumi, args, { stdio: "inherit", env });
    // A terminal sends Ctrl-C to the engine too, and a second one would make it drop its work.
    const onTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
    const pass = { SIGINT: !onTerminal, SIGTERM: true, SIGHUP: true };
    const signals = Object.entries(pass) as [NodeJS.Signals, boolean][];
    const handlers = signals.map(([signal, on]) => [signal, () => void (on && child.kill(signal))] as const);
    for (const [signal, handle] of handlers) process.on(signal, handle);
    try {
        return await new Promise<number>((resolve, reject) => {
            child.once("error", (error) =>
                reject(
                    new Error(`${engine.pulumi} could not be started: ${error.message}. Run \`npx kvmnet doctor\`.`),
                ),
            );
            child.once("close", (status, signal) => resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)));
        });
    } finally {
        for (const [signal, handle] of handlers) process.off(signal, handle);
    }
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
