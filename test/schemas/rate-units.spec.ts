import assert from "node:assert/strict";
import fc from "fast-check";
import { RATE_UNITS, rateIn, SIZE_UNITS, sizeIn, type RateUnit, type SizeUnit } from "../../schemas/rate-units";
import { Rate, Size } from "../../schemas/units";

describe("a rate in the unit of who takes it", () => {
    for (const [unit, number] of [
        ["ovs max-rate", 2_000_000_000],
        ["ovs ingress_policing_rate", 2_000_000],
        ["libvirt average", 250_000],
        ["vf max_tx_rate", 2_000],
        ["tc rate", 2_000_000_000],
    ] as const)
        it(`is ${number} for ${unit} where it is 2Gbit`, () => {
            assert.equal(rateIn(Rate.parse("2Gbit"), unit), number);
            assert.equal(rateIn(Rate.parse("250 MB/s"), unit), number);
        });

    it("is exact: what the consumer is told, in its unit, is the rate to the bit", () =>
        fc.assert(
            fc.property(
                fc.constantFrom(...(Object.keys(RATE_UNITS) as RateUnit[])),
                fc.integer({ min: 1, max: 10_000_000 }),
                (unit, count) => assert.equal(rateIn(Rate.parse(count * RATE_UNITS[unit]), unit), count),
            ),
        ));

    it("is refused where the consumer cannot be told it, with the two nearest", () =>
        assert.throws(() => rateIn(Rate.parse("9999bit"), "libvirt average"), {
            name: "RangeError",
            message: /steps of 8000 bit\/s, and 9999bit lies between 8000 and 16000/,
        }));
});

describe("a size in the unit of who takes it", () => {
    for (const [unit, number] of [
        ["libvirt burst", 1_000],
        ["ovs ingress_policing_burst", 8_192],
        ["tc burst", 1_024_000],
    ] as const)
        it(`is ${number} for ${unit} where it is 1000KiB`, () =>
            assert.equal(sizeIn(Size.parse("1000KiB"), unit), number));

    it("is exact, or refused", () => {
        fc.assert(
            fc.property(
                fc.constantFrom(...(Object.keys(SIZE_UNITS) as SizeUnit[])),
                fc.integer({ min: 1, max: 1_000_000 }),
                (unit, count) =>
                    assert.equal(sizeIn(Size.parse((count * SIZE_UNITS[unit] * 1_000) / 8), unit), count * 1_000),
            ),
        );
        assert.throws(() => sizeIn(Size.parse("1500B"), "libvirt burst"), /lies between 8192 and 16384/);
    });
});
