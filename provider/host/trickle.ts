/**
 * Tells a trickle: calls that go on to come one by one, as the engine sends them while it writes its whole state before and
 * after each. Windows that close by themselves gather one or two of them, and the switch looks at its whole configuration
 * for each window. A trickle is worth waiting for; a call alone, or one that follows from another, is not.
 */

/** A window that gathers no more than this has gathered few. */
const FEW = 4;
/** Windows in a row that gathered few, before it is tried whether waiting gathers more. */
const ENOUGH = 8;
/** What follows after this is something else [ms]. */
const PAUSE_MS = 500;
/** How long a window of a trickle waits after its last call, in mean times between two. */
const GAPS = 3;
/** How long it waits at most after its first call [ms]. */
const CAP_MS = 300;
/** How much the latest time between two calls counts in the mean. */
const WEIGHT = 1 / 8;
/** After as many windows in a row that waited in vain for one more than the window before had, no more are sent at a time. */
const ALIKE = 3;
/** For how many windows that is believed. */
const BELIEVED = 16;

export class Trickle {
    private isOpen = false;
    private firstAt = 0;
    private lastAt = -Infinity;
    private meanGapMs = 0;
    private waits = false;
    /** Windows in a row that gathered few, and how many of them are needed to wait. */
    private few = 0;
    private needed = ENOUGH;
    /** Whether a call of the window came while another step was under way: who sends them does not wait for each. */
    private overlapped = false;
    /** What the last windows gathered that waited in vain for more. */
    private alike = { gathered: 0, windows: 0 };
    /** How many are sent at a time, and for how many windows that is believed. */
    private limit = { calls: 0, windows: 0 };

    /** @param at when a call came [ms] @param alone whether nothing else is under way */
    came(at: number, alone: boolean): void {
        const gap = at - this.lastAt;
        if (gap > PAUSE_MS) this.forget();
        // Where all who may call wait for the window before, nobody calls, which tells nothing of how fast they do.
        else if (this.isOpen || !this.waits) this.meanGapMs += (gap - this.meanGapMs) * WEIGHT;
        if (!this.isOpen) [this.firstAt, this.overlapped] = [at, false];
        if (!alone) this.overlapped = true;
        this.isOpen = true;
        this.lastAt = at;
    }

    /** When the window closes that has so many calls [ms]; undefined where it is none of a trickle. */
    closesAt(gathered: number): number | undefined {
        if (!this.waits) return undefined;
        if (this.limit.windows > 0 && gathered >= this.limit.calls) return this.lastAt;
        return Math.min(this.lastAt + GAPS * this.meanGapMs, this.firstAt + CAP_MS);
    }

    /** @param gathered how many calls were in a window that closed @param at when [ms] */
    closed(gathered: number, at: number): void {
        this.isOpen = false;
        if (!this.waits) {
            this.few = gathered <= FEW && this.overlapped ? this.few + 1 : 0;
            this.waits = this.few >= this.needed;
        } else if (gathered === 1) {
            // What looked like a trickle was none. The next try has to wait longer for its turn.
            this.needed *= 2;
            this.forget();
        } else {
            this.needed = ENOUGH;
            if (this.limit.windows > 0) this.limit.windows--;
            else this.learn(gathered, at < this.firstAt + CAP_MS);
        }
    }

    private learn(gathered: number, waitedInVain: boolean): void {
        const windows = waitedInVain ? (gathered === this.alike.gathered ? this.alike.windows : 0) + 1 : 0;
        this.alike = { gathered, windows: windows % ALIKE };
        if (windows === ALIKE) this.limit = { calls: gathered, windows: BELIEVED };
    }

    private forget(): void {
        this.meanGapMs = 0;
        this.waits = false;
        this.few = 0;
        this.alike.windows = 0;
        this.limit.windows = 0;
    }
}
