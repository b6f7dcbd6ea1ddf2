/** Warnings on the engine's own log, beside the resource they are about. */
import { credentials, Metadata } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** An engine that does not take a line within this long [ms] does without it. */
const PATIENCE_MS = 2_000;

/** One line on the engine's log; where no engine listens it goes to stderr. Never fails. */
export function engineLog(address: string | undefined): (urn: string, message: string) => Promise<void> {
    const aside = (message: string) => void process.stderr.write(`warning: ${message}\n`);
    if (!address) return (_urn, message) => Promise.resolve(aside(message));
    const engine = new EngineClient(address, credentials.createInsecure());
    return (urn, message) => {
        const request = new LogRequest();
        request.setSeverity(LogSeverity.WARNING);
        request.setUrn(urn);
        request.setMessage(message);
        return new Promise((resolve) =>
            engine.log(request, new Metadata(), { deadline: Date.now() + PATIENCE_MS }, (error) =>
                resolve(error ? aside(message) : undefined),
            ),
        );
    };
}
