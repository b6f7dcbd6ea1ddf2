/** Measurements told as ratios: two variants measured in turn, so that what else the machine does meets both. */

/** One quantity, measured several times with tuning and without, in turn. */
export interface Measured {
    what: "TCP throughput" | "UDP throughput" | "latency";
    /** With tuning over without, run by run; above 1 is more throughput, or more time. */
    ratios: number[];
}

export interface Ratio {
    what: Measured["what"];
    runs: number;
    median: number;
    least: number;
    most: number;
}

/** @throws RangeError where nothing was measured */
export function ratioOf({ what, ratios }: Measured): Ratio {
    const sorted = [...ratios].sort((a, b) => a - b);
    const [least, most] = [sorted[0], sorted.at(-1)];
    if (least === undefined || most === undefined) throw new RangeError(`no run of ${what} came to an end`);
    const middle = sorted.length / 2;
    const median = ((sorted[Math.ceil(middle) - 1] ?? least) + (sorted[Math.floor(middle)] ?? most)) / 2;
    return { what, runs: sorted.length, median, least, most };
}

/** `TCP throughput: 1.62 times that without (1.5 to 1.71 in 5 runs)`. */
export const ratioText = ({ what, runs, median, least, most }: Ratio): string =>
    `${what}: ${shown(median)} times that without (${shown(least)} to ${shown(most)} in ${runs} runs)`;

const shown = (value: number) => String(Number(value.toPrecision(3)));

/** What iperf3 says arrived [bit/s]. @throws Error with its own words where it measured nothing */
export function receivedRate(json: string): number {
    const told = JSON.parse(json) as {
        error?: string;
        end?: {
            sum_received?: { bits_per_second?: number };
            sum?: { bits_per_second?: number; lost_percent?: number };
        };
    };
    const { sum_received: received, sum } = told.end ?? {};
    const rate = received?.bits_per_second ?? (sum?.bits_per_second ?? 0) * (1 - (sum?.lost_percent ?? 0) / 100);
    if (told.error !== undefined || !(rate > 0)) throw new Error(`iperf3: ${told.error ?? "nothing arrived"}`);
    return rate;
}

/** Mean round trip out of ping's summary [ms]. @throws Error where nothing came back */
export function meanRoundTrip(printed: string): number {
    const mean = /min\/avg\/max\S* = [\d.]+\/([\d.]+)\//.exec(printed)?.[1];
    if (mean === undefined) throw new Error("ping: nothing came back");
    return Number(mean);
}
