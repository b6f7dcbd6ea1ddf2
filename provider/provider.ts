/** The provider without its protocol: type token to resource, plain bags in and out. */
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { problemsOf } from "../schemas/problems";
import { check, defined, type Checked } from "./check";
import { DEFAULT_HOST } from "./config";
import type { Difference } from "./diff";
import type { EngineLog } from "./engine-log";
import { foreseen } from "./foreseen";
import { FUNCTIONS } from "./functions";
import type { Host } from "./host";
import { HostError } from "./host/errors";
import { create, read, remove, update, type Kept as Standing } from "./lifecycle";
import type { Actor } from "./ours";
import { ownerFrom, ownerOf } from "./owner";
import { plannedDifference, plannedId } from "./planned-difference";
import { idOf } from "./resource";
import { RunHost } from "./run-host";
import { RunMemory } from "./run-memory";
import { RESOURCES, type AnyResource } from "./resources";
import { Secrets } from "./secrecy";
import { hasUnknown, revealed, sameValue, UNKNOWN, type Bag, type Property } from "./wire";

/** One step of the engine with one resource. */
export interface Step {
    type: string;
    urn: string;
    preview?: boolean;
    /** Longest wait for the host to carry a change out [ms]; 0 is the usual one. */
    timeoutMs?: number;
    /** When it was asked for, by `performance.now()`: what was read of the host since then is fresh enough for it. */
    since?: number;
}

/** An object by what state knows of it. */
type Known = Pick<Kept, "id" | "state">;

/** Bags of an object as the engine keeps them. */
export interface Kept {
    id: string;
    inputs: Bag;
    state: Bag;
}

/** A refresh asks for every resource one by one; one look at the host serves all that come within this long [ms]. */
const REFRESH_MS = 1_000;

export class Provider {
    private readonly host: RunHost;
    private readonly run = new RunMemory();

    constructor(private readonly log: EngineLog) {
        this.host = new RunHost(log);
    }

    /** Takes the arguments of a run; no host is touched. In a preview the host may be unknown. */
    configure(args: Bag): void {
        this.run.begin();
        const host = revealed(args.host ?? DEFAULT_HOST);
        this.host.text = typeof host === "string" ? host : undefined;
    }

    check(type: string, urn: string, news: Bag): Checked {
        const resource = resourceOf(type);
        const checked = check(resource.schema, news, resource.secrets);
        this.run.declare(urn);
        if (!checked.ok || Object.values(checked.inputs).some(hasUnknown)) return checked;
        if (checked.final) this.run.judged(urn, checked.inputs);
        if (!resource.claims) return checked;
        const failures = resource.claims(revealed(checked.inputs) as object).flatMap((claim) => {
            const other = this.run.claim(claim, urn);
            if (other === urn) return [];
            const reason = `${claim} is declared by ${ownerOf(other).name} already; declare it once in a program`;
            return [{ property: "name" in checked.inputs ? "name" : "", reason }];
        });
        return failures.length > 0 ? { ok: false, failures } : checked;
    }

    /**
     * A change is asked for, and its properties are still to be read: what will be looked at first is asked for meanwhile.
     * Comes back when it has been asked for.
     */
    async expect({ type, preview }: Step): Promise<void> {
        const resource = preview ? undefined : RESOURCES.get(type);
        const host = resource?.looksAt && (await this.host.ahead());
        if (!host) return;
        resource.looksAt?.(host).catch(() => undefined);
        // Reads begin in the next turn of the event loop, for all who ask in this one.
        await new Promise(setImmediate);
    }

    diff(step: Step, state: Bag, news: Bag): Difference {
        const resource = resourceOf(step.type);
        const planned = this.planned(resource, step.urn, news);
        if (resource.foretold) this.run.stood(step.urn, state);
        this.run.holds(step.urn, standingOf(resource, state));
        this.foretell(resource, step.urn, state, planned);
        const found = plannedDifference(resource, state, planned, this.run.isDeclared(step.urn));
        return isRenamed(state, step.urn) ? withOwner(found) : found;
    }

    private foretell(resource: AnyResource, urn: string, state: Bag, planned: Bag): void {
        const known = (bag: Bag) =>
            Object.fromEntries(Object.entries(revealed(bag) as Bag).filter(([, value]) => value !== UNKNOWN)) as object;
        for (const sentence of resource.foretold?.(known(state), known(planned)) ?? []) {
            if (this.run.isNews(sentence))
                void this.log.warn(urn, secretsOf(resource, state, planned).hidden(sentence));
        }
    }

    async create(step: Step, inputs: Bag): Promise<{ id: string; state: Bag }> {
        const resource = resourceOf(step.type);
        const secrets = secretsOf(resource, inputs);
        const former = this.run.formerOf(step.urn);
        if (former) this.foretell(resource, step.urn, former, this.planned(resource, step.urn, inputs));
        if (step.preview)
            return { id: plannedId(resource, inputs), state: this.preview(resource, step.urn, inputs, {}, secrets) };
        return secrets.kept(async () => {
            const want = this.wanted(resource, step.urn, inputs);
            const id = idOf(resource, want);
            const actor = { ...this.actor(step, secrets), adopts: () => this.run.takesOver(step.urn) };
            const made = await this.changing(step, secrets, (host) => create(resource, host, want, actor));
            const state = toState(made, secrets, this.takeover(step, made));
            this.run.holds(step.urn, standingOf(resource, state));
            return { id, state };
        });
    }

    async update(step: Step, was: Known, news: Bag): Promise<Bag> {
        const resource = resourceOf(step.type);
        const secrets = secretsOf(resource, news, was.state);
        if (step.preview) return this.preview(resource, step.urn, news, was.state, secrets);
        return secrets.kept(async () => {
            const want = this.wanted(resource, step.urn, news);
            const actor = this.actor(step, secrets, was);
            const made = await this.changing(step, secrets, (host) => update(resource, host, want, actor));
            return toState(made, secrets, textIn(was.state, "takeover"));
        });
    }

    /** Inputs and state as they are on the host; undefined when the object is gone. Without state it is an import. */
    async read(step: Step, was: Kept): Promise<Kept | undefined> {
        const resource = resourceOf(step.type);
        // An id is a name that a person may have typed.
        const problem = idProblem(resource, was.id);
        if (problem)
            throw new HostError(
                "invalid",
                `${resource.title} ${JSON.stringify(was.id)}`,
                `its id is not ${[resource.idForm ?? "a name of an interface", resource.idNote].filter(Boolean).join(", ")}`,
                `${problem}.`,
            );
        const secrets = secretsOf(resource, was.inputs, was.state);
        return secrets.kept(async () => {
            const actor = this.actor(step, secrets, was);
            const host = await this.host.opened(step, secrets);
            const there = await read(resource, actor.known ? host.at({ maxAgeMs: REFRESH_MS }) : host, was.id, actor);
            return there && this.kept(step, was, there);
        });
    }

    /** What the engine keeps of an object that stands on the host like this. */
    kept(step: Step, was: Kept, there: Standing<object>): Kept {
        const resource = resourceOf(step.type);
        const secrets = secretsOf(resource, was.inputs, was.state);
        return {
            id: idOf(resource, there.state),
            state: toState(there, secrets, was.id === "" ? this.takeover(step, there) : textIn(was.state, "takeover")),
            inputs: secrets.marked(this.inputsOf(resource, step.urn, was, there.state)),
        };
    }

    /** What tells the entry that a create makes from earlier ones of the same object; what has an id of its own is another when it is made anew. */
    private takeover({ urn }: Step, { objectId }: Standing<object>): string | undefined {
        if (objectId === undefined && this.run.takeoverOf(urn) === undefined) this.run.takesOver(urn);
        return this.run.takeoverOf(urn);
    }

    async delete(step: Step, was: Kept): Promise<void> {
        const resource = resourceOf(step.type);
        if (Object.keys(was.state).length > 0 && this.run.isHeldAnew(step.urn, standingOf(resource, was.state))) return;
        const secrets = secretsOf(resource, was.inputs, was.state);
        return secrets.kept(() =>
            this.changing(step, secrets, (host) => remove(resource, host, was.id, this.actor(step, secrets, was))),
        );
    }

    /** Answers a function. @throws HostError invalid for bad arguments, all problems at once */
    async invoke(token: string, args: Bag): Promise<Bag> {
        const asked = FUNCTIONS.get(token);
        if (!asked) throw unknownToken(token, FUNCTIONS);
        const result = asked.inputs.safeParse(revealed(args));
        if (!result.success)
            throw new HostError(
                "invalid",
                token,
                problemText(result.error, args, asked.inputs),
                "Correct the arguments.",
            );
        const secrets = new Secrets([], args);
        return secrets.kept(async () => {
            const host = await this.host.opened({ urn: "" }, secrets);
            const answer = Object.entries(await asked.run(host.at({ maxAgeMs: REFRESH_MS }), result.data));
            // An empty list is an answer, too.
            const told = answer.filter((entry): entry is [string, Property] => entry[1] !== undefined);
            return secrets.marked(Object.fromEntries(told));
        });
    }

    cancel(): void {
        this.host.cancel();
    }

    async close(): Promise<void> {
        await this.host.close();
        await this.log.end();
    }

    private async changing<Result>(
        step: Step,
        secrets: Secrets,
        work: (host: Host) => Promise<Result>,
    ): Promise<Result> {
        const host = await this.host.opened(step, secrets);
        return host.turnout.during(() => work(host));
    }

    private actor({ urn, since }: Step, secrets: Secrets, was?: Known): Actor<object> {
        const known = was && Object.keys(was.state).length > 0 ? (revealed(was.state) as Bag) : undefined;
        const objectId = known && textIn(known, "objectId");
        return {
            owner: ownerOf(urn),
            warn: (message) => this.log.warn(urn, secrets.hidden(message)),
            since: since ?? performance.now(),
            ...(known
                ? {
                      known: {
                          state: known,
                          mark: textIn(known, "owner") ?? "",
                          ...(objectId === undefined ? {} : { objectId }),
                      },
                  }
                : {}),
        };
    }

    /** Complete inputs of a real step. */
    private wanted(resource: AnyResource, urn: string, inputs: Bag): object {
        if (sameValue(this.run.takeJudged(urn), inputs)) {
            const want = revealed(inputs) as object;
            return resource.complete?.(want, this.seed(urn)) ?? want;
        }
        const result = resource.schema.safeParse(revealed(inputs));
        if (!result.success)
            throw new HostError("invalid", urn, problemText(result.error, inputs, resource.schema), "Correct it.");
        return resource.complete?.(result.data, this.seed(urn)) ?? result.data;
    }

    /** Inputs with all that can be computed before the step; what cannot is unknown. */
    private planned(resource: AnyResource, urn: string, inputs: Bag): Bag {
        const missing = (resource.derived ?? []).filter((key) => inputs[key] === undefined);
        if (missing.length === 0 || !resource.complete) return inputs;
        const certain = this.host.text !== undefined && !hasUnknown(inputs.name);
        const derived = certain ? (resource.complete(revealed(inputs) as object, this.seed(urn)) as Bag) : {};
        return { ...inputs, ...Object.fromEntries(missing.map((key) => [key, derived[key] ?? UNKNOWN])) };
    }

    private preview(resource: AnyResource, urn: string, inputs: Bag, was: Bag, secrets: Secrets): Bag {
        const planned = this.planned(resource, urn, inputs);
        return secrets.marked({ ...foreseen(resource, was, planned), ...planned, owner: ownerOf(urn).mark });
    }

    /** Same stack and host, same derived values: a resource may change its parent or logical name. */
    private seed(urn: string): string {
        const { project, stack } = ownerOf(urn);
        return `${project}/${stack} ${this.host.text}`;
    }

    /** The inputs that would make what is there: as they were, but for what differs. */
    private inputsOf(resource: AnyResource, urn: string, was: Kept, there: object): Bag {
        const actual = defined(there as Bag);
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
    if (!resource) throw unknownToken(type, RESOURCES);
    return resource;
}

const unknownToken = (token: string, known: ReadonlyMap<string, unknown>) =>
    new HostError("invalid", token, "there is no such thing in kvmnet", `It has ${[...known.keys()].join(", ")}.`);

const problemText = (error: z.ZodError, input: unknown, schema: z.ZodType) =>
    problemsOf(error, input, schema)
        .map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message))
        .join("; ");

function idProblem(resource: AnyResource, id: string): string | undefined {
    if (resource.checkId) return resource.checkId(id);
    const name = resource.schema.shape.name as z.ZodType | undefined;
    const result = name?.safeParse(id);
    return name && result && !result.success ? problemText(result.error, id, name) : undefined;
}

const secretsOf = (resource: AnyResource, ...bags: Bag[]): Secrets => new Secrets(resource.secrets ?? [], ...bags);

function toState(
    { state, mark, objectId, outputs }: Standing<object>,
    secrets: Secrets,
    takeover: string | undefined,
): Bag {
    return secrets.marked({
        ...defined({ ...(state as Bag), ...outputs }),
        owner: mark,
        ...(objectId ? { objectId } : {}),
        ...(takeover === undefined ? {} : { takeover }),
    });
}

function textIn(state: Bag, key: string): string | undefined {
    const value = state[key];
    return typeof value === "string" ? value : undefined;
}

const standingOf = (resource: AnyResource, state: Bag) => ({
    id: plannedId(resource, state),
    objectId: textIn(state, "objectId"),
    takeover: textIn(state, "takeover"),
});

/** Whether it carries the mark of a former name: until it has its own, whoever gets that name would count as its owner. */
function isRenamed(state: Bag, urn: string): boolean {
    const owner = ownerFrom(textIn(state, "owner"));
    return owner !== undefined && owner.mark !== ownerOf(urn).mark;
}

const withOwner = ({ properties, changed, ...rest }: Difference): Difference => ({
    ...rest,
    properties: new Map([...properties, ["owner", { how: "update", cost: "update" }]]),
    changed: [...changed, "owner"],
});
