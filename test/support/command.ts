/** Runs the command line as a person does, and keeps what it said. */
import { spawn, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";

export interface Outcome {
    status: number | null;
    /** Standard output and error, in the order they came. */
    output: string;
}

/** Starts `kvmnet ARGS` in a folder. Its process is the leader of a group, so that a test can end all of it. */
export function startKvmnet(folder: string, args: string[]): { child: ChildProcess; ended: Promise<Outcome> } {
    return start(process.execPath, [resolve("cli/kvmnet.cjs"), ...args], folder);
}

export const kvmnet = (folder: string, ...args: string[]): Promise<Outcome> => startKvmnet(folder, args).ended;

/** Runs any program to its end. */
export const command = (folder: string, program: string, ...args: string[]): Promise<Outcome> =>
    start(program, args, folder).ended;

function start(program: string, args: string[], cwd: string) {
    const child = spawn(program, args, {
        cwd,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, NO_COLOR: "1" },
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<Outcome>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (status) => resolve({ status, output }));
    });
    return { child, ended };
}
