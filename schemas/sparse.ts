/** Objects most of whose keys are usually absent. */
import { z } from "zod";

/** Sets of keys for which a way of judging is kept; input with yet another one is judged in the usual way. */
const MOST_KINDS = 64;

type Shape = Readonly<Record<string, z.core.$ZodType>>;
/** What judges a value: zod's own way to extend it (zod.dev, For library authors). */
type Judge = Pick<z.core.$ZodType["_zod"], "parse">;

/** Zod's object, judged by those of its fields that the input has or that stand for something where they are absent. */
const SparseObject = z.core.$constructor<z.ZodObject<z.core.$ZodShape>>("SparseObject", (inst, def) => {
    z.ZodObject.init(inst, def);
    const whole = new z.ZodObject(def)._zod;
    const kinds = new Map<string, Judge>();
    inst._zod.parse = (payload, context) => {
        const value: unknown = payload.value;
        if (typeof value !== "object" || value === null || Array.isArray(value)) return whole.parse(payload, context);
        const given: string[] = [];
        // As zod looks for keys that are not known.
        for (const key in value) given.push(key);
        const kind = given.join("\0");
        let judge = kinds.get(kind);
        if (!judge && kinds.size < MOST_KINDS) kinds.set(kind, (judge = judgeFor(def.shape, given, whole)));
        return (judge ?? whole).parse(payload, context);
    };
});

/** @param whole judges input that has a key that is not known */
function judgeFor(shape: Shape, given: readonly string[], whole: Judge): Judge {
    if (!given.every((key) => Object.hasOwn(shape, key))) return whole;
    const judged = Object.entries(shape).filter(([key, field]) => given.includes(key) || !staysAbsent(field));
    return z.strictObject(Object.fromEntries(judged))._zod;
}

/** Whether a key that is absent is absent in the result, too, and nothing is wrong with that. */
const staysAbsent = ({ _zod: { optin, optout } }: z.core.$ZodType): boolean =>
    optin === "optional" && optout === "optional";

/**
 * As `z.strictObject`, for objects of which there are many, with many optional keys: those that are absent are not visited. A
 * set of 1,000 ports has some twenty keys a port, of which most have two.
 */
export function sparseObject<Fields extends Shape>(shape: Fields): z.ZodObject<Fields, z.core.$strict> {
    const { def } = z.strictObject(shape);
    return new SparseObject(def) as unknown as z.ZodObject<Fields, z.core.$strict>;
}
