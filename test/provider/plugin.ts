/** The plugin as the engine uses it: its own process, its gRPC service, bags instead of protobufs. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { ownerFrom } from "../../provider/owner";
import { bagOf, structOf } from "../../provider/struct";
import type { Bag } from "../../provider/wire";

export const urnOf = (type: string, name: string, stack = "dev") => `urn:pulumi:${stack}::shop::${type}::${name}`;

export interface Made {
    id: string;
    state: Bag;
}

/** What an error says of an object that is there and needs repair. */
export function unfinishedOf(error: unknown): { id: string; inputs: Bag; state: Bag; reasons: string[] } | undefined {
    const bytes = (error as ServiceError).metadata?.get("grpc-status-details-bin")[0];
    if (!bytes) return undefined;
    const [detail] = Status.deserializeBinary(Buffer.from(bytes)).getDetailsList();
    const failed = detail && proto.ErrorResourceInitFailed.deserializeBinary(detail.getValue_asU8());
    return (
        failed && {
            id: failed.getId(),
            inputs: bagOf(failed.getInputs()),
            state: bagOf(failed.getProperties()),
            reasons: failed.getReasonsList(),
        }
    );
}

export class Plugin {
    /** Stack of the resources that it is asked for. */
    stack = "dev";
    private args: Bag | undefined;
    /** It ends at a numbered point, and a request that no engine sends would count. */
    private isCutShort = false;

    private constructor(
        readonly process: ChildProcess,
        readonly client: ResourceProviderClient,
    ) {}

    /**
     * @param host   as a program gives it; absent leaves the plugin without configuration
     * @param engine address at which an engine listens; without one warnings go to stderr
     * @param env    variables that the plugin has beside the usual ones
     * @param stderr who reads what it writes there: whoever reads ours, or the test
     */
    static async start(
        host?: string,
        engine = "",
        env: NodeJS.ProcessEnv = {},
        stderr: "inherit" | "pipe" = "inherit",
    ): Promise<Plugin> {
        const child = spawn(join(__dirname, "../../provider/pulumi-resource-kvmnet"), [], {
            stdio: ["pipe", "pipe", stderr],
            env: { ...process.env, ...env },
        });
        const port = await Promise.race([
            once(createInterface(child.stdout as Readable), "line").then(([line]) => String(line)),
            once(child, "close").then(([status]) => Promise.reject(new Error(`The plugin ended with ${status}.`))),
        ]);
        const plugin = new Plugin(child, new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure()));
        plugin.isCutShort = env.KVMNET_FAULT !== undefined;
        await plugin.handshake(engine);
        if (host !== undefined) await plugin.configure({ host });
        return plugin;
    }

    handshake(engine = ""): Promise<proto.ProviderHandshakeResponse> {
        const request = new proto.ProviderHandshakeRequest();
        request.setEngineAddress(engine);
        return ask((done) => this.client.handshake(request, done));
    }

    configure(args: Bag): Promise<proto.ConfigureResponse> {
        this.args = args;
        const request = new proto.ConfigureRequest();
        request.setArgs(structOf(args));
        request.setAcceptsecrets(true);
        return ask((done) => this.client.configure(request, done));
    }

    /** What another configuration than that of the last run costs. */
    async diffConfig(olds: Bag, news: Bag): Promise<proto.DiffResponse.AsObject> {
        const request = new proto.DiffRequest();
        request.setOlds(structOf(olds));
        request.setNews(structOf(news));
        return (await ask<proto.DiffResponse>((done) => this.client.diffConfig(request, done))).toObject();
    }

    async schema(): Promise<Record<string, unknown>> {
        const response = await ask<proto.GetSchemaResponse>((done) =>
            this.client.getSchema(new proto.GetSchemaRequest(), done),
        );
        return JSON.parse(response.getSchema()) as Record<string, unknown>;
    }

    async check(type: string, news: Bag): Promise<{ inputs: Bag; failures: Record<string, string> }> {
        const request = new proto.CheckRequest();
        request.setUrn(urnOf(type, "it", this.stack));
        request.setType(type);
        request.setNews(structOf(news));
        const response = await ask<proto.CheckResponse>((done) => this.client.check(request, done));
        const failures = response.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()]);
        return {
            inputs: bagOf(response.getInputs()),
            failures: Object.fromEntries(failures) as Record<string, string>,
        };
    }

    /** @param name absent is that of the resource whose mark the state has */
    async diff(
        type: string,
        olds: Bag,
        news: Bag,
        name = ownerFrom(String(olds.owner))?.name ?? "it",
    ): Promise<proto.DiffResponse.AsObject> {
        const request = new proto.DiffRequest();
        request.setUrn(urnOf(type, name, this.stack));
        request.setType(type);
        request.setOlds(structOf(olds));
        request.setNews(structOf(news));
        return (await ask<proto.DiffResponse>((done) => this.client.diff(request, done))).toObject();
    }

    /**
     * Check (unless the inputs are `checked`), then create, as the engine does. The state is what tells of the object; with
     * `entry` also what tells it from an earlier entry of the same object, which is another each time and serves one run.
     */
    async create(
        type: string,
        name: string,
        news: Bag,
        options: { preview?: boolean; timeout?: number; stack?: string; checked?: boolean; entry?: boolean } = {},
    ): Promise<Made> {
        const { inputs, failures } = options.checked ? { inputs: news, failures: {} } : await this.check(type, news);
        if (Object.keys(failures).length > 0) throw new Error(JSON.stringify(failures));
        const request = new proto.CreateRequest();
        request.setUrn(urnOf(type, name, options.stack ?? this.stack));
        request.setType(type);
        request.setProperties(structOf(inputs));
        request.setPreview(options.preview ?? false);
        request.setTimeout(options.timeout ?? 0);
        const response = await ask<proto.CreateResponse>((done) => this.client.create(request, done));
        const entry = bagOf(response.getProperties());
        const { takeover: _another, ...state } = entry;
        return { id: response.getId(), state: options.entry || this.isCutShort ? entry : state };
    }

    async update(
        type: string,
        name: string,
        was: Made,
        news: Bag,
        options: { preview?: boolean; timeout?: number; checked?: boolean } = {},
    ): Promise<Bag> {
        const { inputs } = options.checked ? { inputs: news } : await this.check(type, news);
        const request = new proto.UpdateRequest();
        request.setId(was.id);
        request.setUrn(urnOf(type, name, this.stack));
        request.setType(type);
        request.setOlds(structOf(was.state));
        request.setNews(structOf(inputs));
        request.setPreview(options.preview ?? false);
        request.setTimeout(options.timeout ?? 0);
        return bagOf((await ask<proto.UpdateResponse>((done) => this.client.update(request, done))).getProperties());
    }

    /** Refresh; with empty bags an import. */
    async read(
        type: string,
        name: string,
        id: string,
        inputs: Bag = {},
        state: Bag = {},
    ): Promise<Made & { inputs: Bag }> {
        const request = new proto.ReadRequest();
        request.setId(id);
        request.setUrn(urnOf(type, name, this.stack));
        request.setType(type);
        request.setInputs(structOf(inputs));
        request.setProperties(structOf(state));
        const response = await ask<proto.ReadResponse>((done) => this.client.read(request, done));
        return { id: response.getId(), inputs: bagOf(response.getInputs()), state: bagOf(response.getProperties()) };
    }

    /** What was declared and made before is of an earlier run. */
    async beginRun(): Promise<void> {
        if (this.args) await this.configure(this.args);
    }

    /** @param sameRun whether it is deleted by the run that has just made it anew, and not by a later one */
    async delete(type: string, name: string, was: Made, timeout = 0, sameRun = false): Promise<void> {
        if (!sameRun && !this.isCutShort) await this.beginRun();
        const request = new proto.DeleteRequest();
        request.setId(was.id);
        request.setUrn(urnOf(type, name, this.stack));
        request.setType(type);
        request.setProperties(structOf(was.state));
        request.setTimeout(timeout);
        await ask<Empty>((done) => this.client.delete(request, done));
    }

    /** Answer of a function. */
    async invoke(token: string, args: Bag = {}): Promise<Bag> {
        const request = new proto.InvokeRequest();
        request.setTok(token);
        request.setArgs(structOf(args));
        const response = await ask<proto.InvokeResponse>((done) => this.client.invoke(request, done));
        return bagOf(response.getReturn());
    }

    cancel(): Promise<Empty> {
        return ask((done) => this.client.cancel(new Empty(), done));
    }

    /** Ends it as the kernel does when memory is short. */
    async kill(): Promise<void> {
        const gone = once(this.process, "exit");
        this.process.kill("SIGKILL");
        await gone;
        this.client.close();
    }

    /** Closes the plugin as the engine does when it goes, and waits until it is gone. */
    async stop(): Promise<void> {
        this.client.close();
        if (this.process.exitCode !== null || this.process.signalCode !== null) return;
        const gone = once(this.process, "exit");
        this.process.stdin?.end();
        await gone;
    }
}

function ask<Response>(
    call: (done: (error: ServiceError | null, response?: Response) => void) => unknown,
): Promise<Response> {
    return new Promise((resolve, reject) => {
        call((error, response) => (error ? reject(error) : resolve(response as Response)));
    });
}
