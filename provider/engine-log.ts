/** Lines on the engine's own log, beside the resource they are about. */
import { credentials, Metadata } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** An engine that does not take a line within this long [ms] does without it. */
const PATIENCE_MS = 10_000;
/** What is told for `--debug` within this long [ms] is one message: a change runs several things, and each message is a request. */
const GATHERED_MS = 100;

export interface EngineLog {
    /** Stays in the run's output. Where no engine listens it goes to stderr. Never fails. */
    warn(urn: string, message: string): Promise<void>;
    /** Shown beside the resource while it is worked on, and gone afterwards. */
    status(urn: string, message: string): void;
    /** For whoever asks for it with `--debug`: what was run on a host. Names values of nobody. */
    debug(message: string): void;
    /** Sends what is still held back. */
    end(): Promise<void>;
}

/** @param address where the engine listens */
export function engineLog(address: string | undefined): EngineLog {
    const aside = (message: string) => void process.stderr.write(`warning: ${message}\n`);
    const nothing = () => undefined;
    if (!address) {
        const warn = (_urn: string, message: string) => Promise.resolve(aside(message));
        return { warn, status: nothing, debug: nothing, end: () => Promise.resolve() };
    }
    const engine = new EngineClient(address, credentials.createInsecure());
    const send = (urn: string, message: string, severity: LogSeverity, ephemeral: boolean) => {
        const request = new LogRequest();
        request.setSeverity(severity);
        request.setUrn(urn);
        request.setMessage(message);
        request.setEphemeral(ephemeral);
        return new Promise<boolean>((resolve) =>
            engine.log(request, new Metadata(), { deadline: Date.now() + PATIENCE_MS }, (error) => resolve(!error)),
        );
    };
    const lines = new Lines((message) => send("", message, LogSeverity.DEBUG, false));
    return {
        warn: async (urn, message) => {
            if (!(await send(urn, message, LogSeverity.WARNING, false))) aside(message);
        },
        status: (urn, message) => void send(urn, message, LogSeverity.INFO, true),
        debug: (message) => lines.add(message),
        end: () => lines.flush(),
    };
}

/** Gathers lines to messages. */
class Lines {
    private lines: string[] = [];
    private timer: NodeJS.Timeout | undefined;
    /** What was sent and may not have arrived. */
    private sent: Promise<unknown> = Promise.resolve();

    constructor(private readonly send: (message: string) => Promise<unknown>) {}

    add(line: string): void {
        this.lines.push(line);
        this.timer ??= setTimeout(() => void this.flush(), GATHERED_MS);
    }

    /** Ends when all that was ever added has arrived. */
    async flush(): Promise<void> {
        clearTimeout(this.timer);
        this.timer = undefined;
        const { lines } = this;
        this.lines = [];
        if (lines.length > 0) {
            const [former, last] = [this.sent, this.send(lines.join("\n"))];
            this.sent = former.then(() => last);
        }
        await this.sent;
    }
}
