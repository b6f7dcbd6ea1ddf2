/** The open maps of Open vSwitch's tables, for keys that have no property of their own here. */
import { z } from "zod";
import { entriesOf } from "./named";

/** Keys of `external_ids` that begin so are the provider's. */
export const OUR_KEYS = "kvmnet-";

const Text = z.string('a value is text, such as "true" or "300"');

/**
 * The keys of a map column that are declared; those of others stay as they are.
 *
 * @param name  the property, for messages
 * @param typed keys that have a property of their own, and which one
 */
export function openMap(name: string, typed: Readonly<Record<string, string>>) {
    const error = `${name} maps keys to text, such as { key: "value" }`;
    return z
        .record(z.string(), Text, { error })
        .superRefine(
            (map, context) => {
                const say = (key: string, message: string) =>
                    context.addIssue({ code: "custom", path: [key], message, params: { got: key } });
                for (const [key] of entriesOf(map)) {
                    if (key === "") say(key, "a key has at least one character");
                    else if (key.startsWith(OUR_KEYS))
                        say(key, `keys that begin with ${OUR_KEYS} are the provider's own`);
                    else if (Object.hasOwn(typed, key)) say(key, `it has a property of its own; use ${typed[key]}`);
                }
            },
            { when: () => true },
        )
        .transform(unlessEmpty);
}

/** An empty map or list says nothing, as an absent one: the host cannot tell the two apart. */
export const unlessEmpty = <Value extends object>(value: Value | undefined): Value | undefined =>
    value !== undefined && Object.keys(value).length > 0 ? value : undefined;
