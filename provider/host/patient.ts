/** An ovs-vswitchd that restarts is waited for by the programs that ask it, and what may be run twice is, where it was ended. */
import { setTimeout as sleep } from "node:timers/promises";
import { HostError } from "./errors";
import type { Place } from "./place";
import type { Ran } from "./run";

/** It is back within a second or two; who waits longer has lost it, where no caller wants another time [ms]. */
const WAIT_MS = 10_000;

/**
 * What `ovs-ofctl` says when it found nobody, and so has said nothing to anybody (lib/vconn.c,
 * utilities/ovs-ofctl.c). It says so, too, of a switch that speaks another version.
 */
export const FOUND_NOBODY =
    /^(?![^]*version negotiation failed)[^]*(failed to (open socket|connect)|Connection refused)/;

/** Run a second time they do nothing new, and say the same: what they do comes after or before other things that are done already. */
const REPEATABLE = new Set(["cat", "grep", "stat", "tee", "install", "mv", "ovs-ofctl"]);

/** The same place, where `ovs-ofctl` is run again while the switch is away, and such programs where somebody ended them. */
export function patient(place: Place, signal?: AbortSignal): Place {
    return {
        ...place,
        run: async (argv, input, withinMs) => {
            const until = performance.now() + (withinMs ?? WAIT_MS);
            for (let pause = 50; ; pause = Math.min(2 * pause, 1_000)) {
                const ran = await wholly(place, argv, input, withinMs);
                const isAway = argv[0] === "ovs-ofctl" && ran.code !== 0 && FOUND_NOBODY.test(ran.stderr);
                if (!isAway || signal?.aborted || performance.now() + pause > until) return ran;
                await sleep(pause);
            }
        },
    };
}

async function wholly(place: Place, ...call: Parameters<Place["run"]>): Promise<Ran> {
    try {
        return await place.run(...call);
    } catch (error) {
        const [argv] = call;
        const isRepeatable = REPEATABLE.has(argv[0] ?? "") && !argv.includes("add-meter");
        if (!isRepeatable || !(error instanceof HostError) || error.kind !== "lost") throw error;
        return place.run(...call);
    }
}
