import assert from "node:assert/strict";
import fc from "fast-check";
import { checkWord } from "../../provider/host/batch";
import { ownerFrom, ownerOf, sameStack } from "../../provider/owner";

const urn = fc
    .string({ unit: "binary" })
    .map((name) => `urn:pulumi:dev::shop::kvmnet:index:VlanTap$kvmnet:host:Tap::${name}`);

describe("an owner mark", () => {
    it("tells stack, type and name of its resource", () => {
        const { mark, ...owner } = ownerOf("urn:pulumi:dev::shop::kvmnet:index:VlanTap$kvmnet:host:Tap::web-0");
        assert.match(mark, /^kvmnet:[0-9a-f]{16}:shop\/dev\/kvmnet:host:Tap\/web-0$/);
        assert.deepEqual(ownerFrom(mark), { mark, ...owner });
    });

    it("has at most 200 bytes and is one safe word for any resource name", () =>
        fc.assert(
            fc.property(urn, (one) => {
                const { mark } = ownerOf(one);
                assert.ok(Buffer.byteLength(mark) <= 200);
                checkWord(mark);
            }),
        ));

    it("differs where the URN does, also in letters that it cannot carry", () =>
        fc.assert(
            fc.property(urn, urn, (one, other) =>
                assert.equal(ownerOf(one).mark === ownerOf(other).mark, one === other),
            ),
        ));

    it("is of the same stack only when project and stack are", () => {
        const mark = (stack: string, project: string) =>
            ownerOf(`urn:pulumi:${stack}::${project}::kvmnet:host:Tap::t`).mark;
        assert.ok(sameStack(mark("dev", "shop"), mark("dev", "shop")));
        assert.ok(!sameStack(mark("dev", "shop"), mark("prod", "shop")));
        assert.ok(!sameStack(undefined, undefined));
        assert.ok(!sameStack("kvmnet:", mark("dev", "shop")));
    });
});
