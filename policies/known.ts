/** Values that may not be there to be judged: unknown during preview, or hidden in something that cannot be read. */

/** Stands where a value would, and says why there is none. It is thrown by whoever needs the value after all. */
export class NotKnown extends Error {
    /** @param because a clause that continues "could not decide:", such as `its MAC address is not known yet` */
    constructor(readonly because: string) {
        super(because);
        this.name = "NotKnown";
    }
}

export type Maybe<Value> = Value | NotKnown;

/** The value itself. @throws NotKnown where there is none: whoever judges then has not decided */
export function known<Value>(value: Maybe<Value>): Value {
    if (value instanceof NotKnown) throw value;
    return value;
}

/** What `work` gives, or why it could not. */
export function maybe<Value>(work: () => Value): Maybe<Value> {
    try {
        return work();
    } catch (error) {
        if (error instanceof NotKnown) return error;
        throw error;
    }
}

/** Those of them that are known. */
export const knownOf = <Value>(values: readonly Maybe<Value>[]): Value[] =>
    values.filter((value): value is Value => !(value instanceof NotKnown));

/** Where the first of them that is wrong stands; -1 for none. @throws NotKnown where none is, and one may be */
export function placeOf<Value>(values: readonly Maybe<Value>[], isWrong: (value: Value) => boolean): number {
    const place = values.findIndex((value) => !(value instanceof NotKnown) && isWrong(value));
    if (place < 0) values.forEach(known);
    return place;
}
