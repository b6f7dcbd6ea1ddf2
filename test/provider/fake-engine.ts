/** The part of the engine that a plugin calls: its log. */
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";

export class FakeEngine {
    readonly logged: { urn: string; message: string }[] = [];
    private readonly server = new Server();

    /** Its address. */
    start(): Promise<string> {
        const refuse = (_call: unknown, reply: sendUnaryData<unknown>) => reply({ code: 12 });
        const handlers = Object.fromEntries(Object.keys(EngineService).map((method) => [method, refuse]));
        const log = (call: ServerUnaryCall<LogRequest, Empty>, reply: sendUnaryData<Empty>) => {
            this.logged.push({ urn: call.request.getUrn(), message: call.request.getMessage() });
            reply(null, new Empty());
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
