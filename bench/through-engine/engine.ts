/** Ports through the real `pulumi up`, beside the same engine with a provider that does nothing. */
import type { Contest } from "../measure";
import { BenchLab } from "../ports/bench-lab";
import { makeTaps } from "../ports/by-hand";
import { wanted, type Wanted } from "../ports/wanted";
import { EngineProgram, type Declared } from "./program";

/** As many steps at a time as there are resources. */
const ALL_AT_ONCE = ["--parallel", "1000"];

/** A stack of its own for each run; its taps are there before, and everything is gone after. @returns time of `up` [ms] */
async function upOnce(lab: BenchLab, declared: Declared, ports: readonly Wanted[], ...more: string[]): Promise<number> {
    const program = await EngineProgram.make(declared, lab.host);
    try {
        if (declared !== "nothing") await makeTaps(lab, ports);
        program.declare(ports);
        const took = await program.up(...more);
        const made = (await lab.ports()).length;
        if (made !== (declared === "nothing" ? 0 : ports.length)) throw new Error(`The bridge has ${made} ports.`);
        return took;
    } finally {
        program.remove();
        await lab.empty();
    }
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

export function setBesideMany(count = 1000, rounds = 2, name = "bench-engine"): Contest {
    let lab: BenchLab | undefined;
    const ports = wanted(count);
    return {
        rounds,
        cold: true,
        around: (work) =>
            withLab(name, (opened) => {
                lab = opened;
                return work();
            }),
        round: async () => ({
            set: await upOnce(lab as BenchLab, "PortSet", ports),
            ports: await upOnce(lab as BenchLab, "Ports", ports, ...ALL_AT_ONCE),
        }),
        claims: [
            {
                name: `pulumi up of one PortSet of ${count.toLocaleString("en")}, beside as many Ports`,
                ours: "set",
                theirs: "ports",
                bound: 0.1,
                but: "the engine keeps no state of its own for each port of a set",
            },
        ],
    };
}
