/** What a planned change of a resource is: what it costs, and whether what is there has to go first. */
import { defined } from "./check";
import { difference, type Difference } from "./diff";
import type { Cost } from "./resource";
import type { AnyResource } from "./resources";
import { hasUnknown, revealed, type Bag } from "./wire";

/** @param isDeclared whether the program has declared it in this run */
export const plannedDifference = (resource: AnyResource, state: Bag, planned: Bag, isDeclared: boolean): Difference =>
    difference(
        costOf(resource, state, planned, isDeclared),
        { ...presetsOf(resource, state, planned), ...state },
        { ...presetsOf(resource, planned, state), ...planned },
        isInTheWay(resource, state, planned),
    );

/**
 * What each property's change costs here. Before the program has declared a resource, the engine asks what becomes of it
 * when what it depends on is deleted: what is not known then is that.
 */
function costOf(resource: AnyResource, state: Bag, planned: Bag, isDeclared: boolean): Readonly<Record<string, Cost>> {
    const gone = isDeclared ? [] : (resource.standsOn ?? []).filter((key) => hasUnknown(planned[key]));
    const dear = hasUnknown(planned)
        ? gone
        : [...gone, ...(resource.replaces?.(revealed(state) as object, revealed(planned) as object) ?? [])];
    if (dear.length === 0) return resource.cost;
    return { ...resource.cost, ...Object.fromEntries(dear.map((key) => [key, "replace" as const])) };
}

/** The id that a resource will have; empty where it is not known yet. */
export function plannedId(resource: AnyResource, inputs: Bag): string {
    const known = revealed(inputs) as Bag;
    if (resource.idOf) return hasUnknown(known) ? "" : resource.idOf(known);
    return typeof known.name === "string" ? known.name : "";
}

/** Whether what is there stands where what is wanted is to stand; what is not known yet is in nobody's way. */
function isInTheWay(resource: AnyResource, state: Bag, planned: Bag): boolean {
    const id = plannedId(resource, planned);
    if (id !== "" && id === plannedId(resource, state)) return true;
    if (hasUnknown(planned)) return false;
    // What only one resource may declare is a place for one, too.
    const placesOf = (bag: Bag) => {
        const whole = revealed(bag) as object;
        return [...(resource.placesOf?.(whole) ?? []), ...(resource.claims?.(whole) ?? [])];
    };
    const taken = placesOf(state);
    return placesOf(planned).some((place) => taken.includes(place));
}

/** What the host has of what one bag does not say and the other does; nothing that may follow from an unknown. */
function presetsOf(resource: AnyResource, bag: Bag, other: Bag): Bag {
    const following = resource.presetsBy && !hasUnknown(bag) ? resource.presetsBy(revealed(bag) as Bag) : {};
    const all = Object.entries(defined({ ...resource.presets, ...following }));
    return Object.fromEntries(all.filter(([key]) => other[key] !== undefined));
}
