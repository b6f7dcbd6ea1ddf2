/** A provider that does nothing and says yes to every step at once: to see what an engine itself does. */
import { chmodSync } from "node:fs";
import { join, resolve } from "node:path";
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import type { EngineProject } from "./engine-project";

/** More of Pulumi.yaml: the provider stands for the one of that name. */
export const nothingAs = (name: string) => ({ plugins: { providers: [{ name, path: "nothing" }] } });

/** Lays the plugin into a project that was made with `nothingAs`. */
export function layNothing(project: EngineProject, name: string): void {
    const file = `nothing/pulumi-resource-${name}`;
    const load = `require(${JSON.stringify(resolve("engine/load.cjs"))})("test/support/nothing-provider").main()`;
    project.write(file, `#!/bin/sh\nexec node -e '${load}'\n`);
    chmodSync(join(project.folder, file), 0o755);
}

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
    parameterize: answering((request: proto.ParameterizeRequest) => {
        const response = new proto.ParameterizeResponse();
        response.setName(request.getValue()?.getName() ?? "");
        response.setVersion(request.getValue()?.getVersion() ?? "");
        return response;
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
