/** Running programs: arguments are arrays, never a shell line. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { searchPath } from "../schemas/search-path";

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
    /** After this time [ms] the program and what it started are killed; without it, there is no end to waiting. */
    timeoutMs?: number;
    /** What the message about that calls the program; by default the first word of the command line. */
    called?: string;
}

/** What programs of the lab see: fixed language and folders, nothing of the caller's. */
export const PLAIN_ENV = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    LC_ALL: "C",
};

/** The environment, with the folders of a host's programs alone to look for one in: we may be root. */
export const environmentOf = (env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv => ({
    ...env,
    PATH: searchPath(env.PATH),
});

/**
 * Runs a program to its end.
 *
 * @returns its exit status (128 + signal number where a signal ended it) and all it printed
 * @throws  Error when the program cannot be started, or has not ended in time
 */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const [program = "", ...args] = argv;
    return new Promise((resolve, reject) => {
        const { cwd, timeoutMs } = options;
        const env = environmentOf(options.env);
        // A group of its own can be killed whole: nsenter, for one, leaves behind what it runs.
        const child = spawn(program, args, { cwd, env, stdio: "pipe", detached: timeoutMs !== undefined });
        const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs, timeoutMs);
        function giveUp(waited: number): void {
            killGroup(child.pid);
            // Who left the group may hold these open for ever.
            child.stdout.destroy();
            child.stderr.destroy();
            reject(new Error(`${options.called ?? program} has not ended after ${waited / 1000} s and was killed.`));
        }
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
        child.on("error", (cause) => {
            clearTimeout(timer);
            reject(new Error(`${program} could not be started: ${cause.message}. Is it installed?`, { cause }));
        });
        child.on("close", (code, signal) => {
            clearTimeout(timer);
            resolve({ exitCode: code ?? 128 + (signal ? (SIGNAL_NUMBERS[signal] ?? 0) : 0), ...texts });
        });
        child.stdin.on("error", () => undefined);
        child.stdin.end();
    });
}

function killGroup(leader: number | undefined): void {
    if (leader === undefined) return;
    try {
        process.kill(-leader, "SIGKILL");
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
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
