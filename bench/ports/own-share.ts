/** The provider's own share: processor time a port as their number grows, and memory at very many. */
import { readdirSync, readFileSync } from "node:fs";
import type { Contest } from "../measure";
import { withBenchHost, withPlugin, type BenchHost } from "./bench-host";
import { wanted } from "./wanted";
import { Program } from "./ours";
import { standIn } from "./stand-in-switch";

/** Time that all threads of a process have run [ms] (proc(5): schedstat, nanoseconds). */
function cpuTimeOf(pid: number): number {
    const threads = readdirSync(`/proc/${pid}/task`);
    const spent = (thread: string) =>
        Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    return threads.reduce((sum, thread) => sum + spent(thread), 0) / 1e6;
}

/** The most memory that a process has held [MB] (proc(5): VmHWM, in units of 1,024 bytes). */
function peakMemoryOf(pid: number): number {
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return (Number(kibibytes) * 1024) / 1e6;
}

/** Processor time of the provider for each port of a set, for few and for many. */
export function growth(few = 100, many = 2000, rounds = 3, lab = "bench-growth"): Contest {
    let host: BenchHost | undefined;
    /** @returns processor time a port [us] */
    const cost = async (count: number): Promise<number> => {
        const { plugin, program } = host as BenchHost;
        const { pid = 0 } = plugin("PortSet").process;
        const before = cpuTimeOf(pid);
        const ours = program("PortSet");
        await ours.createSet(wanted(count));
        const spent = cpuTimeOf(pid) - before;
        await ours.destroy();
        return (spent * 1000) / count;
    };
    /** Few ports cost little and vary much, so they are made several times. */
    const REPEATS = 5;
    return {
        rounds,
        around: (work) =>
            withBenchHost(lab, (opened) => {
                host = opened;
                return work();
            }),
        round: async () => {
            let sum = 0;
            for (let index = 0; index < REPEATS; index++) sum += await cost(few);
            return { few: sum / REPEATS, many: await cost(many) };
        },
        claims: [
            {
                name: `our own processor time a port in a PortSet of ${many.toLocaleString("en")}, beside one of ${few}`,
                ours: "many",
                theirs: "few",
                bound: 1.3,
                unit: "µs",
                but: "the kernel's and the switch's cost a port grows by itself, whoever asks",
            },
        ],
    };
}

/** Memory of the provider after a set of very many ports was made and read. */
export function memory(count = 10_000, lab = "bench-memory"): Contest {
    let host: BenchHost | undefined;
    return {
        rounds: 1,
        cold: true,
        around: (work) =>
            withBenchHost(lab, (opened) => {
                host = opened;
                return work();
            }),
        round: async () => {
            const { lab } = host as BenchHost;
            const gone = await standIn(lab);
            try {
                return await withPlugin(lab, async (service) => {
                    const program = new Program(service);
                    await program.createSet(wanted(count));
                    await program.refresh();
                    return { peak: peakMemoryOf(service.plugin.process.pid as number), limit: 300 };
                });
            } finally {
                await gone();
            }
        },
        claims: [
            {
                name: `the provider's peak memory with a PortSet of ${count.toLocaleString("en")} ports and taps, beside 300 MB`,
                ours: "peak",
                theirs: "limit",
                bound: 1,
                unit: "MB",
                but: "the switch is a stand-in that answers at once, since the real one takes minutes for so many",
            },
        ],
    };
}
