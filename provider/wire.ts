/** Pulumi's property values as plain JavaScript, with secrets and unknowns kept apart. */

/** A value that does not exist yet: preview only. */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** A value that must not be shown; state keeps it encrypted. */
export class Secret {
    constructor(readonly value: Property) {}
}

export type Property =
    null | boolean | number | string | typeof UNKNOWN | Secret | Property[] | { [key: string]: Property };
export type Bag = Record<string, Property>;

/** Whether it is values by name. */
export const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Secret);

/** A secret of a secret is a secret. */
export const secret = (value: Property): Secret => (value instanceof Secret ? value : new Secret(value));

/** Values that are known to hold neither a secret nor an unknown, so that nobody searches a large one for them again. */
const plain = new WeakSet<object>();

/** Notes that nothing in the bag is secret or unknown. @returns the bag */
export function notedPlain(bag: Bag): Bag {
    plain.add(bag);
    for (const value of Object.values(bag)) if (typeof value === "object" && value !== null) plain.add(value);
    return bag;
}

/** Whether it is known that nothing in the value is secret or unknown. */
export const isPlain = (property: Property | undefined): boolean =>
    typeof property === "object" && property !== null && plain.has(property);

/** The value without its secret wrappers, at any depth; itself where it has none, since a set of ports is large. */
export const revealed = (property: Property): Property => (isPlain(property) ? property : shownOf(property));

function shownOf(property: Property): Property {
    if (property instanceof Secret) return shownOf(property.value);
    if (Array.isArray(property)) {
        const inner = property.map(shownOf);
        return inner.every((value, index) => value === property[index]) ? property : inner;
    }
    if (typeof property !== "object" || property === null) return property;
    let shown: Bag | undefined;
    for (const key in property) {
        const value = property[key] as Property;
        const inner = shownOf(value);
        if (inner !== value) (shown ??= { ...property })[key] = inner;
    }
    return shown ?? property;
}

const hasSecret = (property: Property | undefined): boolean =>
    !isPlain(property) && some(property, (value) => value instanceof Secret);
export const hasUnknown = (property: Property | undefined): boolean =>
    !isPlain(property) && some(property, (value) => value === UNKNOWN);

/** Whether two values are the same; what is absent and what is undefined are. */
export function sameValue(a: unknown, b: unknown): boolean {
    if (a === b) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (Array.isArray(a) !== Array.isArray(b) || a instanceof Secret !== b instanceof Secret) return false;
    const [one, other] = [a, b] as Record<string, unknown>[] as [Record<string, unknown>, Record<string, unknown>];
    for (const key in one) if (!sameValue(one[key], other[key])) return false;
    for (const key in other) if (other[key] !== undefined && !Object.hasOwn(one, key)) return false;
    return true;
}

function some(property: Property | undefined, is: (value: Property) => boolean): boolean {
    if (property === undefined || property === null) return false;
    if (is(property)) return true;
    if (property instanceof Secret) return some(property.value, is);
    if (Array.isArray(property)) return property.some((value) => some(value, is));
    return typeof property === "object" && Object.values(property).some((value) => some(value, is));
}

/** Names of the properties that hold a secret: what comes of them is secret too. */
export function secretKeys(...bags: Bag[]): Set<string> {
    const keys = new Set<string>();
    for (const bag of bags) for (const key in bag) if (hasSecret(bag[key])) keys.add(key);
    return keys;
}

/** The bag with these properties marked as secret. */
export const withSecrets = (bag: Bag, keys: ReadonlySet<string>): Bag =>
    Object.fromEntries(Object.entries(bag).map(([key, value]) => [key, keys.has(key) ? secret(value) : value]));
