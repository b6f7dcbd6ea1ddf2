/** Inputs of a resource by its schema: numbers within their bounds, every word of an enum; texts are given by who asks. */
import fc from "fast-check";
import { z } from "zod";
import type { Bag, Property } from "../../provider/wire";

/** What is tried for a property, by its name, wherever it stands; a fixed value is a list of one. */
export type Samples = Readonly<Record<string, fc.Arbitrary<Property>>>;

interface Node {
    type?: string | string[];
    enum?: Property[];
    minimum?: number;
    maximum?: number;
    items?: Node;
    properties?: Record<string, Node>;
    required?: string[];
}

/**
 * @param always properties that are there each time, beside those without which nothing is accepted
 * @param never  properties that are left out
 */
export function arbitraryInputs(
    schema: z.ZodType,
    samples: Samples,
    { always = [], never = [] }: { always?: readonly string[]; never?: readonly string[] } = {},
): fc.Arbitrary<Bag> {
    const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node;
    const kept = Object.fromEntries(Object.entries(properties).filter(([key]) => !never.includes(key)));
    return objectOf({ properties: kept, required: [...required, ...always] }, samples);
}

function objectOf({ properties = {}, required = [] }: Node, samples: Samples): fc.Arbitrary<Bag> {
    const entries = Object.entries(properties).flatMap(([key, node]) => {
        const value = samples[key] ?? valueOf(node, samples);
        return value ? [[key, value] as const] : [];
    });
    const missing = required.filter((key) => !entries.some(([name]) => name === key));
    if (missing.length > 0) throw new Error(`No samples for ${missing.join(", ")}.`);
    return fc.record(Object.fromEntries(entries), { requiredKeys: required });
}

function valueOf(node: Node, samples: Samples): fc.Arbitrary<Property> | undefined {
    if (node.enum) return fc.constantFrom(...node.enum);
    switch (String(node.type)) {
        case "boolean":
            return fc.boolean();
        case "integer":
        case "number":
            return numberOf(node);
        case "array": {
            const item = node.items && valueOf(node.items, samples);
            return item && fc.uniqueArray(item, { minLength: 1, maxLength: 3 });
        }
        case "object":
            return node.properties && objectOf(node, samples);
        default:
            return undefined;
    }
}

/** Often one of the bounds, where mistakes are made. */
const numberOf = ({ minimum = 0, maximum = 1_000_000 }: Node): fc.Arbitrary<number> =>
    fc.oneof(
        fc.constantFrom(minimum, maximum),
        fc.integer({ min: Math.ceil(minimum), max: Math.floor(Math.min(maximum, minimum + 4_000)) }),
        fc.integer({ min: Math.ceil(minimum), max: Math.floor(maximum) }),
    );
