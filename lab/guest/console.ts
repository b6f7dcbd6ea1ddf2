/** Talking to a guest of a lab over its serial console. */
import { randomBytes } from "node:crypto";
import { watch } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { basename, dirname } from "node:path";
import { labPaths } from "../../schemas/lab-paths";
import { lastLines, readIfThere } from "../commands";
import { labIsDown, liveRecord } from "../record";
import { reportIn, type GuestReport } from "./report";

export interface GuestConsole {
    /** What the guest saw of its NICs when it had booted. */
    report: GuestReport;
    /**
     * Runs a program in the guest, several at a time if wanted. `output` is what it printed on both streams.
     *
     * @throws Error when it has not ended after `timeoutMs` (30 s) or the guest is gone
     */
    run(argv: readonly string[], timeoutMs?: number): Promise<{ exitCode: number; output: string }>;
    close(): void;
}

/**
 * Waits until a guest has booted, and opens its console. A console has one user at a time: a second one waits for the
 * first to close.
 *
 * @param timeoutMs longest time to wait for the guest's report [ms]
 * @throws          Error with the last lines of the console when the report does not come
 */
export async function openGuest(lab: string, guest: string, timeoutMs = 240_000): Promise<GuestConsole> {
    if (!liveRecord(lab)) throw labIsDown(lab);
    const { log, socket } = labPaths(lab).console(guest);
    const report = await reported(log, `guest ${guest} of lab ${lab}`, timeoutMs);
    return new Conversation(report, createConnection(socket), `guest ${guest} of lab ${lab}`, log);
}

/** Waits for the report in the console's log, which has all the guest printed, also before anybody connected. */
function reported(log: string, subject: string, timeoutMs: number): Promise<GuestReport> {
    const folder = dirname(log);
    return new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
            watcher.close();
            clearTimeout(timer);
            act();
        };
        const look = () => {
            try {
                const report = reportIn(readIfThere(log));
                if (report) settle(() => resolve(report));
            } catch (error) {
                const fault = new Error(`The ${subject} sent a report that makes no sense: ${String(error)}`);
                settle(() => reject(fault));
            }
        };
        // Watching starts before the first look, so nothing printed in between is missed.
        const watcher = watch(folder, (_, file) => {
            if (file === null || file === basename(log)) look();
        });
        const timer = setTimeout(
            () =>
                settle(() =>
                    reject(
                        new Error(
                            `The ${subject} did not report within ${timeoutMs / 1000} s. ` +
                                `Is it running? Its console (${log}) says:\n${lastLines(readIfThere(log)) || "(nothing)"}`,
                        ),
                    ),
                ),
            timeoutMs,
        );
        look();
    });
}

interface Waiting {
    done(exitCode: number, output: string): void;
    failed(error: Error): void;
}

/** Commands on their way, each known by a number of its own, so that their answers may come in any order. */
class Conversation implements GuestConsole {
    private readonly waiting = new Map<string, Waiting>();
    private rest = "";
    private ended: Error | undefined;

    constructor(
        readonly report: GuestReport,
        private readonly socket: Socket,
        private readonly subject: string,
        private readonly log: string,
    ) {
        socket.setEncoding("latin1");
        socket.on("data", (text: string) => this.heard(text));
        socket.on("error", (error: NodeJS.ErrnoException) => {
            if (error.code !== "ECONNRESET" && error.code !== "EPIPE")
                this.end(`cannot be reached on its console: ${error.message}`);
        });
        socket.on("close", () => this.end("has closed its console: it was stopped"));
    }

    run(argv: readonly string[], timeoutMs = 30_000): Promise<{ exitCode: number; output: string }> {
        if (this.ended) return Promise.reject(this.ended);
        const id = randomBytes(6).toString("hex");
        return new Promise((resolve, reject) => {
            const settle = (act: () => void) => {
                clearTimeout(timer);
                this.waiting.delete(id);
                act();
            };
            const failed = (error: Error) => settle(() => reject(error));
            const timer = setTimeout(
                () =>
                    failed(
                        new Error(
                            `\`${argv.join(" ")}\` in the ${this.subject} has not ended after ${timeoutMs / 1000} s. ` +
                                `Last lines of its console:\n${lastLines(readIfThere(this.log), 5)}`,
                        ),
                    ),
                timeoutMs,
            );
            this.waiting.set(id, { failed, done: (exitCode, output) => settle(() => resolve({ exitCode, output })) });
            this.socket.write(`KVMNET-RUN ${id} ${Buffer.from(argv.join("\0")).toString("base64")}\n`);
        });
    }

    close(): void {
        this.end("was closed");
        this.socket.destroy();
    }

    private heard(text: string): void {
        const lines = (this.rest + text).split("\n");
        this.rest = lines.pop() ?? "";
        for (const line of lines) {
            const [, id = "", status, output = ""] = /KVMNET-DONE (\w+) (\d+) ?(\S*)/.exec(line) ?? [];
            this.waiting.get(id)?.done(Number(status), Buffer.from(output, "base64").toString());
        }
    }

    private end(how: string): void {
        this.ended ??= new Error(`The ${this.subject} ${how}.`);
        for (const command of [...this.waiting.values()]) command.failed(this.ended);
    }
}
