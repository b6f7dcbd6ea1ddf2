/** How the command line tells what it does: a line when a step begins and ends, with the time it took. */
import pc from "picocolors";

/** Told about every step: what begins, what it is at, how it ended. */
export interface Progress {
    step<T>(title: string, work: (tell: (detail: string) => void) => Promise<T>): Promise<T>;
    note(line: string): void;
}

/** A long step says once in this while that it is still at work [ms], where no terminal shows it all the time. */
const STILL_AT_IT_MS = 15_000;

/** Steps as plain lines on standard error: several may run at once, so each line names its step. */
export function plainProgress(write: (line: string) => void = (line) => process.stderr.write(`${line}\n`)): Progress {
    return {
        note: write,
        async step(title, work) {
            const started = performance.now();
            const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
            let detail = "";
            const timer = setInterval(
                () => write(pc.dim(`  … ${title}: ${detail || "at work"} (${seconds()})`)),
                STILL_AT_IT_MS,
            );
            try {
                const result = await work((latest) => (detail = latest));
                write(`${pc.green("✓")} ${title} ${pc.dim(`(${seconds()}${detail ? `; ${detail}` : ""})`)}`);
                return result;
            } catch (error) {
                write(`${pc.red("✗")} ${title} ${pc.dim(`(${seconds()})`)}`);
                throw error;
            } finally {
                clearInterval(timer);
            }
        },
    };
}
