import assert from "node:assert/strict";
import fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { bagOf, decode, encode, structOf } from "../../provider/struct";
import { hasUnknown, revealed, Secret, secretKeys, UNKNOWN, type Bag, type Property } from "../../provider/wire";

const { bag } = fc.letrec<{ bag: Bag; property: Property; secret: Secret }>((tie) => ({
    bag: fc.dictionary(fc.string({ unit: "binary" }), tie("property"), { maxKeys: 4 }),
    property: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<Property>(null, true, false, UNKNOWN),
        fc.double({ noNaN: true }),
        fc.string({ unit: "binary" }),
        fc.array(tie("property"), { maxLength: 4 }),
        tie("bag"),
        tie("secret"),
    ),
    secret: tie("property")
        .filter((value) => !(value instanceof Secret))
        .map((value) => new Secret(value)),
}));

/** What google-protobuf itself makes of a value: its maps have no room for this one key. */
const plain = fc.dictionary(
    fc.string().filter((key) => key !== "__proto__"),
    fc.letrec((tie) => ({
        value: fc.oneof(
            { maxDepth: 4 },
            fc.constantFrom(null, true, false),
            // It leaves out the sign of nothing.
            fc.double({ noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
            fc.string({ unit: "binary" }),
            fc.array(tie("value"), { maxLength: 4 }),
            fc.dictionary(
                fc.string().filter((key) => key !== "__proto__"),
                tie("value"),
                { maxKeys: 4 },
            ),
        ),
    })).value as fc.Arbitrary<null | boolean | number | string>,
    { maxKeys: 4 },
);

describe("bags as bytes", () => {
    it("come back as they went, secrets and unknowns included", () =>
        fc.assert(fc.property(bag, (sent) => assert.deepEqual(entries(decode(encode(sent))), entries(sent)))));

    it("are read by google-protobuf as they were meant", () =>
        fc.assert(
            fc.property(plain, (sent) =>
                assert.deepEqual(entries(Struct.deserializeBinary(encode(sent)).toJavaScript()), entries(sent)),
            ),
        ));

    it("are read from google-protobuf as they were meant", () =>
        fc.assert(
            fc.property(plain, (sent) =>
                assert.deepEqual(entries(decode(Struct.fromJavaScript(sent).serializeBinary())), entries(sent)),
            ),
        ));

    it("read keys as they are, whatever was read before at the same place", () => {
        // The bytes of the second are the letters of the first.
        for (const key of ["\u00c3\u00a9", "\u00e9", "tag", "\u00c3\u00a9"])
            assert.deepEqual(decode(encode({ [key]: 1 })), { [key]: 1 });
        const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`p${index}`, index]));
        assert.deepEqual(decode(encode(many)), many);
        assert.deepEqual(decode(encode(many)), many);
    });

    it("are searched for what is secret or unknown with the same result as before they were bytes", () =>
        fc.assert(
            fc.property(bag, (given) => {
                const read = decode(encode(given));
                assert.deepEqual([...secretKeys(read)].sort(), [...secretKeys(given)].sort());
                for (const [key, value] of Object.entries(given))
                    assert.equal(hasUnknown(read[key]), hasUnknown(value));
                assert.deepEqual(entries(revealed(read)), entries(revealed(given)));
            }),
        ));

    it("hold many and long things", () => {
        const long = "\u00e4".repeat(100_000);
        const sent = { long, many: Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`p${at}`, { at }])) };
        assert.deepEqual(decode(encode(sent)), sent);
    });

    it("are empty where there are none, and leave out what is undefined", () => {
        assert.deepEqual([decode(undefined), bagOf(undefined), decode(encode({ gone: undefined }))], [{}, {}, {}]);
    });

    it("pass over fields that a later protocol may have", () => {
        const [unknownField, text] = [Buffer.from([0x7a, 1, 0]), Buffer.from(encode({ name: "br0" }))];
        assert.deepEqual(decode(Buffer.concat([unknownField, text, unknownField])), { name: "br0" });
    });

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
            assert.ok(hasUnknown(bagOf(structOf({ tag: text })).tag));
    });
});

/** A dictionary of fast-check has no prototype. */
const entries = (value: unknown): unknown => {
    if (value instanceof Secret) return { secret: entries(value.value) };
    if (Array.isArray(value)) return value.map(entries);
    if (typeof value !== "object" || value === null) return value;
    return new Map(Object.entries(value).map(([key, inner]) => [key, entries(inner)]));
};
