/** What an object takes in place of a key that it does not know. */
import type { z } from "zod";

/** At most three keys that are called alike: in another case, with `_`, in short, in the plural. */
export function alike(key: string, known: readonly string[]): string[] {
    const meant = plain(key);
    const starts = known.filter((one) => plain(one).startsWith(meant) || meant.startsWith(plain(one)));
    const same = starts.filter((one) => plain(one) === meant);
    return same.length > 0 ? same : starts.slice(0, 3);
}

const plain = (key: string) => key.replaceAll(/[_-]/g, "").toLowerCase();

/**
 * @param schema of the whole input
 * @param path   of the object in it
 * @returns its keys; none where the schema there is no object's, or cannot be seen
 */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
    const [key, ...deeper] = path;
    const def = heldBy(schema);
    if (def.type === "union") return firstOf(def.options, (option) => keysAt(option, path));
    if (key === undefined) return def.type === "object" ? Object.keys(def.shape) : [];
    const inner = below(def, key);
    return inner ? keysAt(inner, deeper) : [];
}

type Def = z.core.$ZodTypes["_zod"]["def"];

/** What stands for an input in a schema: without what makes it optional, or something else afterwards. */
function heldBy(schema: z.core.$ZodType): Def {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    if (def.type === "pipe") return heldBy(def.in);
    return "innerType" in def ? heldBy(def.innerType) : def;
}

function below(def: Def, key: PropertyKey): z.core.$ZodType | undefined {
    if (def.type === "object") return def.shape[String(key)];
    if (def.type === "record") return def.valueType;
    return def.type === "array" ? def.element : undefined;
}

function firstOf<Value>(all: readonly Value[], keysOf: (value: Value) => string[]): string[] {
    for (const one of all) {
        const keys = keysOf(one);
        if (keys.length > 0) return keys;
    }
    return [];
}
