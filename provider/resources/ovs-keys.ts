/** Properties that stand in map columns: those with a key of their own, and the open maps for all others. */
import { addressText } from "../../schemas/ip-text";
import { OUR_KEYS } from "../../schemas/ovs-maps";
import { entriesOf, type Keys } from "./ovs-rows";

/** How a text is read; a numeral is a number that state keeps as text, or a word in place of one. */
type As = "text" | "number" | "flag" | "numeral" | "address";

/** The key of a property, and how its text is read. */
export type Typed<State> = { readonly [Key in keyof State]?: readonly [key: string, as: As] };

type Values = Readonly<Record<string, unknown>>;

/** The properties that stand under keys of their own; text that cannot be read counts as absent. */
export function typedState<State>(typed: Typed<State>, column: unknown): Partial<State> {
    const held = entriesOf(column);
    if (held.size === 0) return {};
    const state: Record<string, unknown> = {};
    for (const [property, [key, as]] of Object.entries(typed) as [string, [string, As]][]) {
        const text = held.get(key);
        const value = text === undefined ? undefined : valueOf(text, as);
        if (value !== undefined) state[property] = value;
    }
    return state as Partial<State>;
}

/** Open vSwitch takes hexadecimal numbers, and IPv6 addresses in every spelling. */
function valueOf(text: string, as: As): unknown {
    const isNumber = /^(\d{1,15}|0x[\da-f]{1,12})$/i.test(text);
    switch (as) {
        case "text":
            return text;
        case "number":
            return isNumber ? Number(text) : undefined;
        case "flag":
            return /^(true|false)$/.test(text) ? text === "true" : undefined;
        case "numeral":
            return isNumber ? String(Number(text)) : text;
        case "address":
            return addressText(text) ?? text;
    }
}

/** All of these keys: what is not declared must be gone. */
export function typedKeys<State extends object>(typed: Typed<State>, want: Partial<State> | undefined): Keys {
    return Object.fromEntries(
        (Object.entries(typed) as [string, [string, string]][]).map(([property, [key]]) => {
            const value = (want as Values | undefined)?.[property];
            return [key, value === undefined || typeof value === "string" ? value : JSON.stringify(value)];
        }),
    );
}

/**
 * An open map as state tells it: the keys that state knows; in an import all that have no property of their own.
 *
 * @param known what state knows of the whole resource; undefined in an import
 */
export function openState<State>(
    column: unknown,
    typed: Typed<State>,
    known: { map: Readonly<Record<string, string>> | undefined } | undefined,
): Record<string, string> | undefined {
    const own = new Set((Object.values(typed) as [string, string][]).map(([key]) => key));
    const told = [...entriesOf(column)].filter(([key]) =>
        known ? Object.hasOwn(known.map ?? {}, key) : !own.has(key) && !key.startsWith(OUR_KEYS),
    );
    return told.length > 0 ? Object.fromEntries(told) : undefined;
}

/** The declared keys, and those gone that were declared before. */
export const openKeys = (
    want: Readonly<Record<string, string>> | undefined,
    former: Readonly<Record<string, string>> | undefined,
): Keys => ({ ...Object.fromEntries(Object.keys(former ?? {}).map((key) => [key, undefined])), ...want });

/** Without what is absent, and without presets that nobody told. */
export function told<State extends object>(held: State, presets: Partial<State>, known: State | undefined): State {
    const state: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(held)) {
        if (value === undefined) continue;
        const preset = (presets as Record<string, unknown>)[key];
        if (preset !== undefined && value === preset && known?.[key as keyof State] === undefined) continue;
        state[key] = value;
    }
    return state as State;
}
