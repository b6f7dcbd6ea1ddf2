/** Runs a program for us: its last lines are kept for the message, the very last is told as it comes. */
import { spawn } from "node:child_process";

export interface RunOptions {
    cwd?: string;
    env?: NodeJS.ProcessEnv;
    /** Told each line the program prints. */
    tell?: (line: string) => void;
    /** The program is ended after this time [ms]; without it, never. */
    timeoutMs?: number;
}

/** How many of a failed program's last lines its message shows. */
const LAST_LINES = 20;

/** A program that failed: its command, what it said last, and what to do. */
class RunError extends Error {
    constructor(command: string, ended: string, lines: string[], next: string) {
        super([`${command} ${ended}.`, ...lines.map((line) => `    ${line}`), next].join("\n"));
        this.name = "RunError";
    }
}

/**
 * @param next what a person can do when it fails, one sentence
 * @returns what the program wrote to its standard output
 * @throws RunError when it cannot be started, is ended, or its exit status is not 0
 */
export async function run(command: string, args: string[], next: string, options: RunOptions = {}): Promise<string> {
    const named = [command, ...args.slice(0, 3)].join(" ");
    const child = spawn(command, args, {
        cwd: options.cwd,
        env: options.env ?? process.env,
        stdio: ["ignore", "pipe", "pipe"],
        timeout: options.timeoutMs,
        killSignal: "SIGKILL",
    });
    const output: string[] = [];
    const lines: string[] = [];
    const take = (text: string) => {
        for (const line of text.split(/[\r\n]+/).filter((part) => part.trim() !== "")) {
            lines.push(line);
            options.tell?.(line);
        }
        lines.splice(0, lines.length - LAST_LINES);
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output.push(text);
        take(text);
    });
    child.stderr.setEncoding("utf8").on("data", take);
    return new Promise((resolve, reject) => {
        child.on("error", (error) => reject(new RunError(named, `could not be started: ${error.message}`, [], next)));
        child.on("close", (status, signal) => {
            if (status === 0) return resolve(output.join(""));
            const ended = signal ? `was ended by ${signal}` : `failed with exit status ${status}`;
            reject(new RunError(named, lines.length > 0 ? `${ended}; its last lines` : ended, lines, next));
        });
    });
}
