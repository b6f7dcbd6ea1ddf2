import assert from "node:assert/strict";
import fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import {
    decode,
    encode,
    hasUnknown,
    revealed,
    Secret,
    secretKeys,
    UNKNOWN,
    withSecrets,
    type Bag,
    type Property,
} from "../../provider/wire";

const { bag, property } = fc.letrec<{ bag: Bag; property: Property; secret: Secret }>((tie) => ({
    // The protobuf library keeps a map's entries in a plain object, which has no room for this one key.
    bag: fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        tie("property"),
        { maxKeys: 4 },
    ),
    property: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<Property>(null, true, false, UNKNOWN),
        fc.double({ noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
        fc.string({ unit: "binary" }),
        fc.array(tie("property"), { maxLength: 4 }),
        tie("bag"),
        tie("secret"),
    ),
    secret: tie("property")
        .filter((value) => !(value instanceof Secret))
        .map((value) => new Secret(value)),
}));

describe("property values on the wire", () => {
    it("come back as they went, secrets and unknowns included", () =>
        fc.assert(
            fc.property(bag, (sent) => {
                const received = decode(Struct.deserializeBinary(encode(sent).serializeBinary()));
                assert.deepEqual(entries(received), entries(sent));
            }),
        ));

    it("lose every secret wrapper when revealed, and nothing else", () =>
        fc.assert(fc.property(property, (value) => assert.deepEqual(revealed(revealed(value)), revealed(value)))));

    it("of an output are what it holds", () => {
        const sig = { "4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4" };
        const known = decode(encode({ name: { ...sig, value: "br0", secret: true, dependencies: ["urn"] } }));
        assert.deepEqual(known.name, new Secret("br0"));
        assert.equal(decode(encode({ name: { ...sig } })).name, UNKNOWN);
    });

    it("know every unknown that the engine writes", () => {
        for (const text of [
            "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
            "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
            "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        ])
            assert.ok(hasUnknown(decode(encode({ tag: text })).tag));
    });

    it("are secret as a whole when a part is", () => {
        const keys = secretKeys({ trunks: ["10", new Secret("20")], name: "p" });
        assert.deepEqual([...keys], ["trunks"]);
        assert.deepEqual(withSecrets({ trunks: ["10", "20"], name: "p" }, keys).trunks, new Secret(["10", "20"]));
    });
});

/** A dictionary of fast-check has no prototype. */
const entries = (value: unknown): unknown => {
    if (value instanceof Secret) return { secret: entries(value.value) };
    if (Array.isArray(value)) return value.map(entries);
    if (typeof value !== "object" || value === null) return value;
    return new Map(Object.entries(value).map(([key, inner]) => [key, entries(inner)]));
};
