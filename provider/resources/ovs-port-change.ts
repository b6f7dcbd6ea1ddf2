/** Ports as operations of the switch database: plugged, changed, unplugged, each with its way back. */
import { named, ofRow, rowNamed, set, type Operation, type Uuid } from "../host/ovsdb/operations";
import type { Seen } from "../host/ovsdb/replica";
import { interfaceRow, portRow, type Port } from "./ovs-port-rows";
import { differing, formerOf, rowOf, written, type Managed, type PortRows } from "./ovs-rows";

/** A change and what takes it back. */
export interface Change {
    operations: Operation[];
    undo: Operation[];
}

/** A port with all that its rows are made of. */
export interface Wanted extends Port {
    name: string;
    /** Links of the host that it bonds. */
    interfaces?: string[];
}

/** A port that bonds nothing has one interface, of its own name. */
export const linkNames = ({ name, interfaces }: Wanted): string[] => (interfaces?.length ? interfaces : [name]);

/** The rows of a port and of each of its interfaces, to be judged before they are written. */
export interface Rows {
    port: Managed;
    link: Managed;
}

export const rowsOf = (want: Wanted, beside: Parameters<typeof portRow>[1]): Rows => ({
    port: portRow(want, beside),
    link: interfaceRow(want, want.type, beside.metered),
});

/**
 * The rows of new ports; the caller plugs them.
 *
 * @param label names them within the transaction
 * @returns operations, and what refers to the port
 */
export function newPort(
    want: Wanted,
    { port, link }: Rows,
    label: string,
): { operations: Operation[]; port: readonly unknown[] } {
    const names = linkNames(want);
    const labelOf = (index: number) => `${label}i${index}`;
    return {
        operations: [
            ...names.map((name, index) => ({
                op: "insert",
                table: "Interface",
                "uuid-name": labelOf(index),
                row: { name, ...rowOf(link) },
            })),
            {
                op: "insert",
                table: "Port",
                "uuid-name": `${label}p`,
                row: {
                    name: want.name,
                    interfaces:
                        names.length === 1 ? named(labelOf(0)) : set(...names.map((_, at) => named(labelOf(at)))),
                    ...rowOf(port),
                },
            },
        ],
        port: named(`${label}p`),
    };
}

/** What brings a port's rows to what is wanted; interfaces that are there stay. */
export function changedPort({ port, links }: PortRows, want: Wanted, managed: Rows, label: string): Change {
    const names = linkNames(want);
    const there = new Set(links.map(({ name }) => String(name)));
    const gone = links.filter(({ name }) => !names.includes(String(name)));
    const fresh = names.filter((name) => !there.has(name));
    const own = changedRow("Port", port, managed.port);
    const kept = links
        .filter((link) => !gone.includes(link))
        .map((link) => changedRow("Interface", link, managed.link));
    return {
        operations: [
            ...own.operations,
            ...kept.flatMap(({ operations }) => operations),
            ...fresh.map((name, index) => ({
                op: "insert",
                table: "Interface",
                "uuid-name": `${label}n${index}`,
                row: { name, ...rowOf(managed.link) },
            })),
            ...members(
                port._uuid,
                fresh.map((_, index) => named(`${label}n${index}`)),
                gone.map(({ _uuid }) => _uuid),
            ),
        ],
        undo: [
            ...own.undo,
            ...kept.flatMap(({ undo }) => undo),
            ...gone.map((link, index) => ({
                op: "insert",
                table: "Interface",
                "uuid-name": `${label}o${index}`,
                row: { name: link.name, ...rowOf(formerOf(link, managed.link)) },
            })),
            ...members(
                port._uuid,
                gone.map((_, index) => named(`${label}o${index}`)),
                fresh.map((name) => rowNamed("Interface", name)),
            ),
        ],
    };
}

/** The smallest change of one row. */
export function changedRow(table: string, there: Seen, wanted: Managed): Change {
    const change = differing(there, wanted);
    return {
        operations: written(table, there._uuid, change),
        undo: written(table, there._uuid, formerOf(there, change)),
    };
}

/** Never an empty set in between: those that come are there before the others go. */
function members(port: Uuid, come: readonly unknown[], go: readonly unknown[]): Operation[] {
    if (come.length + go.length === 0) return [];
    return [
        {
            op: "mutate",
            table: "Port",
            where: ofRow(port),
            mutations: [
                ...(come.length > 0 ? [["interfaces", "insert", set(...come)]] : []),
                ...(go.length > 0 ? [["interfaces", "delete", set(...go)]] : []),
            ],
        },
    ];
}

/** Ports of others in that bridge are not touched. */
export const plug = (bridge: string, ports: readonly unknown[]): Operation => ({
    op: "mutate",
    table: "Bridge",
    where: [["name", "==", bridge]],
    mutations: [["ports", "insert", set(...ports)]],
});

/** Their rows, and those of their interfaces, go with them. */
export const unplug = (bridge: unknown, ports: readonly unknown[]): Operation => ({
    op: "mutate",
    table: "Bridge",
    where: [["_uuid", "==", bridge]],
    mutations: [["ports", "delete", set(...ports)]],
});
