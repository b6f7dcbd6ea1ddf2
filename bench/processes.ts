/** Runs programs for a measure: quietly, and loudly when they fail, since a failed run is no measurement. */
import { spawn } from "node:child_process";

interface Running {
    env?: NodeJS.ProcessEnv;
    cwd?: string;
    input?: string;
    /** Runs it in a session of its own, and is told its number. */
    inSession?: (session: number | undefined) => void;
}

/** Runs a program to its end. @throws Error with its last words where its exit status is not 0 */
export function ran(command: string, args: string[], { input, inSession, ...options }: Running = {}): Promise<string> {
    return new Promise((resolve, reject) => {
        const detached = inSession !== undefined;
        const child = spawn(command, args, { ...options, detached, stdio: ["pipe", "pipe", "pipe"] });
        inSession?.(child.pid);
        const out: Buffer[] = [];
        const err: Buffer[] = [];
        child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
        child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
        child.on("error", reject);
        child.on("close", (code) => {
            const text = Buffer.concat(out).toString();
            if (code === 0) resolve(text);
            else
                reject(
                    new Error(
                        `${[command, ...args].join(" ").slice(0, 500)} ended with ${code}:\n` +
                            `${text}${Buffer.concat(err).toString()}`.slice(-2000),
                    ),
                );
        });
        // A program that needs none of its input may be gone before it is written.
        child.stdin.on("error", () => undefined);
        child.stdin.end(input);
    });
}

/** Starts a program and waits for its first line on standard output. @returns the time until then [ms], and its end */
export function firstLine(
    command: string,
    args: string[],
    env: NodeJS.ProcessEnv,
    cwd?: string,
): Promise<{ ms: number; line: string; end: () => Promise<void> }> {
    return new Promise((resolve, reject) => {
        const started = performance.now();
        const child = spawn(command, args, { env, cwd, stdio: ["pipe", "pipe", "inherit"] });
        const ended = new Promise<void>((done) => child.once("exit", () => done()));
        child.once("error", reject);
        child.once("exit", (code) => reject(new Error(`${command} ended with ${code} before it said anything`)));
        child.stdout.once("data", (chunk: Buffer) =>
            resolve({
                ms: performance.now() - started,
                line: chunk.toString().trim(),
                end: () => {
                    child.kill();
                    return ended;
                },
            }),
        );
    });
}
