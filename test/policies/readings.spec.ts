import assert from "node:assert/strict";
import { NotKnown } from "../../policies/known";
import { Readings } from "../../policies/readings";

const of = (urn: string, props: object) => ({ urn, props });

describe("the reading of a resource", () => {
    it("is one object for all rules of one judgement", () => {
        const readings = new Readings();
        const first = readings.of("a", of("u", { mtu: 1500 }));
        assert.equal(readings.of("b", of("u", { mtu: 1500 })), first);
        assert.notEqual(readings.of("a", of("other", { mtu: 1500 })), first);
    });

    it("is made anew when a rule asks again: the resource may have changed", () => {
        const readings = new Readings();
        readings.of("a", of("u", { mtu: 1500 }));
        readings.of("b", of("u", { mtu: 1500 }));
        assert.deepEqual(readings.of("a", of("u", { mtu: 9000 })), { mtu: 9000 });
        assert.deepEqual(readings.of("b", of("u", { mtu: 9000 })), { mtu: 9000 });
    });

    it("is right however judgements of many resources mix", () => {
        const readings = new Readings();
        for (const rule of ["a", "b"])
            for (let index = 0; index < 500; index += 1)
                assert.deepEqual(readings.of(rule, of(`u${index}`, { index })), { index });
    });

    it("keeps what is read of values that are not there", () =>
        assert.deepEqual(new Readings().of("a", of("u", { mtu: new NotKnown("later") })), {
            mtu: new NotKnown("later"),
        }));
});
