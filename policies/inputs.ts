/** A resource's inputs as policies get them: of any shape, and during preview with holes. */
import { type Maybe, NotKnown } from "./known";

/** A resource as rules are shown it. */
export interface Resource {
    type: string;
    /** Logical name in the program. */
    name: string;
    props: unknown;
    /** Of the resource itself and of the provider that makes it, where a program made it. */
    urn?: string;
    provider?: string;
}

/**
 * The same tree with a `NotKnown` wherever a value is not known yet.
 *
 * @param isNotKnown tells by the error thrown on reading a property whether its value is merely unknown
 */
export function plain(value: unknown, isNotKnown: (error: unknown) => boolean): unknown {
    if (value instanceof NotKnown || typeof value !== "object" || value === null) return value;
    const read = (key: string | number): unknown => {
        try {
            return plain((value as Record<string | number, unknown>)[key], isNotKnown);
        } catch (error) {
            if (isNotKnown(error)) return new NotKnown(`${key} is not known yet`);
            throw error;
        }
    };
    if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => read(index));
    return Object.fromEntries(Object.keys(value).map((key) => [key, read(key)]));
}

/** What stands at a path; undefined where nothing does, `NotKnown` where the path leads through one. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
    return path.reduce<unknown>((inner, key) => {
        if (inner instanceof NotKnown) return inner;
        return typeof inner === "object" && inner !== null
            ? (inner as Record<string | number, unknown>)[key]
            : undefined;
    }, value);
}

/** Text at a path; undefined where nothing stands or the text is empty, as Terraform providers take it. */
export function textAt(value: unknown, ...path: (string | number)[]): Maybe<string | undefined> {
    const found = at(value, ...path);
    if (found instanceof NotKnown) return found;
    if (found === undefined || found === null || found === "") return undefined;
    return typeof found === "string" ? found : new NotKnown(`${path.join(".")} is no text`);
}

/** Whole number at a path, also where it is written as text. */
export function countAt<Default>(
    otherwise: Default,
    value: unknown,
    ...path: (string | number)[]
): Maybe<number | Default> {
    const found = at(value, ...path);
    if (found instanceof NotKnown) return found;
    if (found === undefined || found === null || found === "") return otherwise;
    const text = typeof found === "number" || typeof found === "string" ? String(found).trim() : "";
    return /^\d{1,9}$/.test(text) ? Number(text) : new NotKnown(`${path.join(".")} is no whole number`);
}

/** Items at a path; none where nothing stands there. */
export function listAt(value: unknown, ...path: (string | number)[]): Maybe<unknown[]> {
    const found = at(value, ...path);
    if (found instanceof NotKnown) return found;
    if (found === undefined || found === null) return [];
    return Array.isArray(found) ? (found as unknown[]) : [found];
}
