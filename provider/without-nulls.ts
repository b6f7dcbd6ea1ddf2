/** Null, which other languages have for what is absent. */
import { z } from "zod";

/** The value without the fields that are null, but where null says something of its own. Entries of maps stay, to be told. */
export function withoutNulls(value: unknown, schema: z.core.$ZodType): unknown {
    const bare = unwrapped(schema);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value))
        return bare instanceof z.ZodArray ? value.map((inner) => withoutNulls(inner, bare.element)) : value;
    if (bare instanceof z.ZodRecord)
        return Object.fromEntries(
            Object.entries(value).map(([key, inner]) => [key, withoutNulls(inner, bare.valueType)]),
        );
    if (!(bare instanceof z.ZodObject)) return value;
    return Object.fromEntries(
        Object.entries(value).flatMap(([key, inner]) => {
            const field = bare.shape[key] as z.ZodType | undefined;
            if (inner === null && !field?.safeParse(null).success) return [];
            return [[key, field ? withoutNulls(inner, field) : (inner as unknown)]];
        }),
    );
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
    let inner = schema;
    while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodNullable)
        inner = inner.unwrap();
    return inner;
}
