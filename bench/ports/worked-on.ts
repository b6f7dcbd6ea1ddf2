/** What it costs that somebody works on the host: a change that could cut them off is not made. */
import { listening, network, Operator } from "../../test/support/operator";
import type { Contest } from "../measure";
import { withBenchHost, type BenchHost } from "./bench-host";
import { wanted } from "./wanted";

const LABS = { quiet: "bench-quiet", worked: "bench-worked" };
const SSH_PORT = 22;

/** @param count ports with their taps, as resources of their own */
export function workedOn(count = 300, rounds = 5): Contest {
    let hosts: Readonly<Record<keyof typeof LABS, BenchHost>> | undefined;
    const made = async (on: keyof typeof LABS): Promise<number> => {
        const program = (hosts as NonNullable<typeof hosts>)[on].program("Ports");
        const took = await program.createSingles(wanted(count));
        await program.destroy();
        return took;
    };
    return {
        rounds,
        around: (work) =>
            withBenchHost(LABS.quiet, (quiet) =>
                withBenchHost(LABS.worked, (worked) => {
                    hosts = { quiet, worked };
                    return withOperator(worked, work);
                }),
            ),
        // Whoever goes first meets another machine than whoever goes last, so they take turns.
        round: async (index) => {
            const [first, last] = index % 2 === 0 ? (["quiet", "worked"] as const) : (["worked", "quiet"] as const);
            const took = { [first]: await made(first) };
            return { ...took, [last]: await made(last) };
        },
        claims: [
            {
                name: `${count} ports with taps made as Ports and Taps where somebody works on the host over SSH, beside a host on which nobody does`,
                ours: "worked",
                theirs: "quiet",
                bound: 1.3,
                but: "one connection, to taps that no guest has opened yet",
            },
        ],
    };
}

async function withOperator<Result>({ lab }: BenchHost, work: () => Promise<Result>): Promise<Result> {
    await network((...argv) => lab.run(argv));
    const stopListening = await listening(LABS.worked, SSH_PORT);
    try {
        const operator = await Operator.connect(LABS.worked, "operator", "192.0.2.1", SSH_PORT);
        try {
            return await work();
        } finally {
            await operator.leave();
        }
    } finally {
        await stopListening();
    }
}
