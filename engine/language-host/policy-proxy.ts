/**
 * Stands before a policy pack: packs read the stack's name and config from their environment, which must be there when
 * they start, and the engine tells it by a call. So we take that call first, start the pack, and pass everything else on.
 */
import * as grpc from "@grpc/grpc-js";
import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import {
    AnalyzerHandshakeResponse,
    AnalyzerStackConfigureRequest,
    AnalyzerStackConfigureResponse,
} from "@pulumi/pulumi/proto/analyzer_pb";
import { MESSAGE_LIMITS } from "./limits";

export interface Configured {
    organization: string;
    project: string;
    stack: string;
    dryRun: boolean;
    config: Record<string, string>;
}

export interface PolicyProxy {
    /** What the engine told of the stack; undefined when it asked for something else first. */
    configured: Promise<Configured | undefined>;
    /** Takes the pack's standard output: the first line is its port, the rest is handed on. */
    fromPack: (chunk: Buffer) => void;
    close: () => void;
}

const asIs = (bytes: Buffer) => bytes;

/** @param stdout what the engine reads: first our port, then whatever the pack prints after its own */
export async function policyProxy(stdout: (chunk: Uint8Array) => void): Promise<PolicyProxy> {
    const configuration = deferred<Buffer | undefined>();
    const pack = deferred<grpc.Client>();
    pack.promise.catch(() => undefined);

    const server = new grpc.Server(MESSAGE_LIMITS);
    const handlers: grpc.UntypedServiceImplementation = {};
    const definition: Record<string, grpc.MethodDefinition<Buffer, Buffer>> = {};
    for (const [name, method] of Object.entries(AnalyzerService)) {
        definition[name] = {
            path: method.path,
            requestStream: false,
            responseStream: false,
            requestSerialize: asIs,
            requestDeserialize: asIs,
            responseSerialize: asIs,
            responseDeserialize: asIs,
        };
        handlers[name] = (call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) => {
            // Asked before the stack is told, as `pulumi policy publish` does: the pack starts without one.
            configuration.resolve(undefined);
            pack.promise.then(
                (client) => client.makeUnaryRequest(method.path, asIs, asIs, call.request, call.metadata, answer),
                (error: Error) => answer({ code: grpc.status.UNAVAILABLE, details: error.message }),
            );
        };
    }
    handlers.handshake = (_call: unknown, answer: grpc.sendUnaryData<Buffer>) =>
        answer(null, Buffer.from(new AnalyzerHandshakeResponse().serializeBinary()));
    handlers.configureStack = (call: grpc.ServerUnaryCall<Buffer, Buffer>, answer: grpc.sendUnaryData<Buffer>) => {
        configuration.resolve(call.request);
        answer(null, Buffer.from(new AnalyzerStackConfigureResponse().serializeBinary()));
    };
    server.addService(definition, handlers);
    stdout(Buffer.from(`${await listen(server)}\n`));

    let head = "";
    let attached = false;
    return {
        configured: configuration.promise.then((bytes) => bytes && configuredFrom(bytes)),
        fromPack(chunk) {
            if (attached) return stdout(chunk);
            head += chunk.toString("utf8");
            const end = head.indexOf("\n");
            if (end < 0) return;
            attached = true;
            const client = new grpc.Client(
                `127.0.0.1:${Number(head.slice(0, end))}`,
                grpc.credentials.createInsecure(),
                MESSAGE_LIMITS,
            );
            if (end + 1 < head.length) stdout(Buffer.from(head.slice(end + 1)));
            void tellStack(client, configuration.promise).then(() => pack.resolve(client), pack.reject);
        },
        close() {
            pack.reject(new Error("the policy pack has ended"));
            server.forceShutdown();
        },
    };
}

/** A promise that others keep. */
function deferred<T>() {
    let resolve!: (value: T) => void;
    let reject!: (error: unknown) => void;
    const promise = new Promise<T>((keep, refuse) => ([resolve, reject] = [keep, refuse]));
    return { promise, resolve, reject };
}

const listen = (server: grpc.Server) =>
    new Promise<number>((resolve, reject) =>
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
            error ? reject(error) : resolve(port),
        ),
    );

/** Packs that know the call hear it too; older ones do not implement it, which is no fault. */
async function tellStack(client: grpc.Client, configuration: Promise<Buffer | undefined>): Promise<void> {
    const bytes = await configuration;
    if (!bytes) return;
    await new Promise<void>((resolve, reject) =>
        client.makeUnaryRequest("/pulumirpc.Analyzer/ConfigureStack", asIs, asIs, bytes, (error) =>
            error && error.code !== grpc.status.UNIMPLEMENTED ? reject(error) : resolve(),
        ),
    );
}

function configuredFrom(bytes: Buffer): Configured {
    const request = AnalyzerStackConfigureRequest.deserializeBinary(bytes);
    return {
        organization: request.getOrganization(),
        project: request.getProject(),
        stack: request.getStack(),
        dryRun: request.getDryRun(),
        config: Object.fromEntries(request.getConfigMap().getEntryList()),
    };
}
