/** Rows of the switch database as they are wanted, and the smallest change that brings a row there. */
import { isDeepStrictEqual } from "node:util";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import { valuesOf } from "../host/ovsdb/columns";
import { map, ofRow, set, type Operation, type Row, type Uuid } from "../host/ovsdb/operations";
import type { Seen } from "../host/ovsdb/replica";

/** Columns by name: every value that they hold, none where they are empty. */
type Columns = Readonly<Record<string, readonly unknown[]>>;

/** Keys of a map column; undefined for one that must be gone. Keys that are not named stay as they are. */
export type Keys = Readonly<Record<string, string | undefined>>;

/** What is managed of a row: its columns, and keys of its map columns. */
export interface Managed {
    columns: Columns;
    keys: Readonly<Record<string, Keys>>;
}

/** The rows of a port and of its interfaces. */
export interface PortRows {
    port: Seen;
    links: Seen[];
}

/** What a column holds that nobody wrote: nothing, but for those that cannot be empty. */
const UNTOLD: Columns = {
    type: ["system"],
    protected: [false],
    bond_updelay: [0],
    bond_downdelay: [0],
    stp_enable: [false],
    rstp_enable: [false],
    mcast_snooping_enable: [false],
    ingress_policing_rate: [0],
    ingress_policing_burst: [0],
};

const NOTHING: readonly unknown[] = [];
const untold = (column: string) => UNTOLD[column] ?? NOTHING;
/** A new row is without what is empty, whatever another table has in a column of that name. */
const isUntold = (column: string, values: readonly unknown[]): boolean =>
    values.length === 0 || sameValues(values, untold(column));

/** A column that holds at most one value. */
export const one = (value: unknown): readonly unknown[] => (value === undefined ? [] : [value]);

/** A new row, without what it has anyway. */
export function rowOf({ columns, keys }: Managed): Row {
    const row: Row = {};
    for (const column in columns) {
        const values = columns[column] as readonly unknown[];
        if (!isUntold(column, values)) row[column] = spelled(values);
    }
    for (const column in keys) {
        const present = presentOf(keys[column] as Keys);
        if (Object.keys(present).length > 0) row[column] = map(present);
    }
    return row;
}

/** What of it differs from a row that is there. */
export function differing(there: Seen, { columns, keys }: Managed): Managed {
    const lacks = (column: string, values: readonly unknown[]) => there[column] === undefined && values.length === 0;
    const other = Object.entries(columns).filter(
        ([column, values]) => !lacks(column, values) && !sameValues(held(there, column), values),
    );
    const maps = Object.entries(keys).flatMap(([column, entries]): [string, Keys][] => {
        const held = entriesOf(there[column]);
        const changed = Object.entries(entries).filter(([key, value]) => held.get(key) !== value);
        return changed.length > 0 ? [[column, Object.fromEntries(changed)]] : [];
    });
    return { columns: Object.fromEntries(other), keys: Object.fromEntries(maps) };
}

/** What stands there in the place of what differs, to give it back. */
export function formerOf(there: Seen, { columns, keys }: Managed): Managed {
    return {
        columns: Object.fromEntries(Object.keys(columns).map((column) => [column, held(there, column)])),
        keys: Object.fromEntries(
            Object.entries(keys).map(([column, entries]) => {
                const held = entriesOf(there[column]);
                return [column, Object.fromEntries(Object.keys(entries).map((key) => [key, held.get(key)]))];
            }),
        ),
    };
}

/** Operations that write it into a row; none where there is nothing to write. */
export function written(table: string, uuid: Uuid, { columns, keys }: Managed): Operation[] {
    const row = Object.fromEntries(Object.entries(columns).map(([column, values]) => [column, spelled(values)]));
    const mutations = Object.entries(keys).flatMap(([column, entries]) => {
        const present = presentOf(entries);
        return [
            [column, "delete", set(...Object.keys(entries))],
            ...(Object.keys(present).length > 0 ? [[column, "insert", map(present)]] : []),
        ];
    });
    return [
        ...(Object.keys(row).length > 0 ? [{ op: "update", table, where: ofRow(uuid), row }] : []),
        ...(mutations.length > 0 ? [{ op: "mutate", table, where: ofRow(uuid), mutations }] : []),
    ];
}

/**
 * Refuses what this version of Open vSwitch has no column for.
 *
 * @param wanted every row that is to be written
 * @throws HostError refused with the columns that are missing
 */
export async function requireColumns(
    host: Host,
    subject: string,
    table: string,
    wanted: readonly Managed[],
): Promise<void> {
    const used = new Set<string>();
    for (const { columns, keys } of wanted) {
        for (const [column, values] of Object.entries(columns))
            if (!used.has(column) && !isUntold(column, values)) used.add(column);
        for (const column of Object.keys(keys)) used.add(column);
    }
    const known = await Promise.all([...used].map(async (column) => [column, await host.ovsdb.has(table, column)]));
    const missing = known.filter(([, has]) => !has).map(([column]) => column);
    if (missing.length === 0) return;
    const version = (await host.switch()).version();
    throw new HostError(
        "refused",
        subject,
        `Open vSwitch ${version ? `${version} ` : ""}on ${host.where} has no column ${missing.join(", ")} in its table ${table}`,
        "Leave out what needs it, or install a newer Open vSwitch there.",
    );
}

/** The entries of a map column. */
export function entriesOf(column: unknown): ReadonlyMap<string, string> {
    const pairs = Array.isArray(column) && column[0] === "map" ? (column[1] as [string, string][]) : [];
    return new Map(pairs);
}

/** Empty text, and a column that this version of Open vSwitch does not have, hold what nobody wrote. */
const held = (there: Seen, column: string): readonly unknown[] =>
    there[column] === undefined || there[column] === "" ? untold(column) : valuesOf(there[column]);

export function presentOf(entries: Keys): Record<string, string> {
    const present: Record<string, string> = {};
    for (const key in entries) {
        const value = entries[key];
        if (value !== undefined) present[key] = value;
    }
    return present;
}

const spelled = (values: readonly unknown[]): unknown => (values.length === 1 ? values[0] : set(...values));

/** Sets have no order. */
function sameValues(a: readonly unknown[], b: readonly unknown[]): boolean {
    if (a.length !== b.length) return false;
    if (a.length === 0 || a[0] === b[0]) {
        if (a.length <= 1) return true;
    } else if (a.length === 1) return isDeepStrictEqual(a[0], b[0]);
    const sorted = (values: readonly unknown[]) => values.map((value) => JSON.stringify(value)).sort();
    return isDeepStrictEqual(sorted(a), sorted(b));
}
