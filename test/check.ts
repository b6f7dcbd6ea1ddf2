/** `npm run check`: format, lint, types, dead code. Each is asked even when another one complains. */
import { spawn } from "node:child_process";
import { plainProgress } from "../cli/progress";
import { prepare } from "./prepare";

/** Programs of node_modules with their arguments: what each finds is told by its own words. */
const CHECKS: Record<string, string[]> = {
    "Format (prettier)": ["prettier", "--check", "--log-level", "warn", "."],
    "Types (tsc)": ["tsc", "--noEmit"],
    "Lint (eslint)": ["eslint", "--cache", "--cache-location", "node_modules/.cache/eslint/", "."],
    "Dead code (knip)": ["knip"],
};

/** @returns exit status: 0 when all are content */
export async function main(): Promise<number> {
    await prepare();
    return (await checks()) === 0 ? 0 : 1;
}

/** @returns how many of the checks complain */
export async function checks(): Promise<number> {
    const progress = plainProgress();
    let complaints = 0;
    for (const [title, [program = "", ...args]] of Object.entries(CHECKS)) {
        const { status, output } = await progress.step(title, () => run(`node_modules/.bin/${program}`, args));
        if (status === 0) continue;
        complaints += 1;
        progress.note(`${output}\n${title} complains. \`npm run format\` mends the format; the rest needs a person.`);
    }
    return complaints;
}

function run(command: string, args: string[]): Promise<{ status: number; output: string }> {
    return new Promise((resolve, reject) => {
        const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
        const chunks: Buffer[] = [];
        child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
        child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
        child.on("error", reject);
        child.on("close", (code) => resolve({ status: code ?? 1, output: Buffer.concat(chunks).toString() }));
    });
}
