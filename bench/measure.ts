/** Ratios measured side by side: both sides in turn in one run, so that a machine whose speed drifts favours neither. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
// A collection takes code that was not run for a while for garbage too.
setFlagsFromString("--no-flush-bytecode");
/** Collected while the clock runs, the garbage of what drives a side would count as that side's work: 8 ms of a change of 45. */
const collectGarbage = runInNewContext("gc") as () => void;

/** What one round found, by name: times [ms], or what else the claims' unit says. */
export type Found = Readonly<Record<string, number>>;

/** Several ways to the same end, in turn in each round, and what is claimed of them. */
export interface Contest {
    rounds: number;
    /** @param index number of the round, so that ways may take turns in going first; 0 is the uncounted one */
    round: (index: number) => Promise<Found>;
    claims: Claim[];
    /** Made before the first round and undone after the last. */
    around?: <T>(work: () => Promise<T>) => Promise<T>;
    /** Without it one round goes first and is not counted. */
    cold?: boolean;
}

/** A ratio of two of the things found. */
export interface Claim {
    name: string;
    /** Names of what was found. */
    ours: string;
    theirs: string;
    /** The ratio that must not be exceeded; absent where it is told and promised by nobody. */
    bound?: number;
    /** What the ratio does not show, as the end of a sentence. */
    but?: string;
    /** Of both sides; milliseconds where it is absent. */
    unit?: string;
}

/** The simplest contest: one way of ours beside one of theirs. */
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
    bound?: number;
    but?: string;
    /** Median of the rounds' ratios. */
    ratio: number;
    /** Whether the ratio is within its bound; true where there is none. */
    held: boolean;
    /** Smallest and largest ratio of the rounds. */
    spread: [number, number];
    /** Medians of both sides, in `unit`. */
    ours: number;
    theirs: number;
    unit: string;
    rounds: number;
}

/** One claim about two sides. */
export function contestOf({ name, bound, round, ...rest }: Measure): Contest {
    return { ...rest, round, claims: [{ name, bound, ours: "ours", theirs: "theirs" }] };
}

/** Runs one uncounted round, then the counted ones. @returns a result for each claim, in order */
export async function contested(contest: Contest): Promise<Measured[]> {
    const { rounds, round, claims, around = (work) => work(), cold = false } = contest;
    return around(async () => {
        if (!cold) await round(0);
        const found: Found[] = [];
        for (let index = 1; index <= rounds; index += 1) found.push(await round(index));
        return claims.map((claim) => judged(claim, found));
    });
}

function judged({ name, bound, but, ours, theirs, unit = "ms" }: Claim, found: Found[]): Measured {
    const ratios = found.map((round) => valueOf(round, ours) / valueOf(round, theirs));
    const ratio = median(ratios);
    return {
        name,
        ...(bound === undefined ? {} : { bound }),
        ...(but === undefined ? {} : { but }),
        ratio,
        held: bound === undefined || ratio <= bound,
        spread: [Math.min(...ratios), Math.max(...ratios)],
        ours: median(found.map((round) => valueOf(round, ours))),
        theirs: median(found.map((round) => valueOf(round, theirs))),
        unit,
        rounds: found.length,
    };
}

function valueOf(round: Found, name: string): number {
    const value = round[name];
    if (value === undefined) throw new Error(`A claim speaks of "${name}", which no round measured.`);
    return value;
}

/** Middle value; of an even count, the mean of the two in the middle. @throws RangeError for none */
function median(values: number[]): number {
    if (values.length === 0) throw new RangeError("the median of no values is not defined");
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    const upper = sorted[middle] ?? 0;
    return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** How long the work took [ms]. What was left lying before it, as requests that were written, is cleared away first. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
    collectGarbage();
    const started = performance.now();
    await work();
    return performance.now() - started;
}
