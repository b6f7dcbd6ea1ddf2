/** A Python environment for the tests of other languages: made once, kept in the cache, its packages pinned. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { keep, keptAt, keyOf } from "../../engine/cache";
import { findProgram } from "../../engine/find";
import type { Progress } from "../../engine/progress";
import { run } from "../../engine/run";
import { install, withPackages } from "../../lab/packages";

const REQUIREMENTS = join("test", "python", "requirements.txt");

/** @returns the folder of the environment's programs; first on a PATH, it is the activated environment */
export async function preparePython(progress: Progress): Promise<string> {
    const requirements = readFileSync(REQUIREMENTS, "utf8");
    const [program, version] = await python();
    const key = keyOf("python", version, [program, requirements]);
    if (!existsSync(keptAt(key)))
        await progress.step(`Fetching Pulumi's SDK for Python ${version}, once`, (tell) =>
            keep(key, (draft) => make(program, draft, tell), tell),
        );
    return join(keptAt(key), "bin");
}

/** The machine's, with its version; Debian's own lacks a package before it can make environments. */
async function python(): Promise<[program: string, version: string]> {
    const ask = (program: string) =>
        run(program, ["-c", "import ensurepip, platform; print(platform.python_version())"], NEEDED);
    const program = findProgram("python3");
    const version = program && (await ask(program).catch(() => undefined));
    if (program && version) return [program, version.trim()];
    await withPackages(
        () => install(["python3-venv"], () => undefined),
        () => undefined,
    );
    return [DEBIANS, (await ask(DEBIANS)).trim()];
}

const DEBIANS = "/usr/bin/python3";
const NEEDED = "The tests of other languages need Python 3.10 or newer with its modules venv and ensurepip.";

async function make(program: string, draft: string, tell: (detail: string) => void): Promise<void> {
    await run(program, ["-m", "venv", draft], NEEDED);
    const next = "Check that this machine reaches its Python package index, then run the same command again.";
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS];
    await run(join(draft, "bin", "python"), pip, next, { tell });
}
