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

/** A secret of a secret is a secret. */
export const secret = (value: Property): Secret => (value instanceof Secret ? value : new Secret(value));

/** The value without its secret wrappers, at any depth; itself where it has none, since a set of ports is large. */
export function revealed(property: Property): Property {
    if (property instanceof Secret) return revealed(property.value);
    if (Array.isArray(property)) {
        const inner = property.map(revealed);
        return inner.every((value, index) => value === property[index]) ? property : inner;
    }
    if (typeof property !== "object" || property === null) return property;
    let shown: Bag | undefined;
    for (const key in property) {
        const value = property[key] as Property;
        const inner = revealed(value);
        if (inner !== value) (shown ??= { ...property })[key] = inner;
    }
    return shown ?? property;
}

const hasSecret = (property: Property | undefined): boolean => some(property, (value) => value instanceof Secret);
export const hasUnknown = (property: Property | undefined): boolean => some(property, (value) => value === UNKNOWN);

function some(property: Property | undefined, is: (value: Property) => boolean): boolean {
    if (property === undefined || property === null) return false;
    if (is(property)) return true;
    if (property instanceof Secret) return some(property.value, is);
    if (Array.isArray(property)) return property.some((value) => some(value, is));
    return typeof property === "object" && Object.values(property).some((value) => some(value, is));
}

/** Names of the properties that hold a secret: what comes of them is secret too. */
export const secretKeys = (...bags: Bag[]): Set<string> =>
    new Set(bags.flatMap((bag) => Object.keys(bag).filter((key) => hasSecret(bag[key]))));

/** The bag with these properties marked as secret. */
export const withSecrets = (bag: Bag, keys: ReadonlySet<string>): Bag =>
    Object.fromEntries(Object.entries(bag).map(([key, value]) => [key, keys.has(key) ? secret(value) : value]));
