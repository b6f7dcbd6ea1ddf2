import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { Snapshot } from "../../provider/host/snapshot";

/** A host with one number, which reads it as slowly as it is told. */
function counting(takesMs = 0) {
    const host = { value: 0, reads: 0 };
    const snapshot = new Snapshot(async () => {
        host.reads++;
        const { value } = host;
        await setTimeout(takesMs);
        return value;
    });
    return { host, snapshot };
}

describe("one read for all who ask", () => {
    it("serves everybody who asks at the same moment", async () => {
        const { host, snapshot } = counting();
        await Promise.all(Array.from({ length: 1000 }, () => snapshot.get()));
        assert.equal(host.reads, 1);
    });

    it("serves what somebody else was told since, until something is written", async () => {
        const { host, snapshot } = counting();
        const began = performance.now();
        snapshot.renewed(7);
        assert.equal(await snapshot.get(0, began), 7);
        assert.equal(host.reads, 0);
        snapshot.outdated();
        assert.equal(await snapshot.get(60_000), 0);
        assert.equal(host.reads, 1);
    });

    it("serves a step that began before something was written beside it, and nobody by its age", async () => {
        const { host, snapshot } = counting();
        const began = performance.now();
        await snapshot.get();
        snapshot.outdatedBeside();
        await snapshot.get(0, began);
        assert.equal(host.reads, 1);
        await snapshot.get(60_000);
        assert.equal(host.reads, 2);
    });

    it("serves who asks later, within the age that is allowed", async () => {
        const { host, snapshot } = counting();
        await snapshot.get(60_000);
        await snapshot.get(60_000);
        assert.equal(host.reads, 1);
        await setTimeout(5);
        await snapshot.get(1);
        assert.equal(host.reads, 2);
    });

    it("is not what a read found that began before the question, unless that age is allowed", async () => {
        const { host, snapshot } = counting(5);
        const first = snapshot.get();
        while (host.reads === 0) await setTimeout(1);
        host.value = 1;
        assert.equal(await snapshot.get(), 1);
        assert.equal(await first, 0);
    });

    it("is never older than our own last write, whatever age is allowed", () =>
        fc.assert(
            fc.asyncProperty(
                fc.array(fc.constantFrom("ask", "write", "pause"), { minLength: 1, maxLength: 30 }),
                async (steps) => {
                    const { host, snapshot } = counting(1);
                    const asked: Promise<void>[] = [];
                    for (const step of steps)
                        if (step === "pause") await setTimeout(1);
                        else if (step === "write") {
                            host.value++;
                            snapshot.outdated();
                        } else {
                            const least = host.value;
                            asked.push(snapshot.get(60_000).then((value) => assert.ok(value >= least)));
                        }
                    await Promise.all(asked);
                },
            ),
            { numRuns: 50 },
        ));

    it("is asked for again after it failed", async () => {
        let fails = true;
        const snapshot = new Snapshot(() => (fails ? Promise.reject(new Error("gone")) : Promise.resolve(1)));
        await assert.rejects(snapshot.get(60_000), /gone/);
        fails = false;
        assert.equal(await snapshot.get(60_000), 1);
    });
});
