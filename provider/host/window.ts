/** Gathers calls that arrive at the same moment, so that they become one request to the host. */

/** What became of one item: the result, or the error that only this item's caller gets. */
export type Verdict<Result> = { result: Result } | { error: unknown };

/**
 * Closes `idleMs` after the last call and at most `capMs` after the first, then hands all items to `flush`. While one
 * flush runs the next items gather.
 *
 * @param flush answers with one verdict an item, in order; a throw is everybody's error
 */
export class Window<Item, Result> {
    private waiting: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = [];
    private opened = 0;
    private timer: NodeJS.Timeout | undefined;
    private flushing = false;

    constructor(
        private readonly flush: (items: Item[]) => Promise<Verdict<Result>[]>,
        private readonly idleMs = 5,
        private readonly capMs = 25,
    ) {}

    add(item: Item): Promise<Result> {
        return new Promise((resolve, reject) => {
            if (this.waiting.length === 0) this.opened = performance.now();
            this.waiting.push({ item, resolve, reject });
            this.arm();
        });
    }

    private arm(): void {
        if (this.flushing || this.waiting.length === 0) return;
        clearTimeout(this.timer);
        const left = this.opened + this.capMs - performance.now();
        this.timer = setTimeout(() => void this.close(), Math.max(0, Math.min(this.idleMs, left)));
    }

    private async close(): Promise<void> {
        const batch = this.waiting;
        this.waiting = [];
        this.flushing = true;
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
            this.opened = performance.now();
            this.arm();
        }
    }
}
