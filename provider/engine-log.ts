/** Lines on the engine's own log, beside the resource they are about. */
import { credentials, Metadata } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** An engine that does not take a line within this long [ms] does without it. */
const PATIENCE_MS = 10_000;

export interface EngineLog {
    /** Stays in the run's output. Where no engine listens it goes to stderr. Never fails. */
    warn(urn: string, message: string): Promise<void>;
    /** Shown beside the resource while it is worked on, and gone afterwards. */
    status(urn: string, message: string): void;
    /** For whoever asks for it with `--debug`: what was run on a host. Names values of nobody. */
    debug(message: string): void;
}

/** @param address where the engine listens */
export function engineLog(address: string | undefined): EngineLog {
    const aside = (message: string) => void process.stderr.write(`warning: ${message}\n`);
    const nothing = () => undefined;
    if (!address) return { warn: (_urn, message) => Promise.resolve(aside(message)), status: nothing, debug: nothing };
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
    return {
        warn: async (urn, message) => {
            if (!(await send(urn, message, LogSeverity.WARNING, false))) aside(message);
        },
        status: (urn, message) => void send(urn, message, LogSeverity.INFO, true),
        debug: (message) => void send("", message, LogSeverity.DEBUG, false),
    };
}
