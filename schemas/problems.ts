/** Turns everything zod found wrong into one message a person can act on. Shows values, never stack traces. */
import { z } from "zod";
import { alike, keysAt } from "./known-keys";

/** One thing wrong with an input: where it is, what stands there, what is allowed and what to do. */
export interface Problem {
    path: PropertyKey[];
    /** The offending value; absent when nothing stands there. */
    value?: unknown;
    message: string;
}

/** Bad input, all its problems at once. Thrown where input enters; caught where a person is told. */
export class InputError extends Error {
    constructor(
        readonly subject: string,
        readonly problems: Problem[],
    ) {
        super(render(subject, problems));
        this.name = "InputError";
    }
}

/**
 * The input as the schema's complete output.
 *
 * @param ofParts what was found wrong in parts of it that the schema leaves to others; left out inside of what the schema
 *     refused
 * @throws InputError with every problem
 */
export function parsed<Schema extends z.ZodType>(
    schema: Schema,
    input: unknown,
    subject: string,
    ofParts: readonly Problem[] = [],
): z.output<Schema> {
    const result = schema.safeParse(input);
    if (result.success && ofParts.length === 0) return result.data;
    const problems = result.success ? [] : problemsOf(result.error, input, schema);
    throw new InputError(subject, [...problems, ...ofParts.filter((part) => !problems.some(holds(part)))]);
}

/**
 * Every problem of a failed parse, unknown keys one by one, unions reduced to their own message.
 *
 * @param schema of the input, for what it takes in place of a key that it does not know
 */
export function problemsOf(error: z.ZodError, input: unknown, schema: z.core.$ZodType): Problem[] {
    return error.issues.flatMap((issue): Problem[] => {
        if (issue.code === "unrecognized_keys")
            return issue.keys.map((key) => ({
                path: [...issue.path, key],
                value: at(input, [...issue.path, key]),
                message: unknownKey(key, schema, issue.path),
            }));
        const named = issue.code === "custom" ? (issue.params?.got as unknown) : undefined;
        const value = named ?? at(input, issue.path);
        return [{ path: issue.path, value, message: value === undefined ? missing(issue.message) : issue.message }];
    });
}

/** What is told of a key that the object at this path does not take. */
export function unknownKey(key: string, schema: z.core.$ZodType, path: readonly PropertyKey[] = []): string {
    const meant = alike(key, keysAt(schema, path)).join(" or ");
    return `this key is not known; ${meant ? `write ${meant}, or remove it` : "remove it or correct its spelling"}`;
}

const holds =
    (inner: Problem) =>
    ({ path }: Problem): boolean =>
        path.every((key, index) => inner.path[index] === key);

/** `guests.web-1.nics[0].vlan`, as people write it in a config. */
export function pathText(path: PropertyKey[]): string {
    return path
        .map((part, index) => {
            if (typeof part === "number") return `[${part}]`;
            const text = String(part);
            if (!/^[A-Za-z0-9_-]+$/.test(text)) return `[${JSON.stringify(text)}]`;
            return index === 0 ? text : `.${text}`;
        })
        .join("");
}

function render(subject: string, problems: Problem[]): string {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    return [
        `${subject}: ${count}. Nothing was changed.`,
        ...problems.map((problem) => `  - ${sentence(problem)}`),
    ].join("\n");
}

function sentence(problem: Problem): string {
    const place = pathText(problem.path);
    return `${place ? `${place}: ` : ""}${reasonOf(problem)}`;
}

/** What is allowed and what stands there, for a place that shows the path by itself. */
export function reasonOf({ value, message }: Problem): string {
    return value === undefined ? message : `${message} (got ${shown(value)})`;
}

/** A value as one short line: quoted, escaped, cut at 80 characters. */
function shown(value: unknown): string {
    const text = JSON.stringify(value) ?? String(value);
    return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

const missing = (message: string) => (message.startsWith("Invalid input") ? "this is required and missing" : message);

function at(input: unknown, path: PropertyKey[]): unknown {
    return path.reduce<unknown>(
        (inner, key) =>
            typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
        input,
    );
}
