/** OVSDB's spelling of values (RFC 7047, 5.1): a set of one is the value itself, nothing is an empty set. */

/** All values of a column that may hold several. */
export function valuesOf(column: unknown): unknown[] {
    if (Array.isArray(column) && column[0] === "set" && Array.isArray(column[1])) return column[1];
    return column === undefined ? [] : [column];
}

/** The value of a column that holds at most one. */
export const valueOf = (column: unknown): unknown => valuesOf(column)[0];

export const textOf = (column: unknown): string | undefined => {
    const value = valueOf(column);
    return typeof value === "string" && value !== "" ? value : undefined;
};

export const numberOf = (column: unknown): number | undefined => {
    const value = valueOf(column);
    return typeof value === "number" ? value : undefined;
};

/** The text under one key of a map column. */
export function keyOf(column: unknown, key: string): string | undefined {
    const pair = pairsOf(column).find((entry): entry is [string, string] => Array.isArray(entry) && entry[0] === key);
    return typeof pair?.[1] === "string" ? pair[1] : undefined;
}

/** The keys of a map column. */
export const keysOf = (column: unknown): string[] =>
    pairsOf(column).flatMap((entry) => (Array.isArray(entry) && typeof entry[0] === "string" ? [entry[0]] : []));

/** The pairs of a map column. */
export const pairsOf = (column: unknown): unknown[] =>
    Array.isArray(column) && column[0] === "map" && Array.isArray(column[1]) ? (column[1] as unknown[]) : [];

/** The uuids of a column of references. */
export function uuidsOf(column: unknown): string[] {
    const uuids: string[] = [];
    for (const value of valuesOf(column)) if (Array.isArray(value) && value[0] === "uuid") uuids.push(String(value[1]));
    return uuids;
}
