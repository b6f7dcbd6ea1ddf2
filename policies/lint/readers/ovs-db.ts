/** conf.db of Open vSwitch: a journal of transactions, played forward to the rows that are there in the end. */
import { createHash } from "node:crypto";
import { type ReadSource, Unreadable } from "../source";
import { jsonOf } from "./json";
import { resourcesOfOvs } from "./ovs-rows";
import { type OvsRow, type OvsTables, type OvsValue, valueOfJson } from "./ovs-value";

export const readOvsDb: ReadSource = ({ file, text }) => {
    const tables: OvsTables = new Map();
    let manyOf: ReadonlyMap<string, ReadonlySet<string>> | undefined;
    for (const { json, line } of records(file, text)) {
        if (manyOf) play(json, line, tables, manyOf);
        else manyOf = columnsOfMany(json);
    }
    if (!manyOf?.has("Bridge"))
        throw new Unreadable(`${file} is a database of another program: its schema has no table Bridge.`);
    return resourcesOfOvs(file, tables);
};

/** Each record is a head with its length [byte] and digest, and JSON (ovsdb/log.c). @throws Unreadable where one is cut off or damaged */
function* records(file: string, text: string): Generator<{ json: object; line: number }> {
    let at = 0;
    let line = 1;
    while (at < text.length) {
        const end = text.indexOf("\n", at);
        const head = /^OVSDB JSON (\d{1,10}) ([0-9a-f]{40})$/.exec(text.slice(at, end < 0 ? at + 100 : end));
        const damaged = (what: string) =>
            new Unreadable(`${file}:${line} ${what}. Copy the database anew, or lint an \`ovsdb-client dump\` of it.`);
        if (!head || end < 0) throw damaged("begins no record of a database");
        // Lengths are bytes, and names may be longer in them than in characters.
        const body = bytesFrom(text, end + 1, Number(head[1]));
        if (body === undefined) throw damaged("begins a record that ends too early");
        if (createHash("sha1").update(body).digest("hex") !== head[2])
            throw damaged("begins a record whose digest does not fit");
        const json = jsonOf({ file: `${file}:${line + 1}`, text: body });
        if (typeof json !== "object" || json === null) throw damaged("begins a record that is no object");
        yield { json, line: line + 1 };
        line += 1 + body.split("\n").length - 1;
        at = end + 1 + body.length;
    }
}

/** The text of so many bytes of UTF-8; undefined where there are fewer. */
function bytesFrom(text: string, start: number, count: number): string | undefined {
    const same = text.slice(start, start + count);
    const size = Buffer.byteLength(same);
    if (size === count) return same;
    if (size < count) return undefined;
    return Buffer.from(same).subarray(0, count).toString("utf8");
}

const own = (value: unknown, key: string): unknown =>
    typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined;
const entriesOf = (value: unknown): [string, unknown][] =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];

/** Columns that hold more than one value: their changes are written as differences. */
const columnsOfMany = (schema: object): ReadonlyMap<string, ReadonlySet<string>> =>
    new Map(
        entriesOf(own(schema, "tables")).map(([table, of]) => [
            table,
            new Set(
                entriesOf(own(of, "columns")).flatMap(([column, described]) => {
                    const most = own(own(described, "type"), "max") ?? 1;
                    return most === 1 ? [] : [column];
                }),
            ),
        ]),
    );

function play(
    transaction: object,
    line: number,
    tables: OvsTables,
    manyOf: ReadonlyMap<string, ReadonlySet<string>>,
): void {
    const isDiff = own(transaction, "_is_diff") === true;
    for (const [table, rows] of entriesOf(transaction)) {
        if (table.startsWith("_")) continue;
        const kept = tables.get(table) ?? new Map<string, OvsRow>();
        tables.set(table, kept);
        for (const [uuid, change] of entriesOf(rows)) {
            if (change === null) {
                kept.delete(uuid);
                continue;
            }
            const before = kept.get(uuid);
            const row = { uuid, columns: before?.columns ?? new Map<string, OvsValue>(), line };
            kept.set(uuid, row);
            for (const [column, json] of entriesOf(change)) {
                const value = valueOfJson(json);
                const old = row.columns.get(column);
                if (value === undefined) continue;
                row.columns.set(
                    column,
                    before && isDiff && manyOf.get(table)?.has(column) ? withDifference(old, value) : value,
                );
            }
        }
    }
}

/** Sets by what is in one of the two only; in maps a pair that is there already goes, another one takes its key's place (lib/ovsdb-data.c). */
function withDifference(old: OvsValue | undefined, difference: OvsValue): OvsValue {
    if (difference instanceof Map) {
        const result = new Map(old instanceof Map ? old : []);
        for (const [key, value] of difference)
            if (result.get(key) === value) result.delete(key);
            else result.set(key, value);
        return result;
    }
    if (old instanceof Map) return old;
    const result = new Set(listOf(old));
    for (const one of listOf(difference)) if (!result.delete(one)) result.add(one);
    return [...result];
}

const listOf = (value: OvsValue | undefined) =>
    value === undefined || value instanceof Map ? [] : Array.isArray(value) ? value : [value];
