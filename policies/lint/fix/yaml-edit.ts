/** A value set in YAML, comments and everything else kept as they are written. */
import { isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from "yaml";

/** @returns undefined where the place is written in a way that is not changed here, such as by an alias */
export function withValue(text: string, path: (string | number)[], value: number): string | undefined {
    const document = parseDocument(text);
    let map: unknown = document.contents;
    for (const [index, key] of path.entries()) {
        if (isSeq(map)) {
            map = map.items[Number(key)];
            continue;
        }
        if (!isMap(map)) return undefined;
        const pair = map.items.find(({ key: one }) => isScalar(one) && String(one.value) === String(key));
        if (!pair) return inserted(text, map, nested(path.slice(index).map(String), value, isFlow(map)));
        if (index < path.length - 1) map = pair.value;
        else return replaced(text, pair, value);
    }
    return undefined;
}

const isFlow = (map: YAMLMap) => map.flow === true;

/** `parameters:` and below it the rest, or the same in braces. */
function nested(path: string[], value: number, flow: boolean): (indent: string) => string {
    const [key = "", ...rest] = path;
    if (rest.length === 0) return () => `${key}: ${value}`;
    return (indent) =>
        flow
            ? `${key}: {${nested(rest, value, true)(indent)}}`
            : `${key}:\n${indent}  ${nested(rest, value, false)(`${indent}  `)}`;
}

function replaced(text: string, { value: node }: Pair, value: number): string | undefined {
    if (!isScalar(node) || !node.range) return undefined;
    const [from, to] = node.range;
    return text.slice(0, from) + String(value) + text.slice(to);
}

/** Before the first key, which tells how far in it stands. */
function inserted(text: string, map: YAMLMap, entry: (indent: string) => string): string | undefined {
    const [first] = map.items;
    if (isFlow(map)) {
        const at = (map.range?.[0] ?? 0) + 1;
        return `${text.slice(0, at)}${entry("")}${first ? ", " : ""}${text.slice(at)}`;
    }
    if (!first || !isScalar(first.key) || !first.key.range) return undefined;
    const at = first.key.range[0];
    const lineStart = text.lastIndexOf("\n", at - 1) + 1;
    // In a list the key stands behind a dash.
    const indent = text.slice(lineStart, at).replace(/[^\s]/g, " ");
    return `${text.slice(0, at)}${entry(indent)}\n${indent}${text.slice(at)}`;
}
