/** What `update2` leaves out of a row, and how it tells what changed, by the types of columns (ovsdb-server(7), 4.1.14). */
import { z } from "zod";
import { pairsOf, valuesOf } from "./columns";

/** One value, or at most one, is told anew; of several, what is in one of both alone. */
export interface ColumnKind {
    holds: "one" | "set" | "map";
    /** What a new row has where it is not told. */
    initial: unknown;
}

/** The kinds of columns, by table and column. */
export type ColumnKinds = Readonly<Record<string, Readonly<Record<string, ColumnKind>>>>;

const Base = z.union([z.string(), z.object({ type: z.string() })]);
/** A column of a database schema (RFC 7047, 3.2). */
const Column = z.object({
    type: z.union([
        z.string(),
        z.object({
            key: Base,
            value: Base.optional(),
            min: z.number().default(1),
            max: z.union([z.number(), z.literal("unlimited")]).default(1),
        }),
    ]),
});

const EMPTY_SET = ["set", []] as const;
const EMPTY_MAP = ["map", []] as const;
const ATOMS: Readonly<Record<string, unknown>> = {
    integer: 0,
    real: 0,
    boolean: false,
    string: "",
    uuid: ["uuid", "00000000-0000-0000-0000-000000000000"],
};

/** @throws z.ZodError for what is no column of a schema */
export function kindOf(column: unknown): ColumnKind {
    const { type } = Column.parse(column);
    if (typeof type === "string") return { holds: "one", initial: ATOMS[type] };
    const { key, value, min, max } = type;
    const isOne = max === 1;
    if (value !== undefined) return { holds: isOne ? "one" : "map", initial: EMPTY_MAP };
    if (min === 0) return { holds: isOne ? "one" : "set", initial: EMPTY_SET };
    return { holds: isOne ? "one" : "set", initial: ATOMS[typeof key === "string" ? key : key.type] };
}

/** What a column holds after a difference: as the server itself would tell it, in its order. */
export function changedBy(kind: ColumnKind["holds"], former: unknown, difference: unknown): unknown {
    switch (kind) {
        case "one":
            return difference;
        case "set":
            return toggled(former, difference);
        case "map":
            return merged(former, difference);
    }
}

/** Those that are in one of both alone. */
function toggled(former: unknown, difference: unknown): unknown {
    const told = new Map(valuesOf(difference).map((atom) => [plain(atom), atom]));
    const kept = valuesOf(former).filter((atom) => !told.delete(plain(atom)));
    const all = [...kept, ...told.values()].sort(byAtom);
    return all.length === 1 ? all[0] : ["set", all];
}

type Pair = [key: unknown, value: unknown];

/** What is told of a key that has that very value takes it away. */
function merged(former: unknown, difference: unknown): unknown {
    const pairs = new Map((pairsOf(former) as Pair[]).map((pair) => [plain(pair[0]), pair]));
    for (const pair of pairsOf(difference) as Pair[]) {
        const key = plain(pair[0]);
        const there = pairs.get(key);
        if (there && plain(there[1]) === plain(pair[1])) pairs.delete(key);
        else pairs.set(key, pair);
    }
    return ["map", [...pairs.values()].sort(([one], [other]) => byAtom(one, other))];
}

/** A number, a text or a boolean as it is, and the text of `["uuid", "..."]`: atoms of one column are of one type. */
const plain = (atom: unknown): unknown => (Array.isArray(atom) ? atom[1] : atom);

function byAtom(one: unknown, other: unknown): number {
    const [a, b] = [plain(one), plain(other)] as [number, number];
    return a < b ? -1 : a > b ? 1 : 0;
}
