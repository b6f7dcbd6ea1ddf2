/** Ports through the real `pulumi up`, beside the same engine with a provider that does nothing. */
import type { Contest } from "../measure";
import { BenchLab } from "../ports/bench-lab";
import { makeTaps } from "../ports/by-hand";
import { wanted, type Wanted } from "../ports/wanted";
import { EngineProgram, type Declared } from "./program";

/** As many steps at a time as there are resources. */
const ALL_AT_ONCE = ["--parallel", "1000"];

/** A stack of its own for each program; its taps are there before, and everything is gone after. */
async function withProgram<Result>(
    lab: BenchLab,
    declared: Declared,
    ports: readonly Wanted[],
    work: (program: EngineProgram) => Promise<Result>,
): Promise<Result> {
    const program = await EngineProgram.make(declared, lab.host);
    try {
        if (declared !== "nothing") await makeTaps(lab, ports);
        program.declare(ports);
        return await work(program);
    } finally {
        program.remove();
        await lab.empty();
    }
}

/** @returns time of an `up` that makes everything [ms] */
const upOnce = (lab: BenchLab, declared: Declared, ports: readonly Wanted[], ...more: string[]): Promise<number> =>
    withProgram(lab, declared, ports, async (program) => {
        const took = await program.up(...more);
        await mustHave(lab, declared === "nothing" ? [] : ports);
        return took;
    });

/** What was not done is no measurement. */
async function mustHave(lab: BenchLab, ports: readonly Wanted[]): Promise<void> {
    const tags = new Map((await lab.ports()).map(({ name, tag }) => [name, tag]));
    const wrong = ports.filter(({ name, tag }) => tags.get(name) !== tag);
    if (tags.size !== ports.length || wrong.length > 0)
        throw new Error(`The bridge has ${tags.size} ports, ${wrong.length} of ${ports.length} missing or wrong.`);
}

async function withLab<Result>(name: string, work: (lab: BenchLab) => Promise<Result>): Promise<Result> {
    const lab = await BenchLab.up(name);
    try {
        return await work(lab);
    } finally {
        await lab.down();
    }
}

export function throughEngine(count = 300, rounds = 3, name = "bench-engine"): Contest {
    let lab: BenchLab | undefined;
    const ports = wanted(count);
    const up = (declared: Declared, ...more: string[]) => upOnce(lab as BenchLab, declared, ports, ...more);
    const but = "taps are there before, and what the engine itself takes is the greater part of both";
    return {
        rounds,
        around: (work) =>
            withLab(name, (opened) => {
                lab = opened;
                return work();
            }),
        round: async () => ({
            nothing: await up("nothing"),
            ports: await up("Ports"),
            "nothing, all at once": await up("nothing", ...ALL_AT_ONCE),
            "ports, all at once": await up("Ports", ...ALL_AT_ONCE),
            set: await up("PortSet"),
        }),
        claims: [
            {
                name: `pulumi up of ${count} Ports, all in flight, beside ${count} resources of a provider that does nothing`,
                ours: "ports, all at once",
                theirs: "nothing, all at once",
                bound: 1.3,
                but,
            },
            {
                name: `pulumi up of ${count} Ports as the engine does by default, beside ${count} resources of a provider that does nothing`,
                ours: "ports",
                theirs: "nothing",
                but: "nothing is promised: few steps at a time leave little to gather",
            },
            {
                name: `pulumi up of one PortSet of ${count}, beside ${count} Ports, all in flight`,
                ours: "set",
                theirs: "ports, all at once",
                but: "the engine keeps no state of its own for each port of a set",
            },
        ],
    };
}

/** @param many ports that change together */
export function setBesideMany(count = 1000, many = 200, rounds = 1, name = "bench-engine"): Contest {
    let lab: BenchLab | undefined;
    const ports = wanted(count);
    const retagged = (number: number) =>
        ports.map((port, index) => (index < number ? { ...port, tag: port.tag + number } : port));
    const thousand = count.toLocaleString("en");
    return {
        rounds,
        cold: true,
        around: (work) =>
            withLab(name, (opened) => {
                lab = opened;
                return work();
            }),
        round: async () => {
            const opened = lab as BenchLab;
            const set = await upOnce(opened, "PortSet", ports);
            return withProgram(opened, "Ports", ports, async (program) => {
                const up = async (declared: readonly Wanted[]) => {
                    program.declare(declared);
                    const took = await program.up(...ALL_AT_ONCE);
                    await mustHave(opened, declared);
                    return took;
                };
                return { set, ports: await up(ports), one: await up(retagged(1)), many: await up(retagged(many)) };
            });
        },
        claims: [
            {
                name: `pulumi up of one PortSet of ${thousand}, beside as many Ports`,
                ours: "set",
                theirs: "ports",
                bound: 0.1,
                but: "the engine keeps no state of its own for each port of a set",
            },
            {
                name: `pulumi up with another tag for ${many} of ${thousand} Ports, beside one with another tag for one`,
                ours: "many",
                theirs: "one",
                bound: 3,
                but: `the engine's own work for ${thousand} resources is the greater part of both`,
            },
        ],
    };
}
