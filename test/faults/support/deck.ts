/** Values in an order of chance, each as often as the others. */
import type { Chance } from "./seed";

/** @returns deals the next value; all are dealt before any is dealt again */
export function deckOf<Value>(chance: Chance, values: readonly Value[]): () => Value {
    let left: Value[] = [];
    return () => {
        if (left.length === 0) left = [...values];
        return left.splice(chance.pick(left.length), 1)[0] as Value;
    };
}
