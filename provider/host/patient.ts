/** An ovs-vswitchd that restarts is waited for by the programs that ask it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Place } from "./place";

/** It is back within a second or two; who waits longer has lost it [ms]. */
const WAIT_MS = 10_000;

/**
 * What `ovs-ofctl` says when it found nobody, and so has said nothing to anybody (lib/vconn.c,
 * utilities/ovs-ofctl.c). It says so, too, of a switch that speaks another version.
 */
export const FOUND_NOBODY =
    /^(?![^]*version negotiation failed)[^]*(failed to (open socket|connect)|Connection refused)/;

/** The same place, where `ovs-ofctl` is run again while the switch is away. */
export function patient(place: Place, signal?: AbortSignal): Place {
    return {
        ...place,
        run: async (argv, input) => {
            const until = performance.now() + WAIT_MS;
            for (let pause = 50; ; pause = Math.min(2 * pause, 1_000)) {
                const ran = await place.run(argv, input);
                const isAway = argv[0] === "ovs-ofctl" && ran.code !== 0 && FOUND_NOBODY.test(ran.stderr);
                if (!isAway || signal?.aborted || performance.now() + pause > until) return ran;
                await sleep(pause);
            }
        },
    };
}
