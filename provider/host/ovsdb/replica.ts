/** A copy of the switch database, kept up to date by `monitor_cond` (ovsdb-server(7), 4.1.12): reading costs no request. */
import { OWNER_KEY } from "../../owner";
import { changedBy, type ColumnKinds } from "./column-kinds";
import { keyOf, textOf, uuidsOf } from "./columns";
import type { Row } from "./operations";

/** A row with its uuid, all of its columns as a `select` would tell them; never changed once it is here. */
export type Seen = Readonly<Row> & { readonly _uuid: readonly ["uuid", string] };

/** A row that is there or new, without what has its type's default; or what changed of one; or `delete`, which is null. */
interface RowUpdate {
    initial?: Row;
    insert?: Row;
    modify?: Row;
    delete?: null;
}
type TableUpdates = Record<string, Record<string, RowUpdate>>;

export class Replica {
    private readonly tables = new Map<string, Map<string, Seen>>();
    private readonly names = new Map<string, Map<string, Seen>>();
    private holders: Map<string, Seen> | undefined;
    private readonly initial: ReadonlyMap<string, Row>;

    /** @param kinds of the columns that are followed */
    constructor(private readonly kinds: ColumnKinds = {}) {
        this.initial = new Map(
            Object.entries(kinds).map(([table, columns]) => [
                table,
                Object.fromEntries(Object.entries(columns).map(([column, { initial }]) => [column, initial])),
            ]),
        );
    }

    /**
     * Takes what `monitor_cond` answered, or what an `update2` notification holds.
     *
     * @throws Error on what is none, or changes a row that is not here
     */
    take(updates: unknown): void {
        for (const [table, rows] of Object.entries((updates ?? {}) as TableUpdates)) {
            if (table === "Bridge") this.holders = undefined;
            const kept = at(this.tables, table);
            const names = at(this.names, table);
            for (const [uuid, update] of Object.entries(rows)) {
                const former = kept.get(uuid);
                const row = this.updated(table, former, update);
                if (former && names.get(String(former.name)) === former) names.delete(String(former.name));
                if (!row) {
                    kept.delete(uuid);
                    continue;
                }
                const seen = { ...row, _uuid: ["uuid", uuid] } as const;
                kept.set(uuid, seen);
                if (typeof row.name === "string") names.set(row.name, seen);
            }
        }
    }

    /** A row after what is told of it; undefined where it is gone. */
    private updated(table: string, former: Seen | undefined, update: RowUpdate): Row | undefined {
        const whole = update.initial ?? update.insert;
        if (whole) return { ...this.initial.get(table), ...whole };
        const { modify } = update;
        if (!modify) {
            if ("delete" in update) return undefined;
            throw new Error("it tells of a row neither what it is nor that it is gone");
        }
        if (!former) throw new Error("it tells what changed of a row that it never told");
        const kinds = this.kinds[table];
        const changed = Object.entries(modify).map(([column, difference]) => [
            column,
            changedBy(kinds?.[column]?.holds ?? "one", former[column], difference),
        ]);
        return { ...former, ...(Object.fromEntries(changed) as Row) };
    }

    row(table: string, uuid: string | undefined): Seen | undefined {
        return uuid === undefined ? undefined : this.tables.get(table)?.get(uuid);
    }

    byName(table: string, name: string): Seen | undefined {
        return this.names.get(table)?.get(name);
    }

    /** The row that carries an owner mark. */
    marked(table: string, mark: string): Seen | undefined {
        return this.all(table).find((row) => keyOf(row.external_ids, OWNER_KEY) === mark);
    }

    all(table: string): Seen[] {
        return [...(this.tables.get(table)?.values() ?? [])];
    }

    /** The rows that a column of references names. */
    referred(table: string, column: unknown): Seen[] {
        return uuidsOf(column).flatMap((uuid) => this.row(table, uuid) ?? []);
    }

    /** The interfaces of all ports of a bridge. */
    interfacesOn(bridge: Seen | undefined): Seen[] {
        return this.referred("Port", bridge?.ports).flatMap(({ interfaces }) => this.referred("Interface", interfaces));
    }

    /** The bridge that holds a port. */
    holderOf(port: Seen): Seen | undefined {
        this.holders ??= new Map(
            this.all("Bridge").flatMap((bridge) => uuidsOf(bridge.ports).map((uuid): [string, Seen] => [uuid, bridge])),
        );
        return this.holders.get(port._uuid[1]);
    }

    /** The one row of the root table; undefined where the database was never initialised. */
    root(): Seen | undefined {
        return this.all("Open_vSwitch")[0];
    }

    /** Which version of Open vSwitch wrote here last, such as 3.1.0; undefined where ovs-vswitchd never ran. */
    version(): string | undefined {
        return textOf(this.root()?.ovs_version);
    }
}

function at(tables: Map<string, Map<string, Seen>>, table: string): Map<string, Seen> {
    let kept = tables.get(table);
    if (!kept) tables.set(table, (kept = new Map<string, Seen>()));
    return kept;
}
