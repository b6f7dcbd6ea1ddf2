/** Waits until the switch has found the other end of patches: it tells so a moment after both are there. */
import { setTimeout } from "node:timers/promises";
import type { Host } from "../host";
import { faultOf } from "./ovs-fault";

/** Longest wait, and how often the copy of the database is looked at meanwhile [ms]. */
const [PATIENCE_MS, POLL_MS] = [2_000, 50];

export async function untilPatched(host: Host, names: string[]): Promise<void> {
    for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await setTimeout(POLL_MS)) {
        const view = await host.switch();
        if (names.every((name) => faultOf(view.byName("Interface", name), view) === undefined)) return;
    }
}
