/** Calls that come one by one: when a window waits for more of them, and when it has nothing to wait for. */
import assert from "node:assert/strict";
import { Trickle } from "../../provider/host/trickle";

/** Calls of an engine, answered when their window closes; time is counted, not waited for. */
interface Sender {
    calls: number;
    /** From one call to the next [ms]. */
    gapMs: number;
    /** How many it sends before it waits for an answer. */
    inFlight?: number;
    /** From the answer to the next call [ms]; the gap where it is not told. */
    restMs?: number;
    /** Whether it waits for each before it sends the next. */
    alone?: boolean;
}

/** @returns how many calls each window had, and how long its first call waited [ms] */
function windowsOf(
    { calls, gapMs, inFlight = Infinity, restMs = gapMs, alone = false }: Sender,
    trickle = new Trickle(),
    from = 0,
) {
    const windows: { gathered: number; waitedMs: number }[] = [];
    let now = from;
    for (let sent = 0; sent < calls;) {
        const firstAt = now;
        let gathered = 0;
        let closesAt: number;
        do {
            now = gathered === 0 ? now : now + gapMs;
            trickle.came(now, alone);
            gathered++;
            sent++;
            closesAt = trickle.closesAt(gathered) ?? now;
        } while (gathered < inFlight && sent < calls && now + gapMs < closesAt);
        trickle.closed(gathered, closesAt);
        windows.push({ gathered, waitedMs: closesAt - firstAt });
        now = gathered < inFlight ? Math.max(closesAt, now + gapMs) : closesAt + restMs;
    }
    return windows;
}

const mean = (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

describe("a trickle", () => {
    it("waits for nothing at first: a few calls go as they come", () => {
        const windows = windowsOf({ calls: 8, gapMs: 25 });
        assert.ok(windows.every(({ gathered, waitedMs }) => gathered === 1 && waitedMs === 0));
    });

    it("is gathered, up to 300 ms, when calls go on to come one by one", () => {
        const windows = windowsOf({ calls: 300, gapMs: 25 }).slice(8);
        assert.ok(mean(windows.map(({ gathered }) => gathered)) > 10);
        for (const { waitedMs } of windows) assert.ok(waitedMs <= 300, `${waitedMs}`);
    });

    it("is closed at once when it has as many as are sent at a time, once that is known", () => {
        const windows = windowsOf({ calls: 300, gapMs: 20, inFlight: 8, restMs: 160 });
        const later = windows.slice(-12);
        assert.ok(
            later.every(({ gathered }) => gathered === 8 || gathered === 4),
            JSON.stringify(later),
        );
        assert.equal(later.filter(({ waitedMs }) => waitedMs === 140).length >= 10, true, JSON.stringify(later));
    });

    it("is none where nothing else is ever under way: each call follows from the one before", () => {
        const windows = windowsOf({ calls: 2000, gapMs: 60, inFlight: 1, alone: true });
        assert.ok(windows.every(({ gathered, waitedMs }) => gathered === 1 && waitedMs === 0));
    });

    it("is none where calls come alone now and then", () => {
        const trickle = new Trickle();
        for (let call = 0; call < 200; call++) {
            trickle.came(call * 20, call % 4 === 0);
            assert.equal(trickle.closesAt(1), undefined);
            trickle.closed(1, call * 20);
        }
    });

    it("is none where waiting gathers nobody, which is tried more and more seldom", () => {
        const windows = windowsOf({ calls: 2000, gapMs: 10, inFlight: 1 });
        const held = windows.filter(({ waitedMs }) => waitedMs > 0);
        assert.ok(held.length > 0 && held.length <= 8, `${held.length}`);
        assert.ok(held.every(({ waitedMs }) => waitedMs <= 30));
    });

    it("is none where many come at a time", () => {
        const trickle = new Trickle();
        for (let window = 0; window < 100; window++) {
            for (let call = 0; call < 20; call++) trickle.came(window * 50 + call, false);
            assert.equal(trickle.closesAt(20), undefined);
            trickle.closed(20, window * 50 + 25);
        }
    });

    it("is over after a pause: what comes then goes as it comes", () => {
        const trickle = new Trickle();
        windowsOf({ calls: 300, gapMs: 25 }, trickle);
        const [first] = windowsOf({ calls: 1, gapMs: 25 }, trickle, 300 * 25 + 2_000);
        assert.deepEqual(first, { gathered: 1, waitedMs: 0 });
    });
});
