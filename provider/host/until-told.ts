/** Waits until the switch tells what it has carried out: some of it comes into its database a moment after it says "done". */
import { setTimeout } from "node:timers/promises";
import type { Host } from "./index";
import type { Replica } from "./ovsdb/replica";

/** Longest wait, and how often the copy of the database is looked at meanwhile [ms]. */
const [PATIENCE_MS, POLL_MS] = [2_000, 20];

export async function untilTold(host: Host, isTold: (view: Replica) => boolean): Promise<void> {
    for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await setTimeout(POLL_MS))
        // The copy goes on by itself, so one that was brought up to date a moment ago needs no question.
        if (host.signal?.aborted || isTold(await host.at({ maxAgeMs: POLL_MS }).switch())) return;
}
