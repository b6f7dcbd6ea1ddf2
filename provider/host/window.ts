/** Gathers calls that arrive at the same moment, so that they become one request to the host. */
import { Trickle } from "./trickle";

/** What became of one item: the result, or the error that only this item's caller gets. */
export type Verdict<Result> = { result: Result } | { error: unknown };

/** The steps that are under way: as long as one of them is elsewhere, it may still come to a window. */
export class Turnout {
    private steps = 0;
    private atRest: (() => void)[] = [];

    get expected(): number {
        return this.steps;
    }

    /** Counts a step from its beginning to its end. */
    async during<Result>(step: () => Promise<Result>): Promise<Result> {
        this.steps++;
        try {
            return await step();
        } finally {
            this.steps--;
            this.rest();
        }
    }

    /** Does it once no step is under way, and what the last of them had to say is on its way. */
    whenAtRest(work: () => void): void {
        this.atRest.push(work);
        this.rest();
    }

    private rest(): void {
        if (this.steps > 0) return;
        // An answer is written in the next turn of the event loop.
        for (const work of this.atRest.splice(0)) setImmediate(() => setImmediate(work));
    }
}

/** When a window closes [ms]. */
export interface Times {
    /** After the last call, while others may come. */
    idleMs: number;
    /** After the last call, when all who are under way have come: a burst is still being read from the socket. */
    completeMs: number;
    /** After the first call, whoever may come. */
    capMs: number;
}

const TIMES: Times = { idleMs: 5, completeMs: 1, capMs: 25 };
/** A change of as many parts gains little by sharing a request with another. */
const MANY = 16;

/**
 * Closes after a silence, or at its cap, and hands all items to `flush`. While one flush runs the next items gather.
 *
 * @param flush   answers with one verdict an item, in order; a throw is everybody's error
 * @param turnout who may come; without it everybody may, at any time
 */
export class Window<Item, Result> {
    private waiting: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = [];
    private firstAt = 0;
    private lastAt = 0;
    private timer: NodeJS.Timeout | undefined;
    private flushing = false;
    private readonly trickle = new Trickle();

    constructor(
        private readonly flush: (items: Item[]) => Promise<Verdict<Result>[]>,
        private readonly turnout?: Turnout,
        private readonly times: Times = TIMES,
    ) {}

    /** @param parts of how many lines or operations it consists; who brings many waits for nobody when all have come */
    add(item: Item, parts = 1): Promise<Result> {
        return new Promise((resolve, reject) => {
            this.lastAt = performance.now();
            if (this.waiting.length === 0) this.firstAt = this.lastAt;
            this.trickle.came(this.lastAt, (this.turnout?.expected ?? 1) <= 1);
            this.waiting.push({ item, resolve, reject });
            if (parts >= MANY && this.isComplete() && !this.flushing) void this.close();
            else this.arm();
        });
    }

    private arm(): void {
        if (this.flushing || this.waiting.length === 0) return;
        clearTimeout(this.timer);
        const left = this.closesAt() - performance.now();
        // Whoever began in the meantime is waited for, so it is asked again when the time has come.
        this.timer = setTimeout(
            () => (this.closesAt() > performance.now() ? this.arm() : void this.close()),
            Math.max(0, left),
        );
    }

    private closesAt(): number {
        const ofTrickle = this.trickle.closesAt(this.waiting.length);
        if (ofTrickle !== undefined) return ofTrickle;
        const { idleMs, completeMs, capMs } = this.times;
        return Math.min(this.lastAt + (this.isComplete() ? completeMs : idleMs), this.firstAt + capMs);
    }

    private isComplete(): boolean {
        return this.turnout !== undefined && this.waiting.length >= this.turnout.expected;
    }

    private async close(): Promise<void> {
        clearTimeout(this.timer);
        const batch = this.waiting;
        this.waiting = [];
        this.flushing = true;
        this.trickle.closed(batch.length, performance.now());
        try {
            const verdicts = await this.flush(batch.map(({ item }) => item));
            batch.forEach(({ resolve, reject }, index) => {
                const verdict = verdicts[index];
                if (verdict && "result" in verdict) resolve(verdict.result);
                else reject(verdict?.error ?? new Error("a batch ended without a verdict for one of its items"));
            });
        } catch (error) {
            for (const { reject } of batch) reject(error);
        } finally {
            this.flushing = false;
            this.arm();
        }
    }
}
