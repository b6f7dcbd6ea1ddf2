import assert from "node:assert/strict";
import fc from "fast-check";
import { NotKnown } from "../../policies/known";
import { isAmong, passingBoth, vlansOf, type VlanRange } from "../../policies/rules/port-vlans";
import { loopEdge } from "../../policies/rules/loops";
import { bridge, patch } from "../../policies/rules/stack-examples";
import { Stack, type StackPort } from "../../policies/stack";

const port = (said: { vlanMode?: string; tag?: number | NotKnown; trunks?: unknown[] | NotKnown }) =>
    ({ vlanMode: undefined, tag: undefined, trunks: [], ...said }) as StackPort;

describe("the VLANs of a port", () => {
    const PASSES: [what: string, said: Parameters<typeof port>[0], vlans: VlanRange[] | undefined][] = [
        ["nothing said: every one", {}, undefined],
        ["a tag: that one", { tag: 10 }, [[10, 10]]],
        ["access: its tag, whatever it lists", { vlanMode: "access", tag: 10, trunks: ["20"] }, [[10, 10]]],
        [
            "a trunk: those that it lists",
            { trunks: ["10", "20-29"] },
            [
                [10, 10],
                [20, 29],
            ],
        ],
        ["a trunk with a tag that it does not use", { vlanMode: "trunk", tag: 10, trunks: ["20"] }, [[20, 20]]],
        [
            "native: its own beside those that it lists",
            { vlanMode: "native-tagged", tag: 10, trunks: ["20"] },
            [
                [20, 20],
                [10, 10],
            ],
        ],
        ["native without a list: every one", { vlanMode: "native-untagged", tag: 10 }, undefined],
        ["dot1q-tunnel: its service VLAN alone", { vlanMode: "dot1q-tunnel", tag: 100 }, [[100, 100]]],
        ["VLAN 0 alone: frames of none", { trunks: [0] }, [[0, 0]]],
    ];
    for (const [what, said, vlans] of PASSES) it(`with ${what}`, () => assert.deepEqual(vlansOf(port(said)), vlans));

    it("are not known where the port's are not", () => {
        const hidden = new NotKnown("it is not known yet");
        assert.throws(() => vlansOf(port({ tag: hidden })), NotKnown);
        assert.throws(() => vlansOf(port({ trunks: hidden })), NotKnown);
    });

    it("that pass two ports are those that pass each", () => {
        const vlan = fc.integer({ min: 0, max: 30 });
        const ranges = fc.option(
            fc.array(
                fc.tuple(vlan, vlan).map(([a, b]): VlanRange => [Math.min(a, b), Math.max(a, b)]),
                { maxLength: 4 },
            ),
            { nil: undefined },
        );
        fc.assert(
            fc.property(ranges, ranges, vlan, (a, b, one) =>
                assert.equal(isAmong(passingBoth(a, b), one), isAmong(a, one) && isAmong(b, one)),
            ),
        );
    });
});

describe("a ring of two bridges with two patches", () => {
    const ring = (...ways: object[]) =>
        loopEdge(
            new Stack([
                bridge({ name: "br0" }),
                bridge({ name: "br1" }),
                ...ways.flatMap((said, way) => [
                    patch(`a${way}`, "br0", `b${way}`, said),
                    patch(`b${way}`, "br1", `a${way}`, said),
                ]),
            ]),
        );

    it("is one in every VLAN where both are native ports that list none, whichever their native VLANs are", () => {
        const native = (tag: number) => ({ vlanMode: "native-untagged", tag });
        const { name, vlan } = ring(native(10), native(20)) ?? assert.fail("no ring");
        assert.deepEqual({ name, vlan }, { name: "the way by a1 and b1", vlan: undefined });
    });

    it("is one in the VLAN that both pass, and none where they pass none together", () => {
        assert.equal(ring({ trunks: ["10-19"] }, { vlanMode: "native-tagged", tag: 19, trunks: ["30"] })?.vlan, 19);
        assert.equal(ring({ trunks: ["10-19"] }, { vlanMode: "native-tagged", tag: 20, trunks: ["30"] }), undefined);
        assert.equal(ring({ tag: 10 }, { vlanMode: "dot1q-tunnel", tag: 100 }), undefined);
    });

    it("is not told of where it is not known yet which VLANs they pass", () => {
        assert.equal(ring({}, { trunks: new NotKnown("it is not known yet") }), undefined);
        assert.equal(ring({ tag: 10 }, { tag: new NotKnown("it is not known yet") }), undefined);
    });
});
