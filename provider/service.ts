/** The provider's gRPC service: requests to calls, results to replies. What it calls is loaded when first needed. */
import type { EventEmitter } from "node:events";
import {
    status,
    type sendUnaryData,
    type ServiceError,
    type ServerUnaryCall,
    type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { PluginInfo, type PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import type { Carried } from "./carried";
import type * as Components from "./components";
import type * as Core from "./core";
import { faultPoint } from "./fault";
import type { Kept as Standing } from "./lifecycle";
import type { Kept, Provider, Step } from "./provider";
import { checkReply, diffReply } from "./replies";

// Start-up is promised to cost little more than gRPC itself, so the rest is loaded after the first answer; and the
// components, which bring the whole SDK, only for a program that uses them.
/* eslint-disable @typescript-eslint/no-require-imports */
const core = (): typeof Core => require("./core") as typeof Core;
const components = (): typeof Components => require("./components") as typeof Components;
/* eslint-enable @typescript-eslint/no-require-imports */

export interface Life {
    /** Called before and after each request, so that the process ends between two steps and not within one. */
    began(): void;
    ended(): void;
}

interface ResourceRequest {
    getUrn(): string;
    getType(): string;
    getPreview?(): boolean;
    getTimeout?(): number;
}

/** A failure that is a status already. */
class Answer extends Error {
    constructor(readonly status: Partial<ServiceError>) {
        super(status.details);
    }
}

export class Service {
    private engine: string | undefined;
    private provider: Provider | undefined;

    constructor(
        private readonly version: string,
        engine: string | undefined,
        private readonly life: Life,
    ) {
        this.engine = engine;
    }

    /** Handlers by method, for `grpc.Server.addService`. */
    handlers(): UntypedServiceImplementation {
        const serve = this.serve.bind(this);
        const refuse = (what: string) => serve(() => Promise.reject(new Answer(core().notServed(what))));
        return {
            handshake: serve((request: proto.ProviderHandshakeRequest) => this.handshake(request)),
            attach: serve((request: PluginAttach) => this.attach(request)),
            getPluginInfo: serve(() => this.info()),
            getSchema: serve((request: proto.GetSchemaRequest) => this.schema(request)),
            checkConfig: serve((request: proto.CheckRequest) => checkConfig(request)),
            diffConfig: serve((request: proto.DiffRequest) => diffConfig(request)),
            configure: serve((request: proto.ConfigureRequest) => this.configure(request)),
            check: serve((request: Carried<proto.CheckRequest>) => this.check(request)),
            diff: serve((request: Carried<proto.DiffRequest>) => this.diff(request)),
            create: serve((request: Carried<proto.CreateRequest>) => this.create(request)),
            read: serve((request: Carried<proto.ReadRequest>) => this.read(request)),
            update: serve((request: Carried<proto.UpdateRequest>) => this.update(request)),
            delete: serve((request: Carried<proto.DeleteRequest>) => this.delete(request)),
            cancel: serve(() => this.cancel()),
            getMapping: serve(() => new proto.GetMappingResponse()),
            getMappings: serve(() => new proto.GetMappingsResponse()),
            parameterize: refuse("parameters"),
            invoke: serve((request: Carried<proto.InvokeRequest>) => this.invoke(request)),
            call: refuse("methods"),
            construct: serve((request: proto.ConstructRequest, call) =>
                untilCancelled(call, components().construct(request, this.engine)),
            ),
        };
    }

    async close(): Promise<void> {
        await this.provider?.close();
    }

    private serve<Request, Response>(
        answer: (request: Request, call: ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
    ) {
        return (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>): void => {
            this.life.began();
            void Promise.resolve()
                .then(() => answer(call.request, call))
                .then(
                    (response) => {
                        faultPoint();
                        reply(null, response);
                    },
                    (error: unknown) => {
                        faultPoint();
                        reply(error instanceof Answer ? error.status : core().statusOf(error));
                    },
                )
                .finally(() => this.life.ended());
        };
    }

    private handshake(request: proto.ProviderHandshakeRequest): proto.ProviderHandshakeResponse {
        this.engine = request.getEngineAddress() || this.engine;
        const response = new proto.ProviderHandshakeResponse();
        response.setAcceptSecrets(true);
        response.setAcceptResources(false);
        response.setAcceptOutputs(true);
        response.setAcceptsOutputsInCheck(true);
        // The first answer leaves before the rest is loaded.
        setTimeout(core, 20);
        return response;
    }

    private attach(request: PluginAttach): Empty {
        this.engine = request.getAddress() || this.engine;
        return new Empty();
    }

    private info(): PluginInfo {
        const info = new PluginInfo();
        info.setVersion(this.version);
        return info;
    }

    private schema(request: proto.GetSchemaRequest): proto.GetSchemaResponse {
        if (request.getVersion() !== 0) throw new Answer(core().notServed(`schema version ${request.getVersion()}`));
        const response = new proto.GetSchemaResponse();
        response.setSchema(JSON.stringify(components().packageSchema(this.version)));
        return response;
    }

    private configure(request: proto.ConfigureRequest): proto.ConfigureResponse {
        this.served().configure(core().bagOf(request.getArgs()));
        const response = new proto.ConfigureResponse();
        response.setAcceptsecrets(true);
        response.setSupportspreview(true);
        response.setAcceptresources(false);
        response.setAcceptoutputs(true);
        return response;
    }

    private check({ message, bags }: Carried<proto.CheckRequest>): Carried<proto.CheckResponse> {
        const { decode, encode } = core();
        const found = this.served().check(typeOf(message), message.getUrn(), decode(bags.news));
        return { message: checkReply(found), bags: found.ok ? { inputs: encode(found.inputs) } : {} };
    }

    private diff({ message, bags }: Carried<proto.DiffRequest>): Carried<proto.DiffResponse> {
        const { decode } = core();
        const found = this.served().diff(stepOf(message), decode(bags.olds), decode(bags.news));
        return { message: diffReply(found), bags: {} };
    }

    private async create({ message, bags }: Carried<proto.CreateRequest>): Promise<Carried<proto.CreateResponse>> {
        const { decode, encode } = core();
        const step = stepOf(message);
        await this.served().expect(step);
        const inputs = decode(bags.properties);
        const { id, state } = await this.finishing(step, { id: "", inputs, state: {} }, () =>
            this.served().create(step, inputs),
        );
        const response = new proto.CreateResponse();
        response.setId(id);
        return { message: response, bags: { properties: encode(state) } };
    }

    private async read({ message, bags }: Carried<proto.ReadRequest>): Promise<Carried<proto.ReadResponse>> {
        const { decode, encode } = core();
        const was = { id: message.getId(), inputs: decode(bags.inputs), state: decode(bags.properties) };
        const step = stepOf(message);
        const there = await this.finishing(step, was, () => this.served().read(step, was));
        const response = new proto.ReadResponse();
        if (!there) return { message: response, bags: {} };
        response.setId(there.id);
        return { message: response, bags: { inputs: encode(there.inputs), properties: encode(there.state) } };
    }

    private async update({ message, bags }: Carried<proto.UpdateRequest>): Promise<Carried<proto.UpdateResponse>> {
        const { decode, encode } = core();
        const step = stepOf(message);
        await this.served().expect(step);
        const news = decode(bags.news);
        const was = { id: message.getId(), state: decode(bags.olds) };
        const state = await this.finishing(step, { ...was, inputs: news }, () => this.served().update(step, was, news));
        return { message: new proto.UpdateResponse(), bags: { properties: encode(state) } };
    }

    private async delete({ message, bags }: Carried<proto.DeleteRequest>): Promise<Carried<Empty>> {
        const { decode } = core();
        const step = stepOf(message);
        await this.served().expect(step);
        const was = { id: message.getId(), inputs: decode(bags.oldInputs), state: decode(bags.properties) };
        await this.served().delete(step, was);
        return { message: new Empty(), bags: {} };
    }

    private async invoke({ message, bags }: Carried<proto.InvokeRequest>): Promise<Carried<proto.InvokeResponse>> {
        const { decode, encode } = core();
        const answer = await this.served().invoke(message.getTok(), decode(bags.args));
        return { message: new proto.InvokeResponse(), bags: { return: encode(answer) } };
    }

    private cancel(): Empty {
        this.provider?.cancel();
        return new Empty();
    }

    private served(): Provider {
        this.provider ??= new (core().Provider)(core().engineLog(this.engine));
        return this.provider;
    }

    /** Where the work leaves an object that is there but not as it should be, the engine is told of both. */
    private async finishing<Result>(step: Step, was: Kept, work: () => Promise<Result>): Promise<Result> {
        try {
            return await work();
        } catch (error) {
            const { Unfinished, unfinishedStatus } = core();
            if (!(error instanceof Unfinished)) throw error;
            const kept = this.served().kept(step, was, error.kept as Standing<object>);
            // After a failed create or update the engine compares with what was asked for; a read tells what is there.
            const reading = step.preview === undefined;
            throw new Answer(unfinishedStatus(error.reasons, reading ? kept : { ...kept, inputs: was.inputs }));
        }
    }
}

/** The work, until the engine gives it up: it answers nothing any more that the work waits for. */
function untilCancelled<Result>(call: Pick<EventEmitter, "once">, work: Promise<Result>): Promise<Result> {
    const cancelled = new Promise<never>((_, reject) =>
        call.once("cancelled", () => reject(new Answer({ code: status.CANCELLED, details: "The engine gave it up." }))),
    );
    return Promise.race([work, cancelled]);
}

function stepOf(request: ResourceRequest): Step {
    return {
        type: typeOf(request),
        urn: request.getUrn(),
        preview: request.getPreview?.(),
        timeoutMs: (request.getTimeout?.() ?? 0) * 1000,
        since: performance.now(),
    };
}

/** An older engine sends no type; the URN ends in it. */
function typeOf(request: ResourceRequest): string {
    return request.getType() || (request.getUrn().split("::")[2]?.split("$").at(-1) ?? "");
}

function checkConfig(request: proto.CheckRequest): proto.CheckResponse {
    const { bagOf, structOf } = core();
    const found = core().checkConfig(bagOf(request.getNews()));
    const response = checkReply(found);
    if (found.ok) response.setInputs(structOf(found.inputs));
    return response;
}

function diffConfig(request: proto.DiffRequest): proto.DiffResponse {
    const { bagOf } = core();
    return diffReply(core().diffConfig(bagOf(request.getOlds()), bagOf(request.getNews())));
}
