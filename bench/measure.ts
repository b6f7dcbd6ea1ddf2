/** Ratios measured side by side: both sides in turn in one run, so that a machine whose speed drifts favours neither. */

export interface Measure {
    name: string;
    /** The ratio that must not be exceeded. */
    bound: number;
    /** Both sides of one round [ms]. */
    round: () => Promise<{ ours: number; theirs: number }>;
    rounds: number;
    /** Made before the first round and undone after the last. */
    around?: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface Measured {
    name: string;
    bound: number;
    /** Median of the rounds' ratios. */
    ratio: number;
    held: boolean;
    /** Smallest and largest ratio of the rounds. */
    spread: [number, number];
    /** Medians of both sides [ms]. */
    ours: number;
    theirs: number;
    rounds: number;
}

/** Runs one uncounted round, then the counted ones. */
export async function measured({ name, bound, rounds, round, around = (work) => work() }: Measure): Promise<Measured> {
    return around(async () => {
        await round();
        const pairs: { ours: number; theirs: number }[] = [];
        for (let index = 0; index < rounds; index += 1) pairs.push(await round());
        const ratios = pairs.map(({ ours, theirs }) => ours / theirs);
        const ratio = median(ratios);
        return {
            name,
            bound,
            ratio,
            held: ratio <= bound,
            spread: [Math.min(...ratios), Math.max(...ratios)],
            ours: median(pairs.map(({ ours }) => ours)),
            theirs: median(pairs.map(({ theirs }) => theirs)),
            rounds,
        };
    });
}

/** Middle value; of an even count, the mean of the two in the middle. @throws RangeError for none */
function median(values: number[]): number {
    if (values.length === 0) throw new RangeError("the median of no values is not defined");
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    const upper = sorted[middle] ?? 0;
    return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** How long the work took [ms]. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
    const started = performance.now();
    await work();
    return performance.now() - started;
}
