/** Pulumi's property values between protobuf and plain JavaScript, with secrets and unknowns kept apart. */
import { ListValue, NullValue, Struct, Value } from "google-protobuf/google/protobuf/struct_pb";

/** A value that does not exist yet: preview only. */
export const UNKNOWN: unique symbol = Symbol("unknown");

/** A value that must not be shown; state keeps it encrypted. */
export class Secret {
    constructor(readonly value: Property) {}
}

export type Property =
    null | boolean | number | string | typeof UNKNOWN | Secret | Property[] | { [key: string]: Property };
export type Bag = Record<string, Property>;

/** Marks objects that mean something special (pulumi sdk/go/common/resource/sig/sig.go). */
const SIG = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** What the engine writes for an unknown boolean, number, text, array, asset, archive, object (plugin/rpc.go). */
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWNS = new Set([
    UNKNOWN_TEXT,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

export function decode(struct: Struct | undefined): Bag {
    const bag: [string, Property][] = [];
    struct?.getFieldsMap().forEach((value, key) => bag.push([key, decodeValue(value)]));
    return Object.fromEntries(bag);
}

export function encode(bag: { [key: string]: Property | undefined }): Struct {
    const struct = new Struct();
    for (const [key, value] of Object.entries(bag))
        if (value !== undefined) struct.getFieldsMap().set(key, encodeValue(value));
    return struct;
}

function decodeValue(value: Value): Property {
    switch (value.getKindCase()) {
        case Value.KindCase.BOOL_VALUE:
            return value.getBoolValue();
        case Value.KindCase.NUMBER_VALUE:
            return value.getNumberValue();
        case Value.KindCase.STRING_VALUE: {
            const text = value.getStringValue();
            return UNKNOWNS.has(text) ? UNKNOWN : text;
        }
        case Value.KindCase.LIST_VALUE:
            return (value.getListValue()?.getValuesList() ?? []).map(decodeValue);
        case Value.KindCase.STRUCT_VALUE:
            return special(decode(value.getStructValue()));
        case Value.KindCase.NULL_VALUE:
        case Value.KindCase.KIND_NOT_SET:
            return null;
    }
}

/** Secrets and outputs as what they hold; assets and references stay objects, which no property of ours takes. */
function special(bag: Bag): Property {
    if (bag[SIG] === SECRET) return secret(bag.value ?? null);
    if (bag[SIG] !== OUTPUT) return bag;
    const inner = bag.value ?? UNKNOWN;
    return bag.secret === true ? secret(inner) : inner;
}

/** A secret of a secret is a secret. */
const secret = (value: Property): Secret => (value instanceof Secret ? value : new Secret(value));

function encodeValue(property: Property): Value {
    const value = new Value();
    if (property === null) value.setNullValue(NullValue.NULL_VALUE);
    else if (property === UNKNOWN) value.setStringValue(UNKNOWN_TEXT);
    else if (typeof property === "boolean") value.setBoolValue(property);
    else if (typeof property === "number") value.setNumberValue(property);
    else if (typeof property === "string") value.setStringValue(property);
    else if (property instanceof Secret) value.setStructValue(encode({ [SIG]: SECRET, value: property.value }));
    else if (Array.isArray(property)) {
        const list = new ListValue();
        list.setValuesList(property.map(encodeValue));
        value.setListValue(list);
    } else value.setStructValue(encode(property));
    return value;
}

/** The value without its secret wrappers, at any depth. */
export function revealed(property: Property): Property {
    if (property instanceof Secret) return revealed(property.value);
    if (Array.isArray(property)) return property.map(revealed);
    if (typeof property !== "object" || property === null) return property;
    return Object.fromEntries(Object.entries(property).map(([key, value]) => [key, revealed(value)]));
}

const hasSecret = (property: Property | undefined): boolean => some(property, (value) => value instanceof Secret);
export const hasUnknown = (property: Property | undefined): boolean => some(property, (value) => value === UNKNOWN);

function some(property: Property | undefined, is: (value: Property) => boolean): boolean {
    if (property === undefined || property === null) return false;
    if (is(property)) return true;
    if (property instanceof Secret) return some(property.value, is);
    if (Array.isArray(property)) return property.some((value) => some(value, is));
    return typeof property === "object" && Object.values(property).some((value) => some(value, is));
}

/** Names of the properties that hold a secret: what comes of them is secret too. */
export const secretKeys = (...bags: Bag[]): Set<string> =>
    new Set(bags.flatMap((bag) => Object.keys(bag).filter((key) => hasSecret(bag[key]))));

/** The bag with these properties marked as secret. */
export const withSecrets = (bag: Bag, keys: ReadonlySet<string>): Bag =>
    Object.fromEntries(Object.entries(bag).map(([key, value]) => [key, keys.has(key) ? secret(value) : value]));
