import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { sparseObject } from "../../schemas/sparse";

const SHAPE = {
    name: z.string().min(1),
    size: z.int().min(0).default(7),
    tag: z.int().optional(),
    list: z
        .array(z.string())
        .overwrite((list) => [...list].sort())
        .optional(),
    either: z.string().optional().default("none"),
    given: z.string().default("some").optional(),
    inner: sparseObject({ on: z.boolean().default(false), off: z.boolean().optional() }).optional(),
};
const INNER = z.strictObject({ on: z.boolean().default(false), off: z.boolean().optional() });

/** The same object, judged field by field. */
const Plain = z.strictObject({ ...SHAPE, inner: INNER.optional() });
const Sparse = sparseObject(SHAPE);

/** Right and wrong values for each key, some of which are not known. */
const value = fc.oneof(
    fc.constantFrom(undefined, null, true, "", "text", 5, -1),
    fc.array(fc.constantFrom("b", "a", 3), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("on", "off", "strange"), fc.constantFrom(true, "no", undefined)),
);
const input = fc.dictionary(fc.constantFrom(...Object.keys(SHAPE), "strange", "toString"), value);

const judged = (schema: z.ZodType, given: unknown) => {
    const { success, data, error } = schema.safeParse(given);
    return success
        ? { data, keys: Object.keys(data as object) }
        : { issues: error?.issues.map(({ code, path, message }) => ({ code, path, message })) };
};

describe("an object most of whose keys are absent", () => {
    it("is judged as one is whose every key is looked at: the same result in the same order, or the same problems", () => {
        fc.assert(
            fc.property(input, (given) => assert.deepEqual(judged(Sparse, given), judged(Plain, given))),
            {
                numRuns: 500,
            },
        );
    });

    it("is the same after a cross-check, a field left out and a description", () => {
        const derived = (schema: z.ZodObject<typeof SHAPE>) =>
            schema
                .omit({ list: true })
                .superRefine(({ tag }, context) => void (tag === 5 && context.addIssue("five is taken")))
                .describe("described");
        const plain = derived(z.strictObject(SHAPE));
        const sparse = derived(Sparse);
        fc.assert(fc.property(input, (given) => assert.deepEqual(judged(sparse, given), judged(plain, given))));
        assert.deepEqual(z.toJSONSchema(sparse, { io: "input" }), z.toJSONSchema(plain, { io: "input" }));
    });

    it("refuses what is no object", () => {
        for (const given of [undefined, null, 3, "text", []])
            assert.deepEqual(judged(Sparse, given), judged(Plain, given));
    });

    it("is not misled by an object that has a key from another one", () => {
        const fresh = sparseObject(SHAPE);
        const inherits: unknown = Object.assign(Object.create({ tag: 5 }), { name: "a" });
        for (const given of [inherits, { name: "b", tag: 6 }])
            assert.deepEqual(judged(fresh, given), judged(Plain, given));
    });

    it("goes on judging when more sets of keys came than it keeps", () => {
        const keys = Array.from({ length: 8 }, (_, index) => `k${index}`);
        const shape = Object.fromEntries(keys.map((key) => [key, z.int().optional()]));
        const many = sparseObject(shape);
        for (let bits = 0; bits < 256; bits++) {
            const given = Object.fromEntries(keys.filter((_, index) => bits & (1 << index)).map((key) => [key, bits]));
            assert.deepEqual(many.parse(given), given);
            assert.equal(many.safeParse({ ...given, strange: 1 }).success, false);
        }
    });
});
