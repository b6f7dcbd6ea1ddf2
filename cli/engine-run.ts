/** Runs the engine in the environment that was set up; its terminal, signals and exit status are the caller's. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";
import type { EngineEnvironment } from "../engine";

/** Runs `pulumi ARGS`. @param extra what to add to the engine's environment @returns its exit status */
export async function runPulumi(
    engine: EngineEnvironment,
    args: string[],
    extra: Record<string, string> = {},
): Promise<number> {
    const child = spawn(engine.pulumi, args, { stdio: "inherit", env: { ...process.env, ...engine.env, ...extra } });
    // A terminal sends Ctrl-C to the engine too, and a second one would make it drop its work.
    const onTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
    const pass = { SIGINT: !onTerminal, SIGTERM: true, SIGHUP: true };
    const signals = Object.entries(pass) as [NodeJS.Signals, boolean][];
    const handlers = signals.map(([signal, on]) => [signal, () => void (on && child.kill(signal))] as const);
    for (const [signal, handle] of handlers) process.on(signal, handle);
    try {
        return await new Promise<number>((resolve, reject) => {
            child.once("error", (error) =>
                reject(
                    new Error(`${engine.pulumi} could not be started: ${error.message}. Run \`npx kvmnet doctor\`.`),
                ),
            );
            child.once("close", (status, signal) => resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)));
        });
    } finally {
        for (const [signal, handle] of handlers) process.off(signal, handle);
    }
}
