/**
 * The netplan files of one folder, which netplan takes for one: in the order of their names, scalars of later ones replace
 * those of former ones, lists are appended and mappings merged (netplan-generate(8), "Handling multiple files").
 */
import { basename } from "node:path";
import type { PlacedResource, Position } from "../finding";
import type { Source } from "../source";
import { networkOf, resourcesOf } from "./netplan";
import { entriesOf, own, type YamlFile, yamlOf } from "./yaml";

type Step = string | number;

interface NetplanFile {
    file: string;
    yaml: YamlFile;
}

/** @throws Unreadable */
export function readNetplanFolder(sources: readonly Source[]): PlacedResource[] {
    const files = sources
        .map((source): NetplanFile => ({ file: source.file, yaml: yamlOf(source) }))
        .sort((a, b) => (basename(a.file) < basename(b.file) ? -1 : 1));
    const network = files.map(({ file, yaml }) => networkOf(file, yaml)).reduce(merged, {});
    return resourcesOf(network, (path) => placeIn(files, path));
}

function merged(former: unknown, later: unknown): unknown {
    if (Array.isArray(former) && Array.isArray(later)) return [...(former as unknown[]), ...(later as unknown[])];
    if (!isMapping(former) || !isMapping(later)) return later;
    return Object.fromEntries([
        ...entriesOf(former),
        ...entriesOf(later).map(([key, value]) => [
            key,
            Object.hasOwn(former, key) ? merged(own(former, key), value) : value,
        ]),
    ]) as unknown;
}

const isMapping = (value: unknown): value is object =>
    typeof value === "object" && value !== null && !Array.isArray(value);

/** Where the last of the files says it; an item of a list stands in the file that has added it. */
function placeIn(files: readonly NetplanFile[], path: readonly Step[]): Position {
    const last = path.at(-1);
    const list = path.slice(0, -1).map(String);
    let index = typeof last === "number" ? last : NaN;
    for (const { file, yaml } of files) {
        const items = own(yaml.value, ...list);
        if (!Array.isArray(items)) continue;
        if (index < items.length) return { file, ...yaml.placeOf(...list, index) };
        index -= items.length;
    }
    const places = files.map(({ file, yaml }) => ({ file, ...yaml.placeOf(...path) }));
    return places.findLast(({ line }) => line !== undefined) ?? { file: files.at(-1)?.file ?? "" };
}
