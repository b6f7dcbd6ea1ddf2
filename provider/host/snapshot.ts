/** One bulk read that serves whoever asks: never older than the caller allows, never older than our own last write. */
export class Snapshot<Value> {
    private kept: { value: Value; startedAt: number } | undefined;
    private running: { value: Promise<Value>; startedAt: number } | undefined;
    private queued: Promise<Value> | undefined;
    private writtenAt = 0;
    private besideAt = 0;

    constructor(private readonly readAll: () => Promise<Value>) {}

    /**
     * @param maxAgeMs  how old the answer may be [ms]; 0 asks the host, together with all who ask meanwhile
     * @param readSince an answer that was asked for since then serves too, by `performance.now()`
     */
    get(maxAgeMs = 0, readSince = Infinity): Promise<Value> {
        const { kept, running } = this;
        const isYoung = (startedAt: number) => startedAt > this.besideAt && performance.now() - startedAt < maxAgeMs;
        const isFresh = ({ startedAt }: { startedAt: number }) =>
            startedAt > this.writtenAt && (startedAt >= readSince || isYoung(startedAt));
        if (kept && isFresh(kept)) return Promise.resolve(kept.value);
        if (running && isFresh(running)) return running.value;
        // A read that runs began before this question, so its answer may be too old: one more serves all who wait.
        this.queued ??= (running ? running.value.catch(() => undefined) : soon()).then(() => {
            this.queued = undefined;
            const startedAt = performance.now();
            return (this.running = { value: this.read(startedAt), startedAt }).value;
        });
        return this.queued;
    }

    /** What somebody else has just read, or was told. */
    renewed(value: Value): void {
        this.kept = { value, startedAt: performance.now() };
    }

    /** What was read before now is out of date. */
    outdated(): void {
        this.writtenAt = performance.now();
    }

    /** What was read before now goes on to serve the step that asks by `readSince`, and nobody by its age. */
    outdatedBeside(): void {
        this.besideAt = performance.now();
    }

    private async read(startedAt: number): Promise<Value> {
        try {
            const value = await this.readAll();
            this.kept = { value, startedAt };
            return value;
        } finally {
            this.running = undefined;
        }
    }
}

/** Those who ask in the same turn of the event loop share one read. */
const soon = () => new Promise<void>((resolve) => setImmediate(resolve));
