/** The provider's gRPC service as an engine drives it: requests are written before the clock starts, answers read after it. */
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { bagOf, structOf } from "../../provider/struct";
import type { Bag } from "../../provider/wire";
import { urnOf, type Plugin } from "../../test/provider/plugin";
import { LightClient } from "./light-client";

/** One resource of a program. */
export interface Resource {
    type: string;
    /** Its name in the program. */
    name: string;
    inputs: Bag;
}

/** A resource that is there, as an engine's state keeps it. */
export interface Standing extends Resource {
    id: string;
    state: Bag;
}

const METHODS = {
    check: "/pulumirpc.ResourceProvider/Check",
    create: "/pulumirpc.ResourceProvider/Create",
    update: "/pulumirpc.ResourceProvider/Update",
    read: "/pulumirpc.ResourceProvider/Read",
    delete: "/pulumirpc.ResourceProvider/Delete",
};
type Method = keyof typeof METHODS;

/** The service of a running plugin. */
export class Service {
    private readonly client: LightClient;

    constructor(readonly plugin: Plugin) {
        this.client = new LightClient(plugin.client.getChannel().getTarget().replace(/^dns:/, ""));
    }

    send = (method: Method, request: Buffer): Promise<Buffer> => this.client.call(METHODS[method], request);

    close(): void {
        this.client.close();
    }
}

/** Requests of one resource, ready to be sent one after the other. */
export class Job {
    private readonly answers: Buffer[] = [];

    constructor(
        private readonly requests: readonly (readonly [Method, Buffer])[],
        /** Begins when these have ended, as one resource that takes another's output does. */
        readonly after: Job | undefined,
        private readonly finish: (answers: readonly Buffer[]) => void,
    ) {}

    async run(service: Service): Promise<void> {
        for (const [method, request] of this.requests) this.answers.push(await service.send(method, request));
    }

    /** Reads the answers. */
    ended(): void {
        this.finish(this.answers);
    }
}

/**
 * Runs the jobs, each after the one it waits for.
 *
 * @param inFlight at most this many at a time
 */
export async function runJobs(service: Service, jobs: readonly Job[], inFlight: number): Promise<void> {
    const ends = new Map<Job, Promise<void>>();
    let free = inFlight;
    const queue: (() => void)[] = [];
    const turn = () => (free > 0 ? void free-- : new Promise<void>((resolve) => queue.push(resolve)));
    const leave = () => {
        const next = queue.shift();
        if (next) next();
        else free++;
    };
    for (const job of jobs)
        ends.set(
            job,
            (async () => {
                if (job.after) await ends.get(job.after);
                await turn();
                await job.run(service).finally(leave);
            })(),
        );
    await Promise.all(ends.values());
}

/** Check, then create, as an engine does with what is not in its state; `made` gets what then stands. */
export async function creating(
    service: Service,
    resource: Resource,
    made: (standing: Standing) => void,
    after?: Job,
): Promise<Job> {
    const { type, name } = resource;
    const { inputs, request } = await checking(service, resource, {});
    const create = new proto.CreateRequest();
    create.setUrn(urnOf(type, name));
    create.setType(type);
    create.setProperties(structOf(inputs));
    return new Job([["check", request], requestOf("create", create)], after, ([, answer = EMPTY]) => {
        const response = proto.CreateResponse.deserializeBinary(answer);
        made({ ...resource, inputs, id: response.getId(), state: bagOf(response.getProperties()) });
    });
}

/** Check, then update, of a resource to other inputs. */
export async function updating(
    service: Service,
    was: Standing,
    inputs: Bag,
    made: (standing: Standing) => void,
): Promise<Job> {
    const { inputs: news, request } = await checking(service, { ...was, inputs }, was.inputs);
    const update = new proto.UpdateRequest();
    update.setId(was.id);
    update.setUrn(urnOf(was.type, was.name));
    update.setType(was.type);
    update.setOlds(structOf(was.state));
    update.setOldInputs(structOf(was.inputs));
    update.setNews(structOf(news));
    return new Job([["check", request], requestOf("update", update)], undefined, ([, answer = EMPTY]) => {
        const response = proto.UpdateResponse.deserializeBinary(answer);
        made({ ...was, inputs: news, state: bagOf(response.getProperties()) });
    });
}

/** One read, as a refresh asks for each resource. */
export function reading(was: Standing): Job {
    const read = new proto.ReadRequest();
    read.setId(was.id);
    read.setUrn(urnOf(was.type, was.name));
    read.setType(was.type);
    read.setInputs(structOf(was.inputs));
    read.setProperties(structOf(was.state));
    return new Job([requestOf("read", read)], undefined, () => undefined);
}

/** @param after what stands on it and goes first */
export function deleting(was: Standing, after?: Job): Job {
    const remove = new proto.DeleteRequest();
    remove.setId(was.id);
    remove.setUrn(urnOf(was.type, was.name));
    remove.setType(was.type);
    remove.setProperties(structOf(was.state));
    remove.setOldInputs(structOf(was.inputs));
    return new Job([requestOf("delete", remove)], after, () => undefined);
}

const EMPTY = Buffer.alloc(0);

const requestOf = <Request extends { serializeBinary(): Uint8Array }>(method: Method, request: Request) =>
    [method, Buffer.from(request.serializeBinary())] as const;

/** The check that goes before each create and update; its answer, which that takes, is asked for once beforehand. */
async function checking(service: Service, { type, name, inputs }: Resource, olds: Bag) {
    const check = new proto.CheckRequest();
    check.setUrn(urnOf(type, name));
    check.setType(type);
    check.setOlds(structOf(olds));
    check.setNews(structOf(inputs));
    const [, request] = requestOf("check", check);
    const answer = proto.CheckResponse.deserializeBinary(await service.send("check", request));
    const [failure] = answer.getFailuresList();
    if (failure) throw new Error(`${type} ${name}: ${failure.getProperty()}: ${failure.getReason()}`);
    return { inputs: bagOf(answer.getInputs()), request };
}
