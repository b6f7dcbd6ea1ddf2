/** A provider that does nothing, to see what an engine itself takes: it says yes to every step at once. */
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";

const answering =
    <Request, Response>(answer: (request: Request) => Response) =>
    (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>): void =>
        reply(null, answer(call.request));

const handlers = {
    handshake: answering(() => new proto.ProviderHandshakeResponse()),
    attach: answering(() => new Empty()),
    getPluginInfo: answering(() => {
        const info = new PluginInfo();
        info.setVersion("1.0.0");
        return info;
    }),
    checkConfig: answering(checked),
    diffConfig: answering(unchanged),
    configure: answering(() => {
        const response = new proto.ConfigureResponse();
        response.setAcceptsecrets(true);
        response.setSupportspreview(true);
        return response;
    }),
    check: answering(checked),
    diff: answering(unchanged),
    create: answering((request: proto.CreateRequest) => {
        const response = new proto.CreateResponse();
        response.setId(request.getUrn().split("::").at(-1) ?? "");
        response.setProperties(request.getProperties());
        return response;
    }),
    delete: answering(() => new Empty()),
    cancel: answering(() => new Empty()),
};

function checked(request: proto.CheckRequest): proto.CheckResponse {
    const response = new proto.CheckResponse();
    response.setInputs(request.getNews());
    return response;
}

function unchanged(): proto.DiffResponse {
    const response = new proto.DiffResponse();
    response.setChanges(proto.DiffResponse.DiffChanges.DIFF_NONE);
    return response;
}

export function main(): void {
    const server = new Server();
    server.addService(ResourceProviderService, handlers);
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
        if (error) throw error;
        process.stdout.write(`${port}\n`);
    });
    // The engine holds the other end.
    process.stdin.on("end", () => process.exit(0)).resume();
    process.on("SIGINT", () => process.exit(0));
}
