/** Resources that are one row of the switch database, hung on a column of another: it lives as long as that names it. */
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import { keyOf, numberOf, textOf, uuidsOf, valueOf, valuesOf } from "../host/ovsdb/columns";
import { named, ofRow, rowNamed, set, type Operation, type Row, type Uuid } from "../host/ovsdb/operations";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { vacant } from "../host/ovsdb/vacancy";
import { OWNER_KEY } from "../owner";
import { ovsdb, type Step } from "../plan";
import type { Found, HostResource, Outputs } from "../resource";
import { typedKeys, typedState, type Typed } from "./ovs-keys";
import { differing, formerOf, one, requireColumns, rowOf, written, type Managed } from "./ovs-rows";

/** Where rows of one kind hang. */
interface Hook {
    table: string;
    parent: "Bridge" | "Open_vSwitch";
    /** Column of the parent. */
    column: string;
    /** What tells its rows apart, where the database itself would take two of the same. */
    key?: string;
}

/** Where a row is, or would be. */
interface Spot<State> {
    /** What holds it; undefined where that is missing. */
    parent: Seen | undefined;
    row: Seen | undefined;
    /** What the row does not say and its place does. */
    place: Partial<State>;
    /** Why the row cannot be one resource's. */
    conflict?: string | undefined;
}

/** What one kind has of its own. */
interface Kind<State extends object>
    extends
        Pick<
            HostResource<State>,
            "type" | "title" | "description" | "schema" | "cost" | "presets" | "outputs" | "standsOn"
        >,
        Pick<HostResource<State>, "idForm" | "checkId" | "claims" | "cautions"> {
    hook: Hook;
    idOf: (state: State) => string;
    /** @param mark of the row that comes before others of the same id */
    at: (view: Replica, id: string, mark: string) => Spot<State>;
    /** The managed part of the row. @throws HostError missing where it names what is not there */
    managed: (view: Replica, want: State) => Managed;
    /** What the row says; with its place it is the whole state. */
    state: (view: Replica, row: Seen) => Partial<State>;
    told?: (row: Seen) => Outputs;
    /** What state alone knows. */
    known?: (known: State | undefined) => Partial<State>;
    /** Refuses what cannot be there. */
    judge?: (host: Host, view: Replica, want: State, subject: string) => void | Promise<void>;
    /** Refuses that it goes. */
    judgeRemoval?: (host: Host, subject: string, state: State) => Promise<void>;
    /** What would have to be there first, for the message: `OVS bridge br0`. */
    missing: (want: State) => { what: string; next: string };
}

/** Ours before another's, where the database holds several of one name. */
export const oursFirst = (rows: readonly Seen[], mark: string): Seen | undefined =>
    rows.find(({ external_ids: ids }) => keyOf(ids, OWNER_KEY) === mark) ?? rows[0];

export interface RowHere<State> extends Found<State> {
    parent: Seen;
    row: Seen;
}

export function attachedRow<State extends object>(kind: Kind<State>): HostResource<State, RowHere<State>> {
    const { hook, at, managed, state, told, known, judge, judgeRemoval, missing, ...common } = kind;
    const subject = (want: State) => `${kind.title} ${kind.idOf(want)}`;
    const checked = async (host: Host, want: State): Promise<[Replica, Managed]> => {
        const view = await host.switch();
        await judge?.(host, view, want, subject(want));
        const row = managed(view, want);
        await requireColumns(host, subject(want), hook.table, [row]);
        return [view, row];
    };
    return {
        ...common,

        async find(host, id, own) {
            const view = await host.switch();
            const { parent, row, place, conflict = sharedWith(view, hook, parent, row) } = at(view, id, own.mark);
            if (!parent || !row) return undefined;
            return {
                parent,
                row,
                state: { ...state(view, row), ...place, ...known?.(own.known) } as State,
                mark: keyOf(row.external_ids, OWNER_KEY),
                objectId: row._uuid[1],
                ...(told ? { outputs: told(row) } : {}),
                ...(conflict === undefined ? {} : { conflict }),
            };
        },

        async create(host, want, mark) {
            const [view, row] = await checked(host, want);
            const { parent } = at(view, kind.idOf(want), mark);
            if (parent) return [hang(`makes the ${subject(want)}`, hook, parent._uuid, row, mark)];
            const { what, next } = missing(want);
            throw new HostError("missing", subject(want), `there is no ${what} on ${host.where}`, next);
        },

        async update(host, found, want, mark) {
            const [, row] = await checked(host, want);
            return [change(`sets the ${subject(want)}`, hook, found.row, row, mark)];
        },

        async delete(host, { parent, row, state }) {
            await judgeRemoval?.(host, subject(state), state);
            return [unhang(`removes the ${subject(state)}`, hook, parent._uuid, row)];
        },
    };
}

/** A change for one bridge would be one for the other. */
function sharedWith(
    view: Replica,
    { parent: table, column }: Hook,
    holder: Seen | undefined,
    row: Seen | undefined,
): string | undefined {
    if (table !== "Bridge" || !row) return undefined;
    const other = view
        .all("Bridge")
        .find(({ _uuid, [column]: named }) => _uuid[1] !== holder?._uuid[1] && uuidsOf(named).includes(row._uuid[1]));
    return other && `its row in the switch's database is also that of the bridge ${shownName(String(other.name))}`;
}

/** Columns that hold one property each, and keys of `other_config`. */
export interface Shape<State> {
    columns: { readonly [Key in keyof State]?: readonly [column: string, as: "text" | "number" | "flag" | "list"] };
    otherConfig?: Typed<State>;
}

export function managedBy<State extends object>({ columns, otherConfig }: Shape<State>, want: State): Managed {
    const entries = Object.entries(columns) as [keyof State, [string, string]][];
    return {
        columns: Object.fromEntries(
            entries.map(([property, [column, as]]) => [
                column,
                as === "list" ? ((want[property] ?? []) as unknown[]) : one(want[property]),
            ]),
        ),
        keys: otherConfig ? { other_config: typedKeys(otherConfig, want) } : {},
    };
}

export function stateBy<State extends object>({ columns, otherConfig }: Shape<State>, row: Seen): Partial<State> {
    const entries = Object.entries(columns) as [string, [string, string]][];
    const told = entries.map(([property, [column, as]]) => [property, readAs(as, row[column])]);
    return {
        ...(Object.fromEntries(told) as Partial<State>),
        ...(otherConfig ? typedState(otherConfig, row.other_config) : {}),
    };
}

function readAs(as: string, column: unknown): unknown {
    if (as === "list") return valuesOf(column).map(String).sort();
    if (as === "number") return numberOf(column);
    if (as === "text") return textOf(column);
    const value = valueOf(column);
    return typeof value === "boolean" ? value : undefined;
}

/** Where the column takes one row and has one, all of it is refused. */
function hang(what: string, hook: Hook, of: Uuid, managed: Managed, mark: string): Step {
    const { table, parent, column, key } = hook;
    const row = rowOf(marked(managed, mark));
    const guard = key === undefined ? [] : [vacant({ parent, of, column, table, key, value: String(row[key]) })];
    return ovsdb(what, [...guard, ...hanging(hook, of, row)], [unhanging(hook, of, rowNamed(table, mark))]);
}

function change(what: string, { table }: Hook, row: Seen, managed: Managed, mark: string): Step {
    const difference = differing(row, marked(managed, mark));
    return ovsdb(what, written(table, row._uuid, difference), written(table, row._uuid, formerOf(row, difference)));
}

const unhang = (what: string, hook: Hook, parent: Uuid, row: Seen): Step => {
    const { _uuid, ...columns } = row;
    return ovsdb(what, [unhanging(hook, parent, _uuid)], hanging(hook, parent, withoutStatus(columns)));
};

const hanging = ({ table, parent, column }: Hook, of: Uuid, row: Row): Operation[] => [
    { op: "insert", table, "uuid-name": "row", row },
    { op: "mutate", table: parent, where: ofRow(of), mutations: [[column, "insert", set(named("row"))]] },
];

const unhanging = ({ parent, column }: Hook, of: Uuid, row: unknown): Operation => ({
    op: "mutate",
    table: parent,
    where: ofRow(of),
    mutations: [[column, "delete", set(row)]],
});

const marked = ({ columns, keys }: Managed, mark: string): Managed => ({
    columns,
    keys: { ...keys, external_ids: { ...keys.external_ids, [OWNER_KEY]: mark } },
});

/** Columns that the switch writes cannot be given back. */
const withoutStatus = (columns: Row): Row =>
    Object.fromEntries(Object.entries(columns).filter(([column]) => column !== "is_connected" && column !== "role"));
