/** OVSDB operations as values (RFC 7047, 5.2): pure, so that a change can be read before it is sent. */

export type Row = Record<string, unknown>;
export type Operation = { op: string } & Row;

/** Where a row's or a set's uuid stands: `["uuid", "..."]`. */
export type Uuid = readonly ["uuid", string];

/** The row that an `insert` of the same transaction makes under this `uuid-name`. */
export const named = (name: string) => ["named-uuid", name] as const;
export const set = (...values: unknown[]) => ["set", values] as const;
export const map = (entries: Record<string, string>) => ["map", Object.entries(entries)] as const;
/**
 * The row of that name, or with that owner mark where rows have no name, as it is when the operation is sent: for an
 * undo, which is written before the row is made. An operation whose row is gone by then is left out.
 */
export const rowNamed = (table: string, name: string) => ["kvmnet-row", table, name] as const;

/** Guard: the transaction fails unless no row of that name is there. */
export const absent = (table: string, name: string): Operation => guard(table, name, []);
/** Guard: the transaction fails unless a row of that name is there. */
export const present = (table: string, name: string): Operation => guard(table, name, [{ name }]);

const guard = (table: string, name: string, rows: Row[]): Operation => ({
    op: "wait",
    timeout: 0,
    table,
    where: [["name", "==", name]],
    columns: ["name"],
    until: "==",
    rows,
});

export const ofRow = (uuid: Uuid) => [["_uuid", "==", uuid]];

/** Sets columns of rows that are there. */
export const updated = <There extends { _uuid: Uuid }>(
    table: string,
    rows: readonly There[],
    rowOf: (there: There) => Row,
): Operation[] => rows.map((there) => ({ op: "update", table, where: ofRow(there._uuid), row: rowOf(there) }));

/** Sets keys of a map column and leaves the keys of others alone. */
export function putKeys(table: string, uuid: Uuid, column: string, entries: Record<string, string>): Operation {
    const mutations = [
        [column, "delete", set(...Object.keys(entries))],
        [column, "insert", map(entries)],
    ];
    return { op: "mutate", table, where: ofRow(uuid), mutations };
}

/** The operations with rows by name replaced by their uuids; those without a row are left out. */
export function resolved(
    operations: Operation[],
    uuidOf: (table: string, name: string) => Uuid | undefined,
): Operation[] {
    return operations.flatMap((operation) => {
        let whole = true;
        const replace = (value: unknown): unknown => {
            if (Array.isArray(value)) {
                if (value[0] !== "kvmnet-row") return value.map(replace);
                const uuid = uuidOf(String(value[1]), String(value[2]));
                if (!uuid) whole = false;
                return uuid;
            }
            if (typeof value !== "object" || value === null) return value;
            return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner)]));
        };
        const result = replace(operation) as Operation;
        return whole ? [result] : [];
    });
}

/** `uuid-name`s are one name space a transaction: the same builder can then serve many in one. */
export function withPrefix(operations: Operation[], prefix: string): Operation[] {
    const rename = (value: unknown): unknown => {
        if (Array.isArray(value))
            return value.length === 2 && value[0] === "named-uuid" ? named(`${prefix}${value[1]}`) : value.map(rename);
        return typeof value === "object" && value !== null ? renamed(value as Row) : value;
    };
    const renamed = (row: Row): Row => {
        const copy: Row = {};
        for (const key in row) copy[key] = key === "uuid-name" ? `${prefix}${row[key] as string}` : rename(row[key]);
        return copy;
    };
    return operations.map((operation) => renamed(operation) as Operation);
}
