/** Chance that can be repeated: `KVMNET_SEED=7 npm test -- test/faults/random-walk.spec.ts`. */

export interface Chance {
    /** A whole number from 0 to below `end`. */
    pick(end: number): number;
    of<Value>(values: readonly Value[]): Value;
    /** How to see the same again, for messages. */
    say: string;
}

/** @param what tells the walks of one run apart */
export function seeded(what: string): Chance {
    const seed = Number(process.env.KVMNET_SEED ?? Date.now() % 1_000_000);
    let state = [...what].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), seed) >>> 0;
    // mulberry32: four lines, good enough to choose by, and the same everywhere.
    const next = (): number => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    const pick = (end: number) => Math.floor(next() * end);
    return { pick, of: (values) => values[pick(values.length)] as (typeof values)[number], say: `KVMNET_SEED=${seed}` };
}
