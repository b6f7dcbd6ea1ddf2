/** Changes that need no look at the whole object: they go ahead of it, and one look afterwards proves them. */
import { again } from "./cut-off";
import type { Host } from "./host";
import { carryOut, takenBack } from "./host/carry-out";
import { HostError } from "./host/errors";
import { firstLook } from "./looks";
import { isOurs, ownOf, type Actor } from "./ours";
import type { Plan } from "./plan";
import { idOf, type Found, type HostResource } from "./resource";

/** What went ahead of a look at the whole object. */
export interface Ahead {
    /** What was carried out; empty where nothing was, or where it is not known. */
    done: Plan;
    /** Whether anything was begun: what was read before it is no longer believed by who plans the rest. */
    begun: boolean;
}

/** Changes what needs no look at the whole object. @throws HostError but for a lost host, which the usual way meets anew */
export async function wentAhead<State extends object>(
    resource: HostResource<State>,
    host: Host,
    want: State,
    actor: Actor<State>,
): Promise<Ahead> {
    const id = idOf(resource, want);
    const at = firstLook(host, actor, 1);
    try {
        const plan = actor.known ? await resource.ahead?.(at, want, ownOf(actor)) : undefined;
        if (!plan?.length) return { done: [], begun: false };
        // What does not change is looked at while the host works, so that only what changed is left to be judged.
        const looked = resource.find(at, id, ownOf(actor)).catch(() => undefined);
        await carryOut(host, `${resource.title} ${id}`, plan).finally(() => looked);
        return { done: plan, begun: true };
    } catch (error) {
        if (error instanceof HostError && error.kind === "lost") return { done: [], begun: true };
        throw error;
    }
}

/** The object after what went ahead; undefined where an update still finds something to do. */
export async function complete<State extends object>(
    resource: HostResource<State>,
    host: Host,
    want: State,
    actor: Actor<State>,
): Promise<Found<State> | undefined> {
    const { mark } = actor.owner;
    return again(async (attempt) => {
        const at = firstLook(host, actor, attempt);
        const found = await resource.find(at, idOf(resource, want), { mark, known: want });
        if (!found || found.fault || !isOurs(found, actor)) return undefined;
        return (await resource.update(host, found, want, mark)).length === 0 ? found : undefined;
    });
}

/** Where the rest is refused, all of it is. A host that is lost or away keeps what it has: the next run goes on from there. */
export async function givenBack(host: Host, subject: string, done: Plan, error: unknown): Promise<unknown> {
    const isRefusal = error instanceof HostError && ["refused", "conflict", "missing", "invalid"].includes(error.kind);
    return isRefusal ? await takenBack(host, subject, [...done], error) : error;
}
