/** Starts the engine for a project's lab stack, in the environment that was set up. */
import { spawn } from "node:child_process";
import type { EngineEnvironment } from "../engine";

/** Runs `pulumi ARGS` on the terminal. Signals reach it as part of the process group. @returns its exit status */
export function runPulumi(engine: EngineEnvironment, args: string[], extra: Record<string, string>): Promise<number> {
    return new Promise((resolve, reject) => {
        const child = spawn(engine.pulumi, args, {
            stdio: "inherit",
            env: { ...process.env, ...engine.env, ...extra },
        });
        const patience = () => {};
        process.on("SIGINT", patience);
        child.on("error", reject);
        child.on("exit", (code, signal) => {
            process.off("SIGINT", patience);
            resolve(signal ? 128 : (code ?? 1));
        });
    });
}
