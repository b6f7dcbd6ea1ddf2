/** What another language hands a component as outputs, where the component takes plain values. */
import * as pulumi from "@pulumi/pulumi";
import { InputError, type Problem } from "../schemas/problems";

/** Left out of the SDK's type of an output. */
interface Insides {
    isKnown: Promise<boolean>;
    isSecret: Promise<boolean>;
    promise(): Promise<unknown>;
}

const SECRET = "it is a secret, and the state would show it in the open; give a value that may be read there";
const UNKNOWN =
    "it is not known yet, and it decides what is made; give a plain value, or an output that a preview knows";

/**
 * The inputs with each output in them as the value that it has, but for those that travel.
 *
 * @param travelling paths at which outputs stay what they are, `*` for any key: `nics.*.switch`
 * @throws InputError that names every output without a value that may be told
 */
export async function plainInputs(
    inputs: pulumi.Inputs,
    travelling: readonly string[],
    subject: string,
): Promise<pulumi.Inputs> {
    const problems: Problem[] = [];
    const plain = (await plainValue(inputs, [])) as pulumi.Inputs;
    if (problems.length > 0) throw new InputError(subject, problems);
    return plain;

    async function plainValue(value: unknown, path: PropertyKey[]): Promise<unknown> {
        if (travelling.some((one) => leadsTo(one, path))) return value;
        if (pulumi.Output.isInstance(value)) {
            const { isSecret, isKnown } = value as unknown as Insides;
            const message = (await isSecret) ? SECRET : (await isKnown) ? undefined : UNKNOWN;
            if (message === undefined) return (value as unknown as Insides).promise();
            problems.push({ path, message });
            return undefined;
        }
        if (typeof value !== "object" || value === null || pulumi.Resource.isInstance(value)) return value;
        const entries: [string, unknown][] = [];
        // One after another, so that problems are told in their order.
        for (const [key, inner] of Object.entries(value))
            entries.push([key, await plainValue(inner, [...path, Array.isArray(value) ? Number(key) : key])]);
        return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
    }
}

function leadsTo(pattern: string, path: PropertyKey[]): boolean {
    const parts = pattern.split(".");
    return parts.length === path.length && parts.every((part, index) => part === "*" || part === path[index]);
}
