import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { Turnout, Window } from "../../provider/host/window";

const NEVER = 60_000;

/** A window that notes what is flushed together; each flush ends when it is told to, or at once. */
function gathering({
    turnout,
    flushed = () => Promise.resolve(),
    idleMs = 5,
    completeMs = 1,
    capMs = 25,
}: {
    turnout?: Turnout;
    flushed?: () => Promise<void>;
    idleMs?: number;
    completeMs?: number;
    capMs?: number;
} = {}) {
    const groups: number[][] = [];
    const window = new Window<number, number>(
        async (items) => {
            groups.push(items);
            await flushed();
            return items.map((item) => (item < 0 ? { error: new Error(`${item}`) } : { result: item * 2 }));
        },
        turnout,
        { idleMs, completeMs, capMs },
    );
    return { groups, window };
}

describe("a window", () => {
    it("makes one group of what arrives at the same moment, and gives each its own verdict", async () => {
        const { groups, window } = gathering();
        const outcome = await Promise.allSettled([1, -2, 3].map((item) => window.add(item)));
        assert.deepEqual(groups, [[1, -2, 3]]);
        assert.deepEqual(
            outcome.map((one) => (one.status === "fulfilled" ? one.value : String(one.reason))),
            [2, "Error: -2", 6],
        );
    });

    it("closes at its cap, though the next call always comes before the silence is long enough", async () => {
        const { groups, window } = gathering({ idleMs: NEVER, capMs: 20 });
        const calls = [window.add(0)];
        for (let item = 1; groups.length === 0; item++) {
            calls.push(window.add(item));
            await setTimeout(1);
        }
        await Promise.race(calls);
        assert.ok(calls.length > 1);
    });

    it("gathers the next group while one is flushed", async () => {
        let end = () => {};
        const first = new Promise<void>((resolve) => (end = resolve));
        const { groups, window } = gathering({ flushed: () => (groups.length === 1 ? first : Promise.resolve()) });
        const calls = [window.add(1)];
        while (groups.length === 0) await setTimeout(1);
        for (const item of [2, 3]) {
            calls.push(window.add(item));
            await setTimeout(10);
        }
        assert.deepEqual(groups, [[1]]);
        end();
        await Promise.all(calls);
        assert.deepEqual(groups, [[1], [2, 3]]);
    });

    it("does not wait for company with a call of many parts, unless others are under way", async () => {
        const turnout = new Turnout();
        const { groups, window } = gathering({ turnout, completeMs: NEVER, idleMs: 20, capMs: NEVER });
        await turnout.during(() => window.add(1, 1000));
        assert.deepEqual(groups, [[1]]);
        const many = (item: number) => turnout.during(() => window.add(item, 1000));
        await turnout.during(() => Promise.all([many(2), setTimeout(1).then(() => many(3))]));
        assert.deepEqual(groups, [[1], [2, 3]]);
    });

    it("waits longer when calls go on to come one by one, though each window would close before the next call", async () => {
        const turnout = new Turnout();
        const { groups, window } = gathering({ turnout, idleMs: 0, completeMs: 0, capMs: 0 });
        const calls: Promise<number>[] = [];
        await turnout.during(async () => {
            for (let item = 0; item < 40; item++) {
                calls.push(turnout.during(() => window.add(item)));
                await setTimeout(5);
            }
            await Promise.all(calls);
        });
        assert.deepEqual(groups.flat(), [...calls.keys()]);
        assert.ok(groups.length < 30, `${groups.length}`);
    });

    it("fails for all where the flush as a whole does", async () => {
        const window = new Window<number, void>(() => Promise.reject(new Error("gone")));
        const outcome = await Promise.allSettled([window.add(1), window.add(2)]);
        assert.ok(outcome.every(({ status }) => status === "rejected"));
    });

    it("loses, doubles and mixes up nothing, whenever calls come", () =>
        fc.assert(
            fc.asyncProperty(
                fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1000 })), {
                    maxLength: 30,
                }),
                async (arrivals) => {
                    const { groups, window } = gathering({ idleMs: 1, capMs: 3, flushed: () => setTimeout(1) });
                    const results = await Promise.all(
                        arrivals.map(async ([after, item]) => {
                            await setTimeout(after);
                            return window.add(item);
                        }),
                    );
                    assert.deepEqual(
                        results,
                        arrivals.map(([, item]) => item * 2),
                    );
                    const sorted = (items: number[]) => [...items].sort((a, b) => a - b);
                    assert.deepEqual(sorted(groups.flat()), sorted(arrivals.map(([, item]) => item)));
                },
            ),
            { numRuns: 20 },
        ));

    describe("that knows who is under way", () => {
        it("does not wait for the silence when all of them have come", async () => {
            const turnout = new Turnout();
            const { groups, window } = gathering({ turnout, idleMs: NEVER, capMs: NEVER });
            await Promise.all([1, 2].map((item) => turnout.during(() => window.add(item))));
            assert.deepEqual(groups, [[1, 2]]);
        });

        it("waits for one that is elsewhere, until it comes", async () => {
            const turnout = new Turnout();
            const { groups, window } = gathering({ turnout, idleMs: NEVER, capMs: NEVER });
            let come = () => {};
            const elsewhere = new Promise<void>((resolve) => (come = resolve));
            const calls = [
                turnout.during(() => elsewhere.then(() => window.add(2))),
                turnout.during(() => window.add(1)),
            ];
            await setTimeout(20);
            assert.deepEqual(groups, []);
            come();
            await Promise.all(calls);
            assert.deepEqual(groups, [[1, 2]]);
        });

        it("waits for one that began after the others had come", async () => {
            const turnout = new Turnout();
            const { groups, window } = gathering({ turnout, idleMs: NEVER, capMs: NEVER });
            let come = () => {};
            const elsewhere = new Promise<void>((resolve) => (come = resolve));
            const first = turnout.during(() => window.add(1));
            const second = turnout.during(() => elsewhere.then(() => window.add(2)));
            await setTimeout(20);
            assert.deepEqual(groups, []);
            come();
            await Promise.all([first, second]);
            assert.deepEqual(groups, [[1, 2]]);
        });

        it("waits for nobody longer than the silence", async () => {
            const turnout = new Turnout();
            const { groups, window } = gathering({ turnout, idleMs: 1 });
            const never = new Promise<void>(() => {});
            void turnout.during(() => never);
            await turnout.during(() => window.add(1));
            assert.deepEqual(groups, [[1]]);
        });
    });
});
