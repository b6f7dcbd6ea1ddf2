/** Our package for Python, as Pulumi's own generator writes it from the schema. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goPiece, type GoPiece } from "../../engine/go-pieces";
import { type Progress, silent } from "../../engine/progress";
import { run } from "../../engine/run";
import { PULUMI } from "../../engine/versions";

const GENERATOR_PIECE: GoPiece = {
    program: "kvmnet-python-generator",
    version: PULUMI,
    title: "the generator of Python packages",
    source: "test/python/generator/main.go",
    require: { "github.com/pulumi/pulumi/pkg/v3": `v${PULUMI}` },
    replace: { "github.com/atotto/clipboard": "github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e" },
    ldflags: "-s -w",
};

/** The official Python host carries this generator; the one that can be built from a module is older than that. */
export const preparePythonGenerator = (progress: Progress) => goPiece(GENERATOR_PIECE, progress);

/**
 * Generates the package and installs it into `folder`, from which programs there import it.
 *
 * @param python  folder of the environment's programs
 * @throws Error with the generator's words, where it refuses the schema
 */
export async function installPythonSdk(schema: string, folder: string, python: string): Promise<void> {
    const sdk = mkdtempSync(join(tmpdir(), "kvmnet-python-sdk-"));
    try {
        await generate(schema, sdk);
        // Nothing is fetched: what the package needs is in the environment.
        const offline = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"];
        await run(
            join(python, "python"),
            ["-m", "pip", "install", "--quiet", ...offline, "--target", folder, sdk],
            "Read what the generator wrote.",
        );
    } finally {
        rmSync(sdk, { recursive: true, force: true });
    }
}

async function generate(schema: string, folder: string): Promise<void> {
    const child = spawn(await preparePythonGenerator(silent), [folder], { stdio: ["pipe", "ignore", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (part: string) => (said += part));
    child.stdin.end(schema);
    const [status] = (await once(child, "close")) as [number | null];
    if (status !== 0) throw new Error(said);
}
