/** JSON files, and what stands where in them. */
import { NotKnown } from "../../known";
import { type Source, Unreadable } from "../source";

/** Far more levels than any program writes; what goes deeper was made to hurt. */
const DEEPEST = 200;

/** Far more values than fit into memory with all that is made of each [count]. */
const MOST_VALUES = 5_000_000;

/** Items of one list [count]: more resources than any stack has. */
const LONGEST = 200_000;

/** @throws Unreadable where it is no JSON, or some that was made to hurt */
export function jsonOf({ file, text }: Source): unknown {
    const { depth, values } = measured(text);
    if (depth > DEEPEST) throw new Unreadable(`${file} nests deeper than ${DEEPEST} levels.`);
    if (values > MOST_VALUES) throw new Unreadable(`${file} holds more than ${MOST_VALUES} values.`);
    try {
        return JSON.parse(text);
    } catch (error) {
        throw new Unreadable(`${file} is no JSON: ${(error as Error).message}.`);
    }
}

/** How deep JSON nests and how many commas it has, told before memory is spent on it. */
function measured(text: string): { depth: number; values: number } {
    let open = 0;
    let depth = 0;
    let values = 0;
    for (let at = 0; at < text.length; at += 1)
        switch (text.charCodeAt(at)) {
            case QUOTE:
                for (at += 1; at < text.length && text.charCodeAt(at) !== QUOTE; at += 1)
                    if (text.charCodeAt(at) === BACKSLASH) at += 1;
                break;
            case OPEN_BRACKET:
            case OPEN_BRACE:
                open += 1;
                if (open > depth) depth = open;
                break;
            case CLOSE_BRACKET:
            case CLOSE_BRACE:
                open -= 1;
                break;
            case COMMA:
                values += 1;
                break;
        }
    return { depth, values };
}

const [QUOTE, BACKSLASH, COMMA] = ['"', "\\", ","].map((sign) => sign.charCodeAt(0));
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = ["[", "]", "{", "}"].map((sign) => sign.charCodeAt(0));

/** A list of a file, which a schema then tells item by item. @throws Unreadable where it is longer than any is */
export function boundedList(file: string, list: unknown): void {
    if (Array.isArray(list) && list.length > LONGEST)
        throw new Unreadable(`${file} has a list of more than ${LONGEST} items.`);
}

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
