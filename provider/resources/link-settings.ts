/** Settings of a link's kind, each told once: how `ip` takes it, how it prints it, and what the kernel has untold. */
import { isDeepStrictEqual } from "node:util";

/** What `ip -json -details link` prints of a link's kind, or of it as a port. */
export type Printed = Readonly<Record<string, unknown>>;

export interface Setting<Value> {
    /** Words for `ip link ... type KIND WORDS`. */
    words: (value: Value) => string[];
    /** Words for a change, where they are not those for the new value alone. */
    between?: (from: Value | undefined, to: Value) => string[];
    /** What stands there; undefined where nothing does. */
    read: (printed: Printed) => Value | undefined;
    /** What the kernel has where nothing is told; absent where that is nothing. */
    preset?: Value;
    /** Whether what stands there is what the kernel makes of a value; absent where it keeps each as it is. */
    isFrom?: (seen: Value, told: Value) => boolean;
    /** Values that the kernel chooses by itself, by what it finds: they count as told only where state knows one. */
    usual?: readonly Value[];
}

/** In the order in which they are written. */
export type Settings<State> = { readonly [Key in keyof State]?: Setting<NonNullable<State[Key]>> };

type AnySetting = Setting<unknown>;
type Bag = Readonly<Record<string, unknown>>;

const entriesOf = <State>(settings: Settings<State>) => Object.entries(settings) as unknown as [string, AnySetting][];

/** What the kernel has where nothing is told. */
export function presetsOf<State>(settings: Settings<State>): Partial<State> {
    return Object.fromEntries(
        entriesOf(settings).flatMap(([key, { preset }]) => (preset === undefined ? [] : [[key, preset]])),
    ) as Partial<State>;
}

/** What stands there and is worth telling: what differs from what the kernel has anyway, and what state knows. */
export function told<State>(settings: Settings<State>, printed: Printed, known: State | undefined): Partial<State> {
    return Object.fromEntries(
        entriesOf(settings).flatMap(([key, { read, preset, isFrom, usual = [] }]) => {
            const seen = read(printed);
            const said = (known as Bag | undefined)?.[key] ?? preset;
            const value = seen !== undefined && said !== undefined && isFrom?.(seen, said) ? said : seen;
            return isTold(value, preset, (known as Bag | undefined)?.[key], usual) ? [[key, value]] : [];
        }),
    ) as Partial<State>;
}

/** @param usual values that the kernel may have chosen by itself */
export function isTold(value: unknown, preset: unknown, known: unknown, usual: readonly unknown[] = []): boolean {
    if (value === undefined) return false;
    return known !== undefined || !(isDeepStrictEqual(value, preset) || usual.includes(value));
}

/** Words for all that is declared. */
export function wordsOf<State>(settings: Settings<State>, want: State): string[] {
    return entriesOf(settings).flatMap(([key, { words }]) => {
        const value = (want as Bag)[key];
        return value === undefined ? [] : words(value);
    });
}

/** Properties that a change writes even where they seem to stand there, and those that it leaves. */
export interface Exceptions<State> {
    anew?: readonly (keyof State)[];
    leave?: readonly (keyof State)[];
}

/** Words that bring one state to another; what is told no longer goes back to what the kernel has. */
export function wordsBetween<State>(
    settings: Settings<State>,
    from: Partial<State>,
    to: Partial<State>,
    { anew = [], leave = [] }: Exceptions<State> = {},
): string[] {
    return entriesOf(settings).flatMap(([key, { words, between, preset }]) => {
        const is = (from as Bag)[key] ?? preset;
        const wanted = (to as Bag)[key] ?? preset;
        const same = isDeepStrictEqual(is, wanted) && !anew.includes(key as keyof State);
        if (wanted === undefined || same || leave.includes(key as keyof State)) return [];
        return between ? between(is, wanted) : words(wanted);
    });
}

/** Whether two states have not all of the settings alike. */
export const differ = <State>(settings: Settings<State>, one: Partial<State>, other: Partial<State>): boolean =>
    entriesOf(settings).some(
        ([key, { preset }]) => !isDeepStrictEqual((one as Bag)[key] ?? preset, (other as Bag)[key] ?? preset),
    );

/** A number or word that is written as it is read. */
export function plain<Value extends string | number>(word: string, preset?: Value, key = word): Setting<Value> {
    return {
        words: (value) => [word, String(value)],
        read: (printed) => {
            const value = printed[key];
            return typeof value === "string" || typeof value === "number" ? (value as Value) : undefined;
        },
        ...(preset === undefined ? {} : { preset }),
    };
}

/**
 * Seconds, which the kernel takes and prints in hundredths (USER_HZ) and keeps in ticks of its own (HZ). Both ways it
 * rounds down (clock_t_to_jiffies and jiffies_to_clock_t in kernel/time/time.c): at 250 Hz an odd hundredth is printed
 * as the one before it, and at 300 Hz, whose tick is a third of a nanosecond short, every value is.
 */
export const hundredths = (word: string, preset: number): Setting<number> => ({
    words: (value) => [word, String(Math.round(value * 100))],
    read: (printed) => (typeof printed[word] === "number" ? printed[word] / 100 : undefined),
    preset,
    isFrom: (seen, told) => {
        const lost = Math.round(told * 100) - Math.round(seen * 100);
        return lost >= 0 && lost <= 1 + told / 100_000;
    },
});

/** Yes or no. @param spelled how it is written, no first: `["0", "1"]` */
export const yesNo = (
    word: string,
    preset: boolean,
    spelled: readonly [string, string] = ["off", "on"],
    key = word,
): Setting<boolean> => ({
    words: (value) => [word, spelled[value ? 1 : 0]],
    read: (printed) => yes(printed[key]),
    preset,
});

/** A flag that is a word of its own: `learning` or `nolearning`; one that is not set may not be printed at all. */
export const bare = (word: string, preset: boolean, key = word): Setting<boolean> => ({
    words: (value) => [value ? word : `no${word}`],
    read: (printed) => yes(printed[key]) ?? false,
    preset,
});

function yes(printed: unknown): boolean | undefined {
    if (typeof printed === "boolean") return printed;
    if (typeof printed === "number") return printed !== 0;
    return typeof printed === "string" ? printed === "on" : undefined;
}
