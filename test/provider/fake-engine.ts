/** The part of the engine that a plugin calls: its log. */
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogSeverity, type LogRequest } from "@pulumi/pulumi/proto/engine_pb";

export class FakeEngine {
    /** How long it takes to answer [ms]. */
    slowness = 0;
    /** What a person sees. */
    readonly logged: { urn: string; message: string }[] = [];
    /** What a person sees who asks for it. */
    readonly debugged: string[] = [];
    private readonly server = new Server();

    /** Its address. */
    start(): Promise<string> {
        const refuse = (_call: unknown, reply: sendUnaryData<unknown>) => reply({ code: 12 });
        const handlers = Object.fromEntries(Object.keys(EngineService).map((method) => [method, refuse]));
        const note = (request: LogRequest) => {
            const [urn, message] = [request.getUrn(), request.getMessage()];
            if (request.getSeverity() === LogSeverity.DEBUG) this.debugged.push(message);
            else this.logged.push({ urn, message });
        };
        const log = ({ request }: ServerUnaryCall<LogRequest, Empty>, reply: sendUnaryData<Empty>) => {
            const answer = () => {
                note(request);
                reply(null, new Empty());
            };
            if (this.slowness > 0) setTimeout(answer, this.slowness);
            else answer();
        };
        this.server.addService(EngineService, { ...handlers, log });
        return new Promise((resolve, reject) =>
            this.server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
                error ? reject(error) : resolve(`127.0.0.1:${port}`),
            ),
        );
    }

    stop = () => this.server.forceShutdown();
}
