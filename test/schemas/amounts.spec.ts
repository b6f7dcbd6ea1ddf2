import assert from "node:assert/strict";
import fc from "fast-check";
import { bitsPerSecond, bytes } from "../../schemas/amounts";
import { Rate, Size } from "../../schemas/units";

const canonical = (text: string | number) => Rate.parse(text);

describe("a rate", () => {
    it("has one spelling, whichever it was written in", () => {
        assert.equal(canonical("2Gbit"), "2Gbit");
        assert.equal(canonical("2000 Mbit/s"), "2Gbit");
        assert.equal(canonical("250 MB/s"), "2Gbit");
        assert.equal(canonical("2gbps".replace("g", "G")), "2Gbit");
        assert.equal(canonical(2_000_000_000), "2Gbit");
        assert.equal(canonical("1.5Mbit"), "1500kbit");
        assert.equal(canonical("9600"), "9600bit");
    });

    it("is exact: what is written comes back to the bit", () =>
        fc.assert(
            fc.property(fc.integer({ min: 1, max: 10 ** 13 }), (bits) => {
                const spelled = canonical(bits);
                assert.equal(bitsPerSecond(spelled), bits);
                assert.equal(canonical(spelled), spelled);
            }),
        ));

    for (const wrong of [
        "",
        "fast",
        "-1Gbit",
        "0",
        "1.5bit",
        "2 Gbit per second",
        "20Tbit",
        "1e9",
        -5,
        1.5,
        Number.NaN,
    ])
        it(`is not ${JSON.stringify(wrong)}`, () => {
            const { error } = Rate.safeParse(wrong);
            assert.match(error?.issues[0]?.message ?? "", /a rate is text such as "2Gbit"/);
        });
});

describe("a size", () => {
    it("has one spelling, binary prefixes apart from decimal ones", () => {
        assert.equal(Size.parse("64KiB"), "64KiB");
        assert.equal(Size.parse("65536"), "64KiB");
        assert.equal(Size.parse("1 MB"), "1MB");
        assert.equal(Size.parse("8000 bit"), "1kB");
    });

    it("is exact", () =>
        fc.assert(
            fc.property(fc.integer({ min: 0, max: 10 ** 15 }), (count) =>
                assert.equal(bytes(Size.parse(count)), count),
            ),
        ));

    it("is not a negative one, nor a fraction of a byte", () => {
        for (const wrong of ["-1", "1 bit", "0.5B", "2PB"])
            assert.match(Size.safeParse(wrong).error?.issues[0]?.message ?? "", /a size is text such as "64KiB"/);
    });
});
