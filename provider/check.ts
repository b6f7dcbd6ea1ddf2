/** Judges inputs by their schema: what is known now, all problems at once, canonical spelling and defaults out. */
import { z } from "zod";
import { pathText, problemsOf, reasonOf, unknownKey, type Problem } from "../schemas/problems";
import { hasUnknown, isPlain, notedPlain, revealed, secretKeys, withSecrets, type Bag, type Property } from "./wire";

interface Failure {
    /** Property path, such as `trunks[0]`; empty where its value must not be shown. */
    property: string;
    reason: string;
}

/** `final` where a second judgement of the inputs would give them again: nothing is unknown, and no default was left out. */
export type Checked = { ok: true; inputs: Bag; final?: true } | { ok: false; failures: Failure[] };

type ObjectSchema = z.ZodType & { shape: z.core.$ZodShape };

/**
 * Unknown properties are passed over and come back as they are; rules across fields wait until nothing is unknown. A
 * property that is secret stays secret, and no message shows its value.
 */
export function check(schema: ObjectSchema, news: Bag, alwaysSecret: readonly string[] = []): Checked {
    const given = Object.values(news).includes(null)
        ? Object.fromEntries(Object.entries(news).filter(([, value]) => value !== null))
        : news;
    const unknown = Object.keys(given).filter((key) => hasUnknown(given[key]));
    const known = revealed(unknown.length === 0 ? given : without(given, unknown)) as Bag;
    const secrets = new Set([...secretKeys(given), ...alwaysSecret]);

    const judged = unknown.length === 0 ? schema : z.strictObject(without(schema.shape, unknown));
    const result = judged.safeParse(known);
    if (!result.success)
        return {
            ok: false,
            failures: problemsOf(result.error, known, schema).map((problem) =>
                secrets.has(String(problem.path[0]))
                    ? veiled(problem)
                    : { property: pathText(problem.path), reason: reasonOf(problem) },
            ),
        };
    const passed = Object.fromEntries(
        unknown.flatMap((key) => (key in schema.shape ? [[key, given[key] as Property]] : [])),
    );
    const strangers = unknown.filter((key) => !(key in schema.shape));
    if (strangers.length > 0)
        return {
            ok: false,
            failures: strangers.map((property) => ({
                property,
                reason: unknownKey(property, schema),
            })),
        };
    const inputs = defined(result.data as Bag);
    const isFinal = unknown.length === 0 && !Object.values(result.data as Bag).some(isEmptyList);
    return {
        ok: true,
        inputs:
            isPlain(news) && secrets.size === 0 ? notedPlain(inputs) : { ...withSecrets(inputs, secrets), ...passed },
        ...(isFinal ? { final: true } : {}),
    };
}

/** The engine prints the value of the property that a failure names, so a secret one is named in the text only. */
const veiled = ({ path, message }: Problem): Failure => ({ property: "", reason: `${pathText(path)}: ${message}` });

/** Without properties that stand for nothing: `undefined`, and empty lists, which the host cannot tell from absent. */
export function defined(bag: { [key: string]: Property | undefined }): Bag {
    const told: Bag = {};
    for (const key in bag) {
        const value = bag[key];
        if (value !== undefined && !isEmptyList(value)) told[key] = value;
    }
    return told;
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

function without<Value>(bag: Readonly<Record<string, Value>>, keys: string[]): Record<string, Value> {
    return Object.fromEntries(Object.entries(bag).filter(([key]) => !keys.includes(key)));
}
