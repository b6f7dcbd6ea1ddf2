/** JSON files, and what stands where in them. */
import { NotKnown } from "../../known";
import { type Source, Unreadable } from "../source";

/** @throws Unreadable where it is no JSON */
export function jsonOf({ file, text }: Source): unknown {
    try {
        return JSON.parse(text);
    } catch (error) {
        throw new Unreadable(`${file} is no JSON: ${(error as Error).message}.`);
    }
}

/** Far more levels than any program writes; what goes deeper was made to hurt. */
const DEEPEST = 200;

/**
 * The same tree, rewritten from its leaves upward; keys that would be anybody's prototype are no more than keys.
 *
 * @throws NotKnown where it nests too deep
 */
export function rewritten(
    value: unknown,
    leaf: (value: unknown) => unknown,
    key: (name: string) => string = (name) => name,
    depth = 0,
): unknown {
    if (depth > DEEPEST) throw new NotKnown(`it nests deeper than ${DEEPEST} levels`);
    const told = leaf(value);
    if (told !== value || typeof told !== "object" || told === null || told instanceof NotKnown) return told;
    if (Array.isArray(told)) return told.map((inner) => rewritten(inner, leaf, key, depth + 1));
    return Object.fromEntries(
        Object.entries(told).map(([name, inner]) => [key(name), rewritten(inner, leaf, key, depth + 1)]),
    );
}
