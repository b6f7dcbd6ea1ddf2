/** Throughput and latency between two guests, with their NICs as declared and with one queue and no segmentation offload. */
import type { DeclaredNic } from "../../schemas/declared";
import type { GuestConsole } from "../../lab";
import type { Progress } from "../progress";
import { meanRoundTrip, ratioOf, receivedRate, type Measured, type Ratio } from "./ratios";
import { pairsOf, type Pair } from "./reachability";

const RUNS = 3;
const SECONDS = 2;
/** Longest wait for one program in a guest [ms]: emulated guests on a busy machine take their time. */
const PATIENCE_MS = 60_000;

export interface Measurement {
    from: string;
    to: string;
    ratios: Ratio[];
    /** Sentences on what was measured where, without which the numbers say nothing. */
    environment: string[];
}

/** Two ends of the measurement in their guests. */
interface End {
    guest: GuestConsole;
    link: string;
    nic: DeclaredNic;
}

/**
 * Measures the first pair that must hear each other.
 *
 * @throws Error where no two guests must reach each other
 */
export async function measure(
    nics: DeclaredNic[],
    guests: ReadonlyMap<string, GuestConsole>,
    progress: Progress,
): Promise<Measurement> {
    const pair = pairsOf(nics).find(({ joined, from, to }) => joined && from.queues > 1 && to.queues > 1);
    if (!pair)
        throw new Error("No two guests with several queues share a VLAN and a subnet: there is nothing to measure.");
    const [from, to] = ends(pair, guests);
    const environment = [
        // A lab runs its guests by emulation, on every machine.
        "The guests are emulated (TCG): the ratios say how the two compare here, and nothing of a host with KVM.",
        `With tuning: ${from.nic.queues} queues and segmentation offload. Without: one queue and none. Rings cannot be changed while a guest runs and are the same in both.`,
    ];
    return progress.step(`Measuring between ${from.nic.guest} and ${to.nic.guest}`, async () => {
        await must(to, ["iperf3", "-s", "-D"]);
        let sums = true;
        try {
            if (!(await passesChecksums(from, to))) {
                sums = false;
                await Promise.all([from, to].map((end) => must(end, ["ethtool", "-K", end.link, "tx", "off"])));
                environment.push(
                    "The switch passes on packets whose checksum a guest left to its NIC (userspace datapath): checksum offload was switched off in both.",
                );
            }
            const measured: Measured[] = [
                { what: "TCP throughput", ratios: await ratios(from, to, () => throughput(from, to, ["-P", "4"])) },
                { what: "UDP throughput", ratios: await ratios(from, to, () => throughput(from, to, UDP)) },
                { what: "latency", ratios: await ratios(from, to, () => roundTrip(from, to)) },
            ];
            return { from: from.nic.guest, to: to.nic.guest, ratios: measured.map(ratioOf), environment };
        } finally {
            await to.guest.run(["killall", "iperf3"]).catch(() => undefined);
            const asBefore = async (end: End) => {
                // Segmentation needs checksums.
                if (!sums) await must(end, ["ethtool", "-K", end.link, "tx", "on"]);
                await set(end, true);
            };
            await Promise.all([from, to].map((end) => asBefore(end).catch(() => undefined)));
        }
    });
}

const UDP = ["-u", "-b", "0", "-l", "1400"];

/** In turn, so that both meet the same noise. */
async function ratios(from: End, to: End, once: () => Promise<number>): Promise<number[]> {
    const all: number[] = [];
    for (let run = 0; run < RUNS; run++) {
        const values: number[] = [];
        for (const tuned of [true, false]) {
            await Promise.all([from, to].map((end) => set(end, tuned)));
            values.push(await once());
        }
        const [tuned = 0, plain = 1] = values;
        all.push(tuned / plain);
    }
    return all;
}

async function set({ guest, link, nic }: End, tuned: boolean): Promise<void> {
    await guest.run(["ethtool", "-L", link, "combined", tuned ? `${nic.queues}` : "1"], PATIENCE_MS);
    await guest.run(
        ["ethtool", "-K", link, ...["tso", "gso", "gro"].flatMap((one) => [one, tuned ? "on" : "off"])],
        PATIENCE_MS,
    );
}

async function throughput(from: End, to: End, more: string[]): Promise<number> {
    const words = ["iperf3", "-c", addressOf(to), "-t", `${SECONDS}`, "-i", "0", "-J", ...more];
    return receivedRate((await from.guest.run(words, PATIENCE_MS)).output);
}

const roundTrip = async (from: End, to: End) =>
    meanRoundTrip(await must(from, ["ping", "-I", from.link, "-q", "-c", "20", "-i", "0.1", addressOf(to)]));

/** Whether a TCP connection comes about at all. */
async function passesChecksums(from: End, to: End): Promise<boolean> {
    const words = ["iperf3", "-c", addressOf(to), "-n", "10K", "--connect-timeout", "3000"];
    const { exitCode } = await from.guest.run(words, PATIENCE_MS);
    return exitCode === 0;
}

async function must({ guest, nic }: End, argv: string[]): Promise<string> {
    const { exitCode, output } = await guest.run(argv, PATIENCE_MS);
    if (exitCode === 0) return output;
    throw new Error(`${argv.join(" ")} in the guest ${nic.guest} failed: ${output.trim()}`);
}

const addressOf = ({ nic }: End) => nic.address?.split("/")[0] ?? "";

function ends({ from, to }: Pair, guests: ReadonlyMap<string, GuestConsole>): [End, End] {
    const [a, b] = [from, to].map((nic): End => {
        const guest = guests.get(nic.guest);
        const link = guest?.report.nics.find(({ mac }) => mac === nic.mac)?.name;
        if (!guest || !link) throw new Error(`The guest ${nic.guest} has no NIC ${nic.nic} to measure with.`);
        return { guest, link, nic };
    });
    return [a!, b!];
}
