/** What others are at work on is looked at again before it counts as what they leave. */
import { setTimeout } from "node:timers/promises";

/** Between two looks it is waited so long [ms]. */
const PAUSES_MS = [50, 100, 200];

/** What is seen once it is as others will leave it, or when that has been waited for in vain. */
export async function asLeft<Seen>(
    look: (isFirst: boolean) => Promise<Seen>,
    isLeft: (seen: Seen) => boolean,
): Promise<Seen> {
    let seen = await look(true);
    for (const pause of PAUSES_MS) {
        if (isLeft(seen)) return seen;
        await setTimeout(pause);
        seen = await look(false);
    }
    return seen;
}
