/** `kvmnet env`: the environment that was set up, for the shell or for programs. */
import { prepareEngine } from "../../engine";
import { labBackend } from "../lab-backend";
import { plainProgress } from "../progress";
import { projectOf } from "../project";

export async function run(options: { json?: boolean }): Promise<number> {
    const engine = await prepareEngine(plainProgress());
    const project = projectOf(process.cwd());
    const env = { ...engine.env, ...(project && labBackend(project)) };
    const lines = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`);
    process.stdout.write(`${options.json ? JSON.stringify(env, undefined, 4) : lines.join("\n")}\n`);
    return 0;
}

/** One word for any POSIX shell, whatever is in it. */
export const quoted = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;
