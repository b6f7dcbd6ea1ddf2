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
        try {
            await progress.step(title, () => quietly(`node_modules/.bin/${program}`, args));
        } catch (error) {
            complaints += 1;
            progress.note(`${(error as Error).message}\n\`npm run format\` mends the format; the rest needs a person.`);
        }
    }
    return complaints;
}

/** @throws Error with all it said, where it complains */
function quietly(command: string, args: string[]): Promise<void> {
    return new Promise((resolve, reject) => {
        const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
        const chunks: Buffer[] = [];
        child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
        child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
        child.on("error", reject);
        child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(Buffer.concat(chunks).toString()))));
    });
}
