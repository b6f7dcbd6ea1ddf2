/** What an action does to the host's links, which says what of that which was read of them before is still true after it. */
import type { Action } from "../plan";
import { valuesOf } from "./ovsdb/columns";
import type { Operation, Row } from "./ovsdb/operations";

/**
 * `none`: links stay as they are. `plugged`: the switch takes up links that are there, which says nothing of them but whose
 * they are and how they queue. `changed`: anything may be otherwise.
 */
export type LinkEffect = "none" | "plugged" | "changed";

/** A switch makes links too, and a program may do anything. */
export function effectOnLinks(action: Action): LinkEffect {
    if (action.via !== "ovsdb") return "changed";
    let all: LinkEffect = "none";
    for (const operation of action.operations) {
        const effect = effectOf(operation);
        if (effect === "changed") return effect;
        if (effect === "plugged") all = effect;
    }
    return all;
}

/** The links that an action has the switch take up. */
export const takenUpBy = (action: Action): string[] =>
    action.via === "ovsdb"
        ? action.operations
              .filter(({ op, table }) => op === "insert" && table === "Interface")
              .map(({ row }) => String((row as Row).name))
        : [];

/** Columns of a port by which Open vSwitch treats frames, and no link. */
const OF_FRAMES = new Set(["tag", "trunks", "cvlans", "vlan_mode", "protected", "external_ids"]);
/** What a port is made of that does no more to its link than to plug it. */
const OF_PLUGGED: Readonly<Record<string, ReadonlySet<string>>> = {
    Port: new Set([...OF_FRAMES, "name", "interfaces"]),
    Interface: new Set(["name", "ofport_request", "external_ids"]),
};

function effectOf({ op, table, row, mutations }: Operation): LinkEffect {
    switch (op) {
        case "wait":
        case "comment":
            return "none";
        case "insert":
            return hasOnly(row as Row, OF_PLUGGED[table as string]) ? "plugged" : "changed";
        case "update":
            return table === "Port" && hasOnly(row as Row, OF_FRAMES) ? "none" : "changed";
        case "mutate":
            return effectOfMutations(table as string, mutations as Mutation[]);
        default:
            return "changed";
    }
}

type Mutation = [column: string, mutator: string, value: unknown];

function effectOfMutations(table: string, mutations: Mutation[]): LinkEffect {
    if (table === "Port") return mutations.every(([column]) => OF_FRAMES.has(column)) ? "none" : "changed";
    return table === "Bridge" && mutations.every(takesUp) ? "plugged" : "changed";
}

/** Ports that the same transaction makes; one that moves from another bridge may bring a link that the switch makes anew. */
const takesUp = ([column, mutator, value]: Mutation): boolean =>
    column === "ports" &&
    mutator === "insert" &&
    valuesOf(value).every((port) => Array.isArray(port) && port[0] === "named-uuid");

function hasOnly(row: Row, columns: ReadonlySet<string> | undefined): boolean {
    if (!columns) return false;
    for (const column in row) if (!columns.has(column)) return false;
    return true;
}
