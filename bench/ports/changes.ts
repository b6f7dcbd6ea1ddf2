/** Other VLANs for ports of a bridge that has many: one of them, and many in one go. */
import { timed, type Contest } from "../measure";
import { withBenchHost, type BenchHost, type Declared } from "./bench-host";
import { retagByVsctl } from "./by-hand";
import { wanted, type Wanted } from "./wanted";
import type { Program } from "./ours";

const TAGS = { least: 100, most: 4000 };

/** @param count ports on the bridge @param many how many of them change together */
export function changes(as: Declared, count = 1000, many = 200, rounds = 25, lab = "bench-changes"): Contest {
    let host: BenchHost | undefined;
    let program: Program | undefined;
    let ports = wanted(count);
    /** The first `number` ports with tags that none of them had. */
    const retagged = (number: number): Wanted[] =>
        ports.map((port, index) => (index < number ? { ...port, tag: nextTag(port.tag) } : port));
    const through = async (number: number): Promise<number> => {
        ports = retagged(number);
        const took = await (as === "Ports" ? program?.retag(ports.slice(0, number)) : program?.updateSet(ports));
        await mustHave(host as BenchHost, ports);
        return took as number;
    };
    const noun = as === "Ports" ? "a Port" : "a port of a PortSet";
    return {
        rounds,
        around: (work) =>
            withBenchHost(lab, async (opened) => {
                host = opened;
                program = opened.program(as);
                await (as === "Ports" ? program.createSingles(ports) : program.createSet(ports));
                try {
                    return await work();
                } finally {
                    await opened.lab.empty();
                }
            }),
        round: async () => {
            const one = await through(1);
            const [, other] = retagged(2);
            const vsctl = await timed(() => retagByVsctl((host as BenchHost).lab, other as Wanted));
            await retagByVsctl((host as BenchHost).lab, ports[1] as Wanted);
            return { one, vsctl, many: await through(many) };
        },
        claims: [
            {
                name: `another tag for ${noun} on a bridge of ${count.toLocaleString("en")}, beside one ovs-vsctl set`,
                ours: "one",
                theirs: "vsctl",
                bound: 1.1,
                but: "nearly all of both is the switch looking at its whole configuration",
            },
            {
                name: `another tag for ${many} of them in one go, beside another tag for one`,
                ours: "many",
                theirs: "one",
                ...(as === "PortSet" ? { bound: 3 } : {}),
                but: "an engine's own work for that many changes is not in it",
            },
        ],
    };
}

const nextTag = (tag: number) => (tag < TAGS.most ? tag + 1 : TAGS.least);

async function mustHave({ lab }: BenchHost, ports: readonly Wanted[]): Promise<void> {
    const tags = new Map((await lab.ports()).map(({ name, tag }) => [name, tag]));
    const wrong = ports.filter(({ name, tag }) => tags.get(name) !== tag);
    if (wrong.length > 0) throw new Error(`${wrong.length} ports have another tag than they were given.`);
}
