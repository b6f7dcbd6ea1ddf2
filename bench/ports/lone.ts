/** A change that comes alone, with nobody to be gathered with, beside the same by hand. */
import { Turnout, Window } from "../../provider/host/window";
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
    const but = "nothing is promised: all that the provider does for it is in it, its reading and its proof too";
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
            return { held: await heldBack(), tag: tag - tagByHand, tap: made - madeByHand, limit: 10 };
        },
        claims: [
            {
                name: "how long a lone change waits for others, beside 10 ms",
                ours: "held",
                theirs: "limit",
                bound: 1,
                but: "one whose neighbours are still under way waits 5 ms, and 25 ms at most",
            },
            {
                name: "what a lone change of a tag takes longer than a transaction on an open socket, beside 10 ms",
                ours: "tag",
                theirs: "limit",
                but,
            },
            {
                name: "what a lone tap takes longer than one ip -batch, beside 10 ms",
                ours: "tap",
                theirs: "limit",
                but,
            },
        ],
    };
}

/** From the call of the only step under way until its window closes [ms]. */
async function heldBack(): Promise<number> {
    const turnout = new Turnout();
    const window = new Window<number, number>(
        (asked) => Promise.resolve(asked.map((at) => ({ result: performance.now() - at }))),
        turnout,
    );
    return turnout.during(() => window.add(performance.now()));
}

const retagged = ({ name, tag }: Wanted): Wanted => ({ name, tag: tag + 1 });
