import assert from "node:assert/strict";
import type { Host } from "../../provider/host";
import { settled } from "../../provider/looks";
import type { Actor } from "../../provider/ours";
import type { Found } from "../../provider/resource";
import { ownerOf } from "../../provider/owner";

const owner = ownerOf("urn:pulumi:blue::shop::kvmnet:host:Tap::it");
const actor: Actor<object> = { owner, since: 0, warn: () => Promise.resolve() };
const others = ownerOf("urn:pulumi:green::shop::kvmnet:host:Tap::it").mark;

/** What is found at one look after the other; the last stays. */
async function foundAfter(...looks: (Omit<Found<object>, "state"> | undefined)[]) {
    let count = 0;
    const find = () => Promise.resolve(looks[Math.min(count++, looks.length - 1)]);
    const host = { at: () => host } as unknown as Host;
    const found = await settled(find as () => Promise<Found<object> | undefined>, host, actor, 1);
    return { found, count };
}

describe("what is found of a thing that others are at work on", () => {
    for (const [what, looks, count] of [
        ["is whose it is once it carries a mark", [{}, { mark: others }], 2],
        [
            "is told by the mark, not by what it lacks before it is done",
            [{ conflict: "it goes away" }, { mark: others }],
            2,
        ],
        ["is gone where they remove it", [{ conflict: "it goes away" }, undefined], 2],
        ["is looked at once where it is ours", [{ mark: owner.mark }], 1],
        ["is somebody's who leaves no mark, after four looks", [{ conflict: "it is no tap" }], 4],
    ] as const)
        it(what, async () => assert.deepEqual(await foundAfter(...looks), { found: looks.at(-1), count }));
});
