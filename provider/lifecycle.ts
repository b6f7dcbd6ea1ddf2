/** What is common to all resources on a host: what is there is looked at, brought to what is wanted or removed, and proven. */
import { complete, givenBack, wentAhead, type Ahead } from "./ahead";
import { again, Tries } from "./cut-off";
import type { Host } from "./host";
import { carryOut } from "./host/carry-out";
import { HostError, InputRefused, shownName } from "./host/errors";
import { firstLook, lookedAgain, settled } from "./looks";
import { isOurs, notOurs, ownership, ownOf, type Actor } from "./ours";
import { idOf, type Found, type HostResource, type Outputs } from "./resource";

/** An object as state keeps it. */
export interface Kept<State> {
    state: State;
    mark: string;
    objectId?: string;
    outputs?: Outputs;
}

/** The object is on the host and ours, and does not work or is not as wanted: state keeps it, the next run repairs it. */
export class Unfinished<State> extends Error {
    /** @param refused the input for which it is not as wanted, where that is the reason */
    constructor(
        readonly kept: Kept<State>,
        readonly reasons: string[],
        readonly refused?: InputRefused,
    ) {
        super(reasons.join("\n"));
        this.name = "Unfinished";
    }
}

/** Makes it, or finishes what a run of ours that was killed began. @throws Unfinished, HostError */
export const create = <State extends object>(
    resource: HostResource<State>,
    host: Host,
    want: State,
    actor: Actor<State>,
): Promise<Kept<State>> => warnedOf(resource, host, want, actor, want);

/** @param added what is warned of; undefined for nothing */
async function warnedOf<State extends object>(
    resource: HostResource<State>,
    host: Host,
    want: State,
    actor: Actor<State>,
    added: State | undefined,
): Promise<Kept<State>> {
    const warned = added && warnFirst(resource, host, added, actor);
    try {
        return await proven(resource, host, want, actor);
    } finally {
        await warned;
    }
}

/** A caution is only advice: it holds nothing back, and where it cannot be had, the work itself tells why. */
async function warnFirst<State extends object>(
    resource: HostResource<State>,
    host: Host,
    want: State,
    actor: Actor<State>,
): Promise<void> {
    await warnAll(actor, await resource.cautions?.(host.at({ maxAgeMs: 1_000 }), want).catch(() => []));
}

async function warnAll<State>(actor: Actor<State>, sentences: readonly string[] = []): Promise<void> {
    await Promise.all(sentences.map((sentence) => actor.warn(sentence)));
}

/** Brings it to what is wanted, and makes it where it is gone. @throws Unfinished, HostError */
export const update = <State extends object>(
    resource: HostResource<State>,
    host: Host,
    want: State,
    actor: Actor<State>,
): Promise<Kept<State>> =>
    warnedOf(resource, host, want, actor, actor.known && resource.newOf?.(actor.known.state, want));

/**
 * The object as it is, with the mark it carries; undefined when it is gone or no longer ours. Changes nothing.
 *
 * An import (nothing known) takes what carries no mark, or ours. It is not marked then, because a preview imports too:
 * the state notes the empty mark, and the next update writes ours.
 *
 * @throws HostError conflict for an import of what another resource owns; Unfinished where the object does not work
 */
export async function read<State extends object>(
    resource: HostResource<State>,
    host: Host,
    id: string,
    actor: Actor<State>,
): Promise<Kept<State> | undefined> {
    const found = await again(() => resource.find(host, id, ownOf(actor)));
    if (!found) return undefined;
    if (!actor.known) {
        if (found.conflict || (found.mark && found.mark !== actor.owner.mark))
            throw notOurs(resource, id, found, actor.owner);
    } else if (!isOurs(found, actor)) {
        await actor.warn(
            `${resource.title} ${shownName(id)} is no longer ours (${ownership(found)}): it counts as gone and is left alone.`,
        );
        return undefined;
    }
    await warnAll(actor, found.beside);
    if (found.fault) throw new Unfinished(keptOf(found), [`${resource.title} ${shownName(id)}: ${found.fault}.`]);
    return keptOf(found);
}

/** Gone is success; what is no longer ours is left alone, with a warning. */
export async function remove<State extends object>(
    resource: HostResource<State>,
    host: Host,
    id: string,
    actor: Actor<State>,
): Promise<void> {
    const subject = `${resource.title} ${shownName(id)}`;
    const find = (at = host) => resource.find(at, id, ownOf(actor));
    const tries = new Tries(resource, host, subject);
    await again(async (attempt) => {
        const found = await find(firstLook(host, actor, attempt));
        if ((!found && attempt > 1) || tries.haveLeft) await tries.untilGone();
        if (!found || !isOurs(found, actor)) await removeLeft(resource, host, subject, actor);
        if (!found) return tries.carryOut([]);
        if (isOurs(found, actor))
            try {
                await tries.carryOut(await resource.delete(host, found, actor.owner.mark));
                await warnAll(actor, await resource.keeps?.(host, found));
                await warnAll(actor, await resource.left?.(host, found.state));
                return;
            } catch (error) {
                // A killed run's last program may have removed it in the meantime.
                if (error instanceof HostError && error.kind === "refused" && !(await find())) return;
                throw error;
            }
        await actor.warn(`${subject} is no longer ours (${ownership(found)}): it is left as it is.`);
    });
}

/** What it has left elsewhere keeps nobody from going. */
async function removeLeft<State extends object>(
    resource: HostResource<State>,
    host: Host,
    subject: string,
    actor: Actor<State>,
): Promise<void> {
    try {
        await carryOut(host, subject, (await resource.leftBehind?.(host, ownOf(actor))) ?? []);
    } catch (error) {
        if (!(error instanceof HostError)) throw error;
        await actor.warn(`${subject} is gone, and what it has left on the host stays: ${error.message}`);
    }
}

const keptOf = <State>({ state, mark = "", objectId, outputs }: Found<State>): Kept<State> => ({
    state,
    mark,
    ...(objectId === undefined ? {} : { objectId }),
    ...(outputs ? { outputs } : {}),
});

async function bring<State extends object>(
    resource: HostResource<State>,
    host: Host,
    want: State,
    actor: Actor<State>,
    attempt: number,
    tries: Tries,
) {
    const { mark } = actor.owner;
    const id = idOf(resource, want);
    const look = () => resource.meanwhile?.(host, id, { mark, known: want }) ?? host.links();
    const change = async (found: Found<State>) => {
        if (!isOurs(found, actor)) throw notOurs(resource, id, found, actor.owner);
        if (tries.haveLeft) await tries.untilGone();
        await tries.carryOut(await resource.update(host, found, want, mark), look);
        await warnAll(actor, await resource.keeps?.(host, found, want));
    };
    const found = await settled((at) => resource.find(at, id, ownOf(actor)), host, actor, attempt);
    // What a later attempt finds may be what the one before has made, or what was there before.
    if (found && !actor.known && !found.free && isOurs(found, actor)) actor.adopts?.();
    if (found) return change(found);
    if (tries.haveLeft) await tries.untilGone();
    try {
        await tries.carryOut(await resource.create(host, want, mark), look);
    } catch (error) {
        // A killed run's last program may have made it in the meantime, or another stack.
        if (!(error instanceof HostError) || error.kind !== "refused") throw error;
        const other = await settled((at) => resource.find(at, id, ownOf(actor)), host, actor);
        if (!other) throw (await takenBy(resource, host, want, mark)) ?? error;
        await change(other);
    }
}

/** Who has a part of what is wanted since it was planned: planning it anew tells. */
async function takenBy<State extends object>(
    resource: HostResource<State>,
    host: Host,
    want: State,
    mark: string,
): Promise<HostError | undefined> {
    try {
        await resource.create(host, want, mark);
        return undefined;
    } catch (error) {
        return error instanceof HostError && error.kind === "conflict" ? error : undefined;
    }
}

/** Brings it there, then reads the host: state holds what is there and not what we hoped for. */
async function proven<State extends object>(
    resource: HostResource<State>,
    host: Host,
    want: State,
    actor: Actor<State>,
): Promise<Kept<State>> {
    const id = idOf(resource, want);
    const subject = `${resource.title} ${id}`;
    const own = { mark: actor.owner.mark, known: want };
    let found: Found<State> | undefined;
    let ahead: Ahead = { done: [], begun: false };
    try {
        ahead = await wentAhead(resource, host, want, actor);
        if (ahead.done.length > 0) await resource.settle?.(host, want);
        try {
            if (ahead.done.length > 0) found = await complete(resource, host, want, actor);
            const tries = new Tries(resource, host, subject);
            if (!found)
                await again((attempt) =>
                    bring(resource, host, want, actor, ahead.begun ? attempt + 1 : attempt, tries),
                );
        } catch (error) {
            throw await givenBack(host, subject, ahead.done, error);
        }
        if (!found) await resource.settle?.(host, want);
    } catch (error) {
        // Half done is ours already: state must know of it, else nobody would ever remove it.
        const unseen: Found<State> | undefined = ahead.done.length > 0 ? actor.known : undefined;
        const half = await resource.find(host, id, ownOf(actor)).catch(() => unseen);
        const begun = half && isOurs(half, actor) && !(half.free && !actor.known);
        if (!(error instanceof HostError) || !begun) throw error;
        // A device that the switch could not make is missing afterwards: why it could not tells more than that it is.
        const why = error.kind === "missing" && half.fault;
        const refused = error instanceof InputRefused ? error : undefined;
        throw new Unfinished(keptOf(half), [why ? `${subject}: ${half.fault}. ${REPAIR}` : error.message], refused);
    }
    // What this step began with still tells what is there, unless something of ours has touched it. Who came a moment too
    // late has noted it as its own, and takes that back when it sees ours.
    found ??= await lookedAgain(
        (at) => again(() => resource.find(at, id, own)),
        host,
        actor,
        1,
        (one) => isOurs(one, actor),
    );
    if (!found)
        throw new HostError(
            "refused",
            subject,
            "was made, and something on the host removed it at once",
            "Look for what else manages the host's network.",
        );
    // Whoever marked it after us has it now: state must not hold what it would later remove.
    if (!isOurs(found, actor)) throw notOurs(resource, id, found, actor.owner);
    if (found.fault) throw new Unfinished(keptOf(found), [`${subject}: ${found.fault}. ${REPAIR}`]);
    return keptOf(found);
}

const REPAIR = "Correct that, then run the same command again.";
