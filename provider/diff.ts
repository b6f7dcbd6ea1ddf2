/** What differs between what is there and what is wanted, property by property, and what each difference costs. */
import { isDeepStrictEqual } from "node:util";
import type { Cost } from "./resource";
import { hasUnknown, revealed, type Bag } from "./wire";

export type PropertyChange = { how: "add" | "delete" | "update"; cost: Cost };

export interface Difference {
    properties: Map<string, PropertyChange>;
    /** The old object must go first, because the new one has the same name. */
    deleteFirst: boolean;
}

/** A value that is still unknown may be any other, so it counts as different. */
export function difference(cost: Readonly<Record<string, Cost>>, there: Bag, wanted: Bag): Difference {
    const properties = new Map<string, PropertyChange>();
    for (const [key, keyCost] of Object.entries(cost)) {
        const old = there[key];
        const now = wanted[key];
        if (old === undefined && now === undefined) continue;
        if (now === undefined) properties.set(key, { how: "delete", cost: keyCost });
        else if (old === undefined) properties.set(key, { how: "add", cost: keyCost });
        else if (hasUnknown(now) || !isDeepStrictEqual(revealed(old), revealed(now)))
            properties.set(key, { how: "update", cost: keyCost });
    }
    const replaced = [...properties.values()].some((change) => change.cost === "replace");
    return { properties, deleteFirst: replaced && !properties.has("name") };
}
