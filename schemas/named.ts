/** Maps by name, and checks across fields: both tell all they find, also where single fields are wrong already. */
import { z } from "zod";

/** A map whose keys are checked as names and whose values are judged even under a bad name. */
export function named<Value extends z.ZodType>(Name: z.ZodType, Value: Value, error: string) {
    return z.record(z.string(), Value, { error }).superRefine((map, context) => {
        for (const [key] of entriesOf(map))
            for (const issue of Name.safeParse(key).error?.issues ?? [])
                context.addIssue({ code: "custom", path: [key], message: issue.message, params: { got: key } });
    }, ALWAYS);
}

/** Adds one more thing that is wrong: where, and what is allowed and what to do. */
export type Say = (path: PropertyKey[], message: string) => void;

/**
 * Judges fields against each other. It runs even when single fields were refused, so a person reads everything at
 * once; therefore `check` may meet raw input and looks before it reads (`entriesOf`).
 */
export function withCrossCheck<Schema extends z.ZodType>(
    schema: Schema,
    check: (value: z.output<Schema>, say: Say) => void,
) {
    return schema.superRefine((value, context) => {
        if (typeof value !== "object" || value === null) return;
        check(value, (path, message) => context.addIssue({ code: "custom", path, message }));
    }, ALWAYS);
}

/** The entries of a map that are objects or plain values; none where there is no map. */
export function entriesOf<Value>(map: Record<string, Value> | undefined): [string, Value][] {
    if (typeof map !== "object" || map === null || Array.isArray(map)) return [];
    return Object.entries(map).filter(([, value]) => value !== null && value !== undefined);
}

/** Whether a map has an entry of this name. It may meet raw input. */
export const has = (map: unknown, name: PropertyKey): boolean => Object.hasOwn(Object(map) as object, name);

const ALWAYS = { when: () => true };
