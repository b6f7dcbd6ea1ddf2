import assert from "node:assert/strict";
import fc from "fast-check";
import {
    revealed,
    sameValue,
    Secret,
    secretKeys,
    UNKNOWN,
    withSecrets,
    type Bag,
    type Property,
} from "../../provider/wire";

const { property } = fc.letrec<{ bag: Bag; property: Property; secret: Secret }>((tie) => ({
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

describe("two values", () => {
    it("are the same where they hold the same, absent or undefined, and names of JavaScript's own are names", () => {
        assert.ok(sameValue({ a: [1, { b: 2 }], c: undefined }, { a: [1, { b: 2 }] }));
        assert.ok(!sameValue({}, { constructor: { tag: 1 } }));
        assert.ok(!sameValue({ constructor: { tag: 1 } }, {}));
        assert.ok(!sameValue(new Secret("a"), { value: "a" }));
        assert.ok(!sameValue([1], { 0: 1 }));
    });
});

describe("property values", () => {
    it("lose every secret wrapper when revealed, and nothing else", () =>
        fc.assert(fc.property(property, (value) => assert.deepEqual(revealed(revealed(value)), revealed(value)))));

    it("are secret as a whole when a part is", () => {
        const keys = secretKeys({ trunks: ["10", new Secret("20")], name: "p" });
        assert.deepEqual([...keys], ["trunks"]);
        assert.deepEqual(withSecrets({ trunks: ["10", "20"], name: "p" }, keys).trunks, new Secret(["10", "20"]));
    });
});
