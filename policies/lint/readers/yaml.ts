/** YAML files as plain values, and where each of them is written. */
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";
import { type Source, Unreadable } from "../source";

export interface YamlFile {
    value: unknown;
    /** Place of the key, or of the item, at a path. */
    placeOf(...path: (string | number)[]): { line?: number; column?: number };
}

/** Far more aliases than people write, and far fewer than it takes to grow without end. */
const MOST_ALIASES = 100;

/** Far more open brackets than any configuration has: each costs the parser a level. */
const MOST_BRACKETS = 10_000;

/** @throws Unreadable where it is no YAML, or one made to hurt */
export function yamlOf({ file, text }: Source): YamlFile {
    if ((text.match(/[[{]/g)?.length ?? 0) > MOST_BRACKETS)
        throw new Unreadable(`${file} opens more than ${MOST_BRACKETS} brackets, which no configuration does.`);
    const lineCounter = new LineCounter();
    try {
        const document = parseDocument(text, {
            lineCounter,
            prettyErrors: false,
            uniqueKeys: true,
            logLevel: "silent",
        });
        const [error] = document.errors;
        if (error) {
            const { line, col } = lineCounter.linePos(error.pos[0]);
            throw new Unreadable(`${file}:${line}:${col} is no YAML: ${error.message}.`);
        }
        const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
        return {
            value,
            placeOf(...path) {
                const offset = offsetOf(document.contents, path);
                if (offset === undefined) return {};
                const { line, col } = lineCounter.linePos(offset);
                return { line, column: col };
            },
        };
    } catch (error) {
        if (error instanceof Unreadable) throw error;
        throw new Unreadable(`${file} is no YAML that can be read: ${(error as Error).message}.`);
    }
}

/** Pairs of each mapping by their keys: a mapping may have very many. */
const pairsOf = new WeakMap<YAMLMap, Map<string, Pair>>();

function pairAt(map: YAMLMap, key: string): Pair | undefined {
    let pairs = pairsOf.get(map);
    if (!pairs) {
        pairs = new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : "", pair]));
        pairsOf.set(map, pairs);
    }
    return pairs.get(key);
}

function offsetOf(root: Node | null, path: (string | number)[]): number | undefined {
    let node: unknown = root;
    let offset: number | undefined;
    for (const step of path) {
        if (isMap(node)) {
            const pair = pairAt(node, String(step));
            if (!pair || !isScalar(pair.key)) return undefined;
            offset = pair.key.range?.[0];
            node = pair.value;
        } else if (isSeq(node)) {
            node = node.items[Number(step)];
            offset = (node as Node | undefined)?.range?.[0];
        } else return undefined;
    }
    return offset;
}

/** Own entries of a mapping; none where it is something else. */
export const entriesOf = (value: unknown): [string, unknown][] =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];

/** What stands under a key of a mapping itself, never of its prototype. */
export const own = (value: unknown, ...path: string[]): unknown =>
    path.reduce<unknown>(
        (inner, key) =>
            typeof inner === "object" && inner !== null && Object.hasOwn(inner, key)
                ? (inner as Record<string, unknown>)[key]
                : undefined,
        value,
    );

export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** Text of a scalar; undefined where nothing or something larger stands there. */
export const textOf = (value: unknown): string | undefined =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;

/** The ways in which YAML 1.1 says yes, which programs on Linux still take. */
export const isOn = (value: unknown): boolean => /^(true|yes|on|y)$/i.test(textOf(value) ?? "");

/** A count that may be written as text; undefined where it is none. */
export const countOf = (value: unknown): number | undefined => {
    const text = textOf(value)?.trim() ?? "";
    return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
};
