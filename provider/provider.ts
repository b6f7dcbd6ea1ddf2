/** The provider without its protocol: type token to resource, plain bags in and out, one host opened when first needed. */
import { isDeepStrictEqual } from "node:util";
import { HostRef } from "../schemas/host-ref";
import { problemsOf } from "../schemas/problems";
import { check, defined, type Checked } from "./check";
import { DEFAULT_HOST } from "./config";
import { difference, type Difference } from "./diff";
import { openHost, type Host } from "./host";
import { HostError } from "./host/errors";
import { create, read, remove, update, type Actor } from "./lifecycle";
import { ownerOf } from "./owner";
import { RESOURCES, type AnyResource } from "./resources";
import { hasUnknown, revealed, secretKeys, UNKNOWN, withSecrets, type Bag, type Property } from "./wire";

type State = { name: string };

/** One step of the engine with one resource. */
export interface Step {
    type: string;
    urn: string;
    preview?: boolean;
    /** Longest wait for the host to carry a change out [ms]; 0 is the usual one. */
    timeoutMs?: number;
}

/** Bags of an object as the engine keeps them. */
export interface Kept {
    id: string;
    inputs: Bag;
    state: Bag;
}

export class Provider {
    private hostText: string | undefined = DEFAULT_HOST;
    private host: Promise<Host> | undefined;
    private readonly cancelling = new AbortController();

    /** @param warn shows a warning beside the resource of that URN */
    constructor(private readonly warn: (urn: string, message: string) => Promise<void>) {}

    /** Takes the arguments; no host is touched. In a preview the host may be unknown. */
    configure(args: Bag): void {
        const host = revealed(args.host ?? DEFAULT_HOST);
        this.hostText = typeof host === "string" ? host : undefined;
    }

    check(type: string, news: Bag): Checked {
        return check(resourceOf(type).schema, news);
    }

    diff(step: Step, state: Bag, news: Bag): Difference {
        const resource = resourceOf(step.type);
        return difference(resource.cost, state, this.planned(resource, step.urn, news));
    }

    async create(step: Step, inputs: Bag): Promise<{ id: string; state: Bag }> {
        const resource = resourceOf(step.type);
        const secrets = secretKeys(inputs);
        if (step.preview) return { id: idOf(inputs), state: this.preview(resource, step.urn, inputs, secrets) };
        const want = this.wanted(resource, step.urn, inputs);
        const made = await create(resource, await this.opened(step), want, this.actor(step.urn));
        return { id: want.name, state: toState(made, secrets) };
    }

    async update(step: Step, was: Kept, news: Bag): Promise<Bag> {
        const resource = resourceOf(step.type);
        const secrets = secretKeys(news, was.state);
        if (step.preview) return this.preview(resource, step.urn, news, secrets);
        const want = this.wanted(resource, step.urn, news);
        return toState(await update(resource, await this.opened(step), want, this.actor(step.urn, was)), secrets);
    }

    /** Inputs and state as they are on the host; undefined when the object is gone. Without state it is an import. */
    async read(step: Step, was: Kept): Promise<Kept | undefined> {
        const resource = resourceOf(step.type);
        // An id is a name that a person may have typed.
        const id = resource.schema.shape.name;
        const problems = id && "safeParse" in id ? nameProblems(id as AnyResource["schema"], was.id) : [];
        if (problems.length > 0)
            throw new HostError(
                "invalid",
                `${resource.title} ${JSON.stringify(was.id)}`,
                "its id is no name of an interface",
                `${problems.join("; ")}.`,
            );
        const there = await read(resource, await this.opened(step), was.id, this.actor(step.urn, was));
        return there && this.kept(step, was, there);
    }

    /** What the engine keeps of an object that stands on the host like this. */
    kept(step: Step, was: Kept, there: { state: State; mark: string }): Kept {
        const secrets = secretKeys(was.inputs, was.state);
        return {
            id: there.state.name,
            state: toState(there, secrets),
            inputs: withSecrets(this.inputsOf(resourceOf(step.type), step.urn, was, there.state), secrets),
        };
    }

    async delete(step: Step, was: Kept): Promise<void> {
        await remove(resourceOf(step.type), await this.opened(step), was.id, this.actor(step.urn, was));
    }

    /** Ends waiting; what runs comes to an end, and nothing new begins. */
    cancel(): void {
        this.cancelling.abort();
    }

    async close(): Promise<void> {
        await this.host?.then((host) => host.close()).catch(() => undefined);
    }

    private async opened({ timeoutMs }: Step): Promise<Host> {
        if (this.cancelling.signal.aborted)
            throw new HostError(
                "cancelled",
                "kvmnet",
                "the run was cancelled before this began",
                "Run the same command again.",
            );
        if (this.hostText === undefined)
            throw new HostError(
                "bug",
                "kvmnet",
                "the provider's argument host is not known yet",
                "Please report this.",
            );
        this.host ??= openHost(HostRef.parse(this.hostText), this.cancelling.signal);
        try {
            return { ...(await this.host), ...(timeoutMs ? { timeoutMs } : {}) };
        } catch (error) {
            this.host = undefined;
            throw error;
        }
    }

    private actor(urn: string, was?: Kept): Actor<State> {
        const known = was && Object.keys(was.state).length > 0 ? (revealed(was.state) as Bag) : undefined;
        return {
            owner: ownerOf(urn),
            warn: (message) => this.warn(urn, message),
            ...(known
                ? {
                      known: {
                          state: known as unknown as State,
                          mark: typeof known.owner === "string" ? known.owner : "",
                      },
                  }
                : {}),
        };
    }

    /** Complete inputs of a real step. */
    private wanted(resource: AnyResource, urn: string, inputs: Bag): State {
        const result = resource.schema.safeParse(revealed(inputs));
        if (!result.success)
            throw new HostError(
                "invalid",
                urn,
                problemsOf(result.error, inputs)
                    .map(({ message }) => message)
                    .join("; "),
                "Correct it.",
            );
        return resource.complete?.(result.data, this.seed(urn)) ?? result.data;
    }

    /** Inputs with all that can be computed before the step; what cannot is unknown. */
    private planned(resource: AnyResource, urn: string, inputs: Bag): Bag {
        const missing = (resource.derived ?? []).filter((key) => inputs[key] === undefined);
        if (missing.length === 0 || !resource.complete) return inputs;
        const certain = this.hostText !== undefined && !hasUnknown(inputs.name);
        const derived = certain ? (resource.complete(revealed(inputs) as State, this.seed(urn)) as Bag) : {};
        return { ...inputs, ...Object.fromEntries(missing.map((key) => [key, derived[key] ?? UNKNOWN])) };
    }

    private preview(resource: AnyResource, urn: string, inputs: Bag, secrets: Set<string>): Bag {
        return withSecrets({ ...this.planned(resource, urn, inputs), owner: ownerOf(urn).mark }, secrets);
    }

    /** Same stack and host, same derived values: a resource may change its parent or logical name. */
    private seed(urn: string): string {
        const { project, stack } = ownerOf(urn);
        return `${project}/${stack} ${this.hostText}`;
    }

    /** The inputs that would make what is there: as they were, but for what differs. */
    private inputsOf(resource: AnyResource, urn: string, was: Kept, there: State): Bag {
        const actual = defined(there);
        if (Object.keys(was.inputs).length === 0) return actual;
        const inputs = revealed(was.inputs) as Bag;
        const expected = this.planned(resource, urn, inputs);
        const kept = Object.keys(resource.cost).map((key): [string, Property | undefined] => [
            key,
            isDeepStrictEqual(actual[key], expected[key]) ? inputs[key] : actual[key],
        ]);
        return defined(Object.fromEntries(kept));
    }
}

/** @throws HostError invalid for a type that this provider does not serve */
function resourceOf(type: string): AnyResource {
    const resource = RESOURCES.get(type);
    if (resource) return resource;
    throw new HostError(
        "invalid",
        type,
        "there is no such resource in kvmnet",
        `It has ${[...RESOURCES.keys()].join(", ")}.`,
    );
}

function nameProblems(schema: AnyResource["schema"], id: string): string[] {
    const result = schema.safeParse(id);
    return result.success ? [] : problemsOf(result.error, id).map(({ message }) => message);
}

const idOf = (inputs: Bag): string => {
    const name = revealed(inputs.name ?? "");
    return typeof name === "string" ? name : "";
};

const toState = ({ state, mark }: { state: State; mark: string }, secrets: Set<string>): Bag =>
    withSecrets({ ...defined(state), owner: mark }, secrets);
