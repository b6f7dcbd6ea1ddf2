/** What it costs that somebody works on the host: a change that could cut them off is not made. */
import { workingOn } from "../../test/support/operator";
import type { Contest } from "../measure";
import { withBenchHost, type BenchHost } from "./bench-host";
import { wanted } from "./wanted";

const LABS = { quiet: "bench-quiet", worked: "bench-worked" };

/** Links that are up and may be anybody's way, unlike a tap that no guest has opened yet. @param count of each */
export function workedOn(count = 300, rounds = 5): Contest {
    let hosts: Readonly<Record<keyof typeof LABS, BenchHost>> | undefined;
    const taps = wanted(count);
    const cables = taps.map((port) => ({ ...port, name: port.name.replace("p", "v") }));
    const made = async (on: keyof typeof LABS): Promise<Record<string, number>> => {
        const program = (hosts as NonNullable<typeof hosts>)[on].program("Ports");
        const withTaps = await program.createSingles(taps);
        await program.destroy();
        const ofCables = await program.createPorts(cables);
        return {
            [`${on}, taps`]: withTaps,
            [`${on}, cables`]: ofCables,
            [`${on}, unplugged`]: await program.destroy(),
        };
    };
    const lay = ({ lab }: BenchHost) =>
        lab.ip(
            cables.flatMap(({ name }) => [
                `link add name ${name} up type veth peer name ${name}.far`,
                `link set dev ${name}.far up`,
            ]),
        );
    const claim = (what: string, key: string) => ({
        name: `${count} ${what} where somebody works on the host over SSH, beside a host on which nobody does`,
        ours: `worked, ${key}`,
        theirs: `quiet, ${key}`,
        bound: 1.3,
        but: "by one connection; who has several is asked for together",
    });
    return {
        rounds,
        around: (work) =>
            withBenchHost(LABS.quiet, (quiet) =>
                withBenchHost(LABS.worked, async (worked) => {
                    hosts = { quiet, worked };
                    await lay(quiet);
                    await lay(worked);
                    const { leave } = await workingOn(LABS.worked, (...argv) => worked.lab.run(argv));
                    return work().finally(leave);
                }),
            ),
        // Whoever goes first meets another machine than whoever goes last, so they take turns.
        round: async (index) => {
            const [first, last] = index % 2 === 0 ? (["quiet", "worked"] as const) : (["worked", "quiet"] as const);
            const found = await made(first);
            return { ...found, ...(await made(last)) };
        },
        claims: [
            claim("ports made with their taps, as resources of their own,", "taps"),
            claim("ports of links that are up made, as resources of their own,", "cables"),
            claim("of them removed", "unplugged"),
        ],
    };
}
