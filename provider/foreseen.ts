/** What a preview says of what the host alone decides. */
import type { HostResource } from "./resource";
import { isMap, revealed, sameValue, UNKNOWN, type Bag, type Property } from "./wire";

/**
 * It is unknown before an object is made, and stays as it was while the object is changed; but for what follows from what
 * changes of the inputs, which is unknown again.
 *
 * @param was  state as it is; empty where the object is to be made
 * @param want planned inputs
 */
export function foreseen(resource: Pick<HostResource, "outputs" | "follows">, was: Bag, want: Bag): Bag {
    const [from, to] = [revealed(was), revealed(want)] as [Bag, Bag];
    const outputs = ["objectId", ...Object.keys(resource.outputs?.shape ?? {})].map((key): [string, Property] => {
        const stands = was[key];
        if (stands === undefined) return [key, UNKNOWN];
        const follows = resource.follows?.[key];
        return [key, follows ? followed(stands, follows(from), follows(to)) : stands];
    });
    return Object.fromEntries(outputs);
}

/** For a resource's `follows`: what is told of each entry of a map. What is not known yet tells nothing. */
export const ofEach = <Entry>(
    map: Readonly<Record<string, Entry>> | undefined,
    of: (entry: Entry) => unknown,
): unknown =>
    isMap(map)
        ? Object.fromEntries(Object.entries(map).map(([key, entry]) => [key, isMap(entry) ? of(entry) : entry]))
        : map;

/** A map follows key by key, so that who uses one value of it learns nothing of what becomes of the others. */
function followed(stands: Property, from: unknown, to: unknown): Property {
    if (!isMap(from) || !isMap(to)) return sameValue(from, to) ? stands : UNKNOWN;
    const values = revealed(stands) as Bag;
    const entries = Object.keys(to).flatMap((key): [string, Property][] => {
        if (!sameValue(from[key], to[key])) return [[key, UNKNOWN]];
        const value = values[key];
        return value === undefined ? [] : [[key, value]];
    });
    return Object.fromEntries(entries);
}
