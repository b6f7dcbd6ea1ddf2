/** Running programs: arguments are arrays, never a shell line. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface CommandResult {
    exitCode: number;
    stdout: string;
    stderr: string;
}

export interface CommandOptions {
    env?: NodeJS.ProcessEnv;
    cwd?: string;
    /** Called with each line the program prints, on either stream. */
    onLine?: (line: string) => void;
}

/** What programs of the lab see: fixed language and folders, nothing of the caller's. */
export const PLAIN_ENV = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    LC_ALL: "C",
};

/**
 * Runs a program to its end.
 *
 * @returns its exit status (128 + signal number where a signal ended it) and all it printed
 * @throws  Error when the program cannot be started
 */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const [program = "", ...args] = argv;
    return new Promise((resolve, reject) => {
        const child = spawn(program, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: "pipe" });
        const texts = { stdout: "", stderr: "" };
        for (const stream of ["stdout", "stderr"] as const) {
            let rest = "";
            child[stream].setEncoding("utf8").on("data", (text: string) => {
                texts[stream] += text;
                if (!options.onLine) return;
                const lines = (rest + text).split(/[\r\n]+/);
                rest = lines.pop() ?? "";
                lines.filter((line) => line.trim() !== "").forEach(options.onLine);
            });
        }
        child.on("error", (cause) =>
            reject(new Error(`${program} could not be started: ${cause.message}. Is it installed?`, { cause })),
        );
        child.on("close", (code, signal) =>
            resolve({ exitCode: code ?? 128 + (signal ? (SIGNAL_NUMBERS[signal] ?? 0) : 0), ...texts }),
        );
        child.stdin.on("error", () => undefined);
        child.stdin.end();
    });
}

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = {
    SIGHUP: 1,
    SIGINT: 2,
    SIGQUIT: 3,
    SIGKILL: 9,
    SIGTERM: 15,
};

/**
 * Runs a program that must succeed.
 *
 * @returns what it printed on its standard output
 * @throws  Error with the last lines it printed
 */
export async function mustRun(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
    const result = await runCommand(argv, options);
    if (result.exitCode === 0) return result.stdout;
    throw new Error(
        `\`${argv.slice(0, 3).join(" ")}${argv.length > 3 ? " ..." : ""}\` failed with status ${result.exitCode}:\n` +
            lastLines(result.stderr.trim() || result.stdout),
    );
}

/** The end of a long text, for a message. */
export function lastLines(text: string, count = 12): string {
    return text.trimEnd().split("\n").slice(-count).join("\n");
}

/** A file's text; empty where there is none. */
export function readIfThere(path: string): string {
    try {
        return readFileSync(path, "utf8");
    } catch {
        return "";
    }
}
