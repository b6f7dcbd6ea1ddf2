import assert from "node:assert/strict";
import fc from "fast-check";
import { cpusOf, listOf, maskOf } from "../../tuning/cpus";
import { framesPerSecond, pcieCapacity, ringSpan, shownSeconds, tcpGoodput } from "../../tuning/physics";
import { ringBytes, ringFor } from "../../tuning/rings";

describe("what a link carries", () => {
    it("is the table of RFC 5180", () => {
        assert.equal(Math.floor(framesPerSecond(1e9, 64)), 1_488_095);
        assert.equal(Math.floor(framesPerSecond(10e9, 1518)), 812_743);
        assert.equal(Math.round(framesPerSecond(10e9, 1518)), 812_744);
        assert.equal(Math.round(framesPerSecond(100e9, 64)), 148_809_524);
    });

    it("of which TCP has 94.1 % at 1500 and 99.0 % at 9000 bytes", () =>
        assert.deepEqual([tcpGoodput(1500).toFixed(3), tcpGoodput(9000).toFixed(3)], ["0.941", "0.990"]));

    it("fills a ring in that time", () => {
        assert.equal(shownSeconds(ringSpan(1024, 10e9, 64)), "68.8 us");
        assert.equal(shownSeconds(ringSpan(4096, 10e9, 1518)), "5.04 ms");
    });
});

describe("what a slot carries", () => {
    it("is its lanes after line code, and less after packet headers", () => {
        const gbit = (generation: number, lanes: number) => Math.round(pcieCapacity(generation, lanes).ceiling / 1e9);
        assert.deepEqual([gbit(2, 8), gbit(3, 8), gbit(3, 16), gbit(4, 16), gbit(5, 8)], [32, 63, 126, 252, 252]);
        const { ceiling, effective } = pcieCapacity(3, 16);
        assert.ok(effective < 0.92 * ceiling && effective > 0.9 * ceiling);
    });

    it("is not known for a generation that there is not", () =>
        assert.throws(() => pcieCapacity(9, 8), /generations are/));
});

describe("a ring for a stall", () => {
    it("holds what arrives meanwhile, or is the largest there is", () =>
        fc.assert(
            fc.property(
                fc.double({ min: 1e6, max: 4e11, noNaN: true }),
                fc.double({ min: 1e-7, max: 1, noNaN: true }),
                (rate, stall) => {
                    const { ring, needed } = ringFor(rate, stall, 1518);
                    assert.ok(ring >= needed || ring === 1024);
                    assert.ok(ring === 256 || ring / 2 < needed);
                },
            ),
        ));

    it("has 26 bytes a descriptor and 12 more", () => assert.equal(ringBytes(256), 6668));
});

describe("a list of CPUs", () => {
    const ids = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { minLength: 1 });

    it("comes back as it went", () =>
        fc.assert(
            fc.property(ids, (some) =>
                assert.deepEqual(
                    cpusOf(listOf(some)),
                    [...some].sort((a, b) => a - b),
                ),
            ),
        ));

    it("has one bit each in a mask, in groups of 32", () => {
        assert.equal(maskOf([0, 1, 33]), "2,00000003");
        assert.equal(maskOf([]), "0");
        fc.assert(
            fc.property(ids, (some) => {
                const bits = BigInt(`0x${maskOf(some).replaceAll(",", "")}`);
                assert.deepEqual(
                    some.every((id) => (bits >> BigInt(id)) & 1n),
                    true,
                );
                assert.equal(bits.toString(2).replaceAll("0", "").length, some.length);
            }),
        );
    });

    it("ascends", () => assert.throws(() => cpusOf("3-1"), /ascends/));
});
