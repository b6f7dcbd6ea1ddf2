/** A copy of the switch database, kept up to date by `monitor` (RFC 7047, 4.1.5 and 4.1.6): reading costs no request. */
import { OWNER_KEY } from "../../owner";
import { keyOf, textOf, uuidsOf } from "./columns";
import type { Row } from "./operations";

/** A row with its uuid, as `update` notifications tell it; never changed once it is here. */
export type Seen = Readonly<Row> & { readonly _uuid: readonly ["uuid", string] };

type TableUpdates = Record<string, Record<string, { new?: Row; old?: Row }>>;

export class Replica {
    private readonly tables = new Map<string, Map<string, Seen>>();
    private readonly names = new Map<string, Map<string, Seen>>();
    private holders: Map<string, Seen> | undefined;

    /** Takes what `monitor` answered, or what an `update` notification holds. */
    take(updates: unknown): void {
        for (const [table, rows] of Object.entries((updates ?? {}) as TableUpdates)) {
            if (table === "Bridge") this.holders = undefined;
            const kept = at(this.tables, table);
            const names = at(this.names, table);
            for (const [uuid, { new: row }] of Object.entries(rows)) {
                const former = kept.get(uuid);
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
