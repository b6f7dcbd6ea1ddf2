/** A change that comes alone, with nobody to be gathered with, beside the same by hand. */
import { timed, type Contest } from "../measure";
import { withBenchHost, type BenchHost } from "./bench-host";
import { makeTaps, retagRaw } from "./by-hand";
import type { Program } from "./ours";
import { wanted, type Wanted } from "./wanted";

/** @param count ports on the bridge */
export function lone(count = 10, rounds = 25, lab = "bench-lone"): Contest {
    let host: BenchHost;
    let program: Program;
    let [first, other] = wanted(count) as [Wanted, Wanted];
    const tap: Wanted = { name: `p${count}`, tag: 1 };
    const but = "all that the provider does for it is in it, and not only its wait for others";
    return {
        rounds,
        around: (work) =>
            withBenchHost(lab, async (opened) => {
                host = opened;
                program = host.program("Ports");
                await program.createSingles(wanted(count));
                return work();
            }),
        round: async () => {
            [first, other] = [retagged(first), retagged(other)];
            const tag = await program.retag([first]);
            const tagByHand = await timed(() => retagRaw(host.lab, other));

            const taps = host.program("Ports");
            const made = await taps.createTaps([tap]);
            await taps.destroy();
            const madeByHand = await timed(() => makeTaps(host.lab, [tap]));
            await host.lab.remove([tap.name]);
            return { tag: tag - tagByHand, tap: made - madeByHand, limit: 10 };
        },
        claims: [
            {
                name: "what a lone change of a tag takes longer than a transaction on an open socket, beside 10 ms",
                ours: "tag",
                theirs: "limit",
                bound: 1,
                but,
            },
            {
                name: "what a lone tap takes longer than one ip -batch, beside 10 ms",
                ours: "tap",
                theirs: "limit",
                bound: 1,
                but,
            },
        ],
    };
}

const retagged = ({ name, tag }: Wanted): Wanted => ({ name, tag: tag + 1 });
