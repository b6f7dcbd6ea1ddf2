/** What differs between what is there and what is wanted, property by property, and what each difference costs. */
import { isDeepStrictEqual } from "node:util";
import type { Cost } from "./resource";
import { hasUnknown, isMap, revealed, type Bag, type Property } from "./wire";

export type PropertyChange = { how: "add" | "delete" | "update"; cost: Cost };

export interface Difference {
    /** By property path: `tag`, `trunks`, `ports["web-17"].tag`. */
    properties: Map<string, PropertyChange>;
    /** Top-level properties that differ. */
    changed: string[];
    /** The old object must go first, because it stands where the new one is to stand. */
    deleteFirst: boolean;
}

/**
 * A value that is still unknown may be any other, so it counts as different. Maps are compared entry by entry, so that
 * a preview shows which one changes; lists are values of their own.
 *
 * @param inTheWay whether old and new cannot stand side by side
 */
export function difference(
    cost: Readonly<Record<string, Cost>>,
    there: Bag,
    wanted: Bag,
    inTheWay = false,
): Difference {
    const properties = new Map<string, PropertyChange>();
    const changed: string[] = [];
    for (const [key, keyCost] of Object.entries(cost)) {
        const before = properties.size;
        compare(key, there[key], wanted[key], keyCost, properties);
        if (properties.size > before) changed.push(key);
    }
    const replaced = [...properties.values()].some((change) => change.cost === "replace");
    return { properties, changed, deleteFirst: replaced && inTheWay };
}

function compare(
    path: string,
    old: Property | undefined,
    now: Property | undefined,
    cost: Cost,
    into: Map<string, PropertyChange>,
): void {
    if (old === undefined && now === undefined) return;
    if (now === undefined) return void into.set(path, { how: "delete", cost });
    if (old === undefined) return void into.set(path, { how: "add", cost });
    const was = revealed(old);
    const is = revealed(now);
    if (isMap(was) && isMap(is)) {
        for (const key of new Set([...Object.keys(was), ...Object.keys(is)]))
            compare(path + stepOf(key), ownOf(was, key), ownOf(is, key), cost, into);
    } else if (hasUnknown(is) || !isDeepStrictEqual(was, is)) into.set(path, { how: "update", cost });
}

/** A key may be the name of what every object has, such as constructor. */
const ownOf = (map: Record<string, Property>, key: string) => (Object.hasOwn(map, key) ? map[key] : undefined);

/** One step of a property path as the engine reads it (sdk/go/common/resource/property_path.go). */
const stepOf = (key: string) => (/^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);
