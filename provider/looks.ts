/** Looks at an object on a host: what others are about to change there is looked at again until they have left it. */
import type { Host } from "./host";
import { asLeft } from "./host/others-at-work";
import { isOurs, type Actor } from "./ours";
import type { Found } from "./resource";

/** What was read since the step began serves its first look; whoever looks again wants to see what changed. */
export const firstLook = <State>(host: Host, { since }: Actor<State>, attempt?: number): Host =>
    attempt === 1 ? host.at({ readSince: since }) : host;

/**
 * What is found, once it stands still: programs of another run, or of one that was killed, go on to their end, and between
 * two of their steps a link carries no mark yet, and a tap does not persist. So what carries none is looked at again before
 * it counts as foreign.
 */
export const settled = <State>(
    find: (at: Host) => Promise<Found<State> | undefined>,
    host: Host,
    actor: Actor<State>,
    attempt?: number,
): Promise<Found<State> | undefined> =>
    lookedAgain(find, host, actor, attempt, (found) => Boolean(found.mark) || isOurs(found, actor));

/** What is found once it is as others will leave it, or when that has been waited for in vain. */
export function lookedAgain<State>(
    find: (at: Host) => Promise<Found<State> | undefined>,
    host: Host,
    actor: Actor<State>,
    attempt: number | undefined,
    isLeft: (found: Found<State>) => boolean,
): Promise<Found<State> | undefined> {
    const first = firstLook(host, actor, attempt);
    return asLeft(
        (isFirst) => find(isFirst ? first : host),
        (found) => !found || isLeft(found),
    );
}
