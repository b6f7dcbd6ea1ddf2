/** The stack before its first `pulumi up`, as the engine itself makes it: made once, kept in the cache, laid into each lab. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EngineEnvironment } from "../engine";
import { cacheRoot, digestOf } from "../engine/cache";
import { runPulumi } from "./engine-run";
import { backendIn, fileBackend } from "./lab-backend";
import { LAB_STACK } from "./stack-file";

/**
 * Lays the empty stack into a folder that is a file backend, or becomes one.
 *
 * @param state the backend's folder  @param environment what the engine needs to reach it
 * @returns the exit status of `pulumi stack init`, 0 where the cache has what it would make
 */
export async function layEmptyStack(
    project: { name: string },
    engine: EngineEnvironment,
    state: string,
    environment: Record<string, string>,
): Promise<number> {
    const kept = join(cacheRoot(), "stacks", digestOf([engine.pulumi, project.name, JSON.stringify(backendIn(""))]));
    if (!existsSync(kept)) {
        mkdirSync(dirname(kept), { recursive: true });
        const draft = mkdtempSync(`${kept}-`);
        try {
            const backend = { ...environment, PULUMI_BACKEND_URL: fileBackend(draft) };
            const status = await runPulumi(engine, ["stack", "init", LAB_STACK, "--no-select"], backend);
            if (status !== 0) return status;
            if (!existsSync(kept)) renameSync(draft, kept);
        } finally {
            rmSync(draft, { recursive: true, force: true });
        }
    }
    if (existsSync(join(state, ".pulumi"))) cpSync(kept, state, { recursive: true });
    else {
        // In one step: half a backend would be taken for one of another layout.
        cpSync(kept, `${state}-draft`, { recursive: true });
        renameSync(join(`${state}-draft`, ".pulumi"), join(state, ".pulumi"));
        rmSync(`${state}-draft`, { recursive: true });
    }
    return 0;
}
