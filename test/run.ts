/**
 * `npm test`: prepares, then checks types, lint and form, then runs every specification. With arguments it runs
 * only those files, without the checks: `npm test -- test/cli/verify.spec.ts`.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { checks } from "./check";
import { prepare, prepareFullKernel, prepareOtherLanguages } from "./prepare";

const Counts = z.object({ passes: z.number(), failures: z.number(), pending: z.number() });

export async function main(files: string[]): Promise<number> {
    await prepare();
    if (files.length === 0) await Promise.all([prepareOtherLanguages(), prepareFullKernel()]);
    const complaints = files.length === 0 ? await checks() : 0;
    const { passes, failures, pending } = await specifications(files.length === 0 ? ["test/**/*.spec.ts"] : files);
    const failed = failures + complaints;
    process.stdout.write(`${passes} passed, ${failed} failed${pending ? `, ${pending} skipped` : ""}\n`);
    return failed === 0 && passes > 0 ? 0 : 1;
}

async function specifications(files: string[]): Promise<z.output<typeof Counts>> {
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-test-"));
    const counts = join(folder, "counts.json");
    try {
        const status = await new Promise<number>((resolve, reject) => {
            const child = spawn(
                process.execPath,
                ["node_modules/mocha/bin/mocha.js", "--reporter", "test/support/counting-reporter.cjs", ...files],
                { stdio: "inherit", env: { ...process.env, KVMNET_COUNTS: counts } },
            );
            child.on("error", reject);
            child.on("exit", (code) => resolve(code ?? 1));
        });
        const result = Counts.parse(JSON.parse(readFileSync(counts, "utf8")));
        // A run that ended badly for another reason than a failed test must not count as passed.
        return status !== 0 && result.failures === 0 ? { ...result, failures: 1 } : result;
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
