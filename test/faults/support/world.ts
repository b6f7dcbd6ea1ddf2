/** What is on a host, as `ip` and the switch database tell it: eyes that are not the provider's. */
import type { FaultLab } from "./fault-lab";

export interface SeenLink {
    ifname: string;
    ifindex: number;
    mtu: number;
    address?: string;
    ifalias?: string;
    master?: string;
    /** What it stands on, or the other end. */
    link?: string;
    txqlen?: number;
    flags: string[];
    linkinfo?: { info_kind?: string; info_data?: Record<string, unknown>; info_slave_data?: Record<string, unknown> };
}
export type SeenRow = Record<string, unknown> & { _uuid: [string, string] };

export interface World {
    links: ReadonlyMap<string, SeenLink>;
    /** Rows of a table of the switch database. */
    rows(table: Table): SeenRow[];
}

/** Columns that are configuration: what ovs-vswitchd writes by itself changes without anybody's doing. */
const COLUMNS = {
    Bridge: [
        "name",
        "ports",
        "datapath_type",
        "fail_mode",
        "protocols",
        "stp_enable",
        "rstp_enable",
        "mcast_snooping_enable",
        "controller",
        "mirrors",
        "netflow",
        "sflow",
        "ipfix",
        "other_config",
        "external_ids",
    ],
    Port: [
        "name",
        "interfaces",
        "tag",
        "trunks",
        "cvlans",
        "vlan_mode",
        "qos",
        "lacp",
        "bond_mode",
        "other_config",
        "external_ids",
    ],
    Interface: [
        "name",
        "type",
        "options",
        "mac",
        "mtu_request",
        "ofport_request",
        "ingress_policing_rate",
        "ingress_policing_burst",
        "other_config",
        "external_ids",
        // Not configuration, and so no part of what must stay as it is.
        "ofport",
        "error",
    ],
    QoS: ["type", "queues", "other_config", "external_ids"],
    Queue: ["dscp", "other_config", "external_ids"],
    Mirror: ["name", "output_port", "output_vlan", "select_all", "external_ids"],
    sFlow: ["targets", "sampling", "external_ids"],
    NetFlow: ["targets", "active_timeout", "external_ids"],
    IPFIX: ["targets", "sampling", "obs_domain_id", "external_ids"],
    Open_vSwitch: ["other_config"],
    Controller: ["target", "connection_mode", "external_ids"],
    Manager: ["target", "external_ids"],
} as const;
export type Table = keyof typeof COLUMNS;
/** Tables whose rows are somebody's; of the root row several have a key each. */
const HELD_BY_ONE = (Object.keys(COLUMNS) as Table[]).filter((table) => table !== "Open_vSwitch");
const VOLATILE = ["ofport", "error"];

export async function look(lab: FaultLab): Promise<World> {
    const tables = Object.keys(COLUMNS) as Table[];
    const [links, ...results] = await Promise.all([
        lab.run("ip", "-json", "-details", "link", "show"),
        ...(await lab.query(
            ...tables.map((table) => ({ op: "select", table, where: [], columns: ["_uuid", ...COLUMNS[table]] })),
        )),
    ]);
    const rows = new Map(tables.map((table, index) => [table, (results[index] as { rows: SeenRow[] }).rows]));
    return {
        links: new Map(
            (JSON.parse(String(links)) as SeenLink[]).filter(({ ifname }) => ifname).map((link) => [link.ifname, link]),
        ),
        rows: (table) => rows.get(table) ?? [],
    };
}

export const rowNamed = (world: World, table: Table, name: string): SeenRow | undefined =>
    world.rows(table).find((row) => row.name === name);

/** The one value of a column, or the list of its values where it has none or several. */
export function values(column: unknown): unknown[] {
    if (Array.isArray(column) && column[0] === "set") return column[1] as unknown[];
    return [column];
}

export const keyed = (column: unknown, key: string): string | undefined =>
    pairs(column).find(([name]) => name === key)?.[1];

export const pairs = <Key = string, Value = string>(column: unknown): [Key, Value][] =>
    Array.isArray(column) && column[0] === "map" ? (column[1] as [Key, Value][]) : [];

/** Every owner mark on the host, with what carries it. */
export function marks(world: World): Map<string, string[]> {
    const found = new Map<string, string[]>();
    const note = (mark: string | undefined, what: string) => {
        if (mark?.startsWith("kvmnet:")) found.set(mark, [...(found.get(mark) ?? []), what]);
    };
    for (const { ifname, ifalias } of world.links.values()) note(ifalias, `link ${ifname}`);
    for (const table of Object.keys(COLUMNS) as Table[])
        for (const row of world.rows(table))
            note(keyed(row.external_ids, "kvmnet-owner"), `${table} ${String(row.name ?? row._uuid[1])}`);
    return found;
}

/**
 * All that carries no mark of ours and is not part of something that does, in one text a thing: what must stay
 * byte-identical whatever we do beside it.
 */
export function foreign(world: World): Map<string, string> {
    const ours = new Set<string>();
    const things = new Map<string, string>();
    const isOurs = (row: SeenRow) => keyed(row.external_ids, "kvmnet-owner") !== undefined;
    for (const table of ["Bridge", "Port", "QoS", "Mirror"] as const)
        for (const row of world.rows(table).filter(isOurs)) {
            ours.add(row._uuid[1]);
            for (const column of [row.interfaces, row.queues]) for (const uuid of uuids(column)) ours.add(uuid);
            // A bridge's own port bears its name and no mark.
            if (table === "Bridge") ours.add(`name ${String(row.name)}`);
        }
    const own = (row: SeenRow) => ours.has(row._uuid[1]) || ours.has(`name ${String(row.name)}`);
    const switched = new Set(world.rows("Interface").map(({ name }) => String(name)));
    for (const table of HELD_BY_ONE)
        for (const row of world.rows(table).filter((one) => !own(one) && !isOurs(one))) {
            const theirs = (column: unknown) =>
                uuids(column)
                    .filter((uuid) => !ours.has(uuid))
                    .sort();
            const shared = {
                ports: theirs(row.ports),
                mirrors: theirs(row.mirrors),
                external_ids: pairs(row.external_ids).filter(([key]) => !key.startsWith("kvmnet-")),
            };
            const kept = Object.entries({ ...row, ...shared }).filter(([column]) => !VOLATILE.includes(column));
            things.set(`${table} ${String(row.name ?? row._uuid[1])}`, JSON.stringify(kept));
        }
    for (const link of world.links.values())
        // The switch makes its own links anew when it restarts; they are judged by their rows.
        if (!link.ifalias?.startsWith("kvmnet:") && !switched.has(link.ifname) && !isSystem(link.ifname))
            things.set(`link ${link.ifname}`, JSON.stringify(stable(link)));
    return things;
}

export const uuids = (column: unknown): string[] =>
    values(column).flatMap((value) => (Array.isArray(value) && value[0] === "uuid" ? [String(value[1])] : []));

const isSystem = (name: string) => /^ovs-(netdev|system)$/.test(name);

const stable = ({ ifname, ifindex, mtu, address, ifalias, master, flags, linkinfo }: SeenLink) => ({
    ifname,
    ifindex,
    mtu,
    address,
    ifalias,
    master,
    up: flags.includes("UP"),
    kind: linkinfo?.info_kind,
    // Timers count, and a bridge learns.
    data: Object.entries(linkinfo?.info_data ?? {}).filter(
        ([key]) => !/timer|root|topology|learned|bridge_id/.test(key),
    ),
});
