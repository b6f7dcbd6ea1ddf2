/** How far ovs-vswitchd has come: it writes into cur_cfg the next_cfg whose changes it has carried out. */
import { HostError } from "../errors";

/** Longest wait for ovs-vswitchd [ms]; 2,000 ports in one change take it 2.6 s. */
const WAIT_MS = 20_000;

interface Waiter {
    target: number;
    done: () => void;
}

export class SwitchProgress {
    /** What `monitor` is asked for. */
    static readonly REQUEST = { Open_vSwitch: [{ columns: ["cur_cfg"] }] };
    private current = -1;
    private waiters = new Set<Waiter>();

    constructor(
        private readonly where: string,
        private readonly signal?: AbortSignal,
    ) {}

    /** The state at the time `monitor` was asked; a new connection starts anew. */
    start(tables: unknown): void {
        this.current = -1;
        this.take(tables);
    }

    /** The params of an `update` notification: monitor id, then tables. */
    update(params: unknown): void {
        if (Array.isArray(params)) this.take(params[1]);
    }

    /** @throws HostError unreachable after `timeoutMs`, cancelled when the run is */
    reached(target: number, subject: string, timeoutMs = WAIT_MS): Promise<void> {
        if (this.current >= target) return Promise.resolve();
        return new Promise((resolve, reject) => {
            const finish = (settle: () => void) => {
                clearTimeout(timer);
                this.signal?.removeEventListener("abort", cancel);
                this.waiters.delete(waiter);
                settle();
            };
            const waiter = { target, done: () => finish(resolve) };
            const cancel = () => finish(() => reject(cancelled(subject)));
            const timer = setTimeout(() => finish(() => reject(silent(this.where, subject, timeoutMs))), timeoutMs);
            this.waiters.add(waiter);
            if (this.signal?.aborted) cancel();
            else this.signal?.addEventListener("abort", cancel);
        });
    }

    private take(tables: unknown): void {
        const rows = (tables as { Open_vSwitch?: Record<string, { new?: { cur_cfg?: unknown } }> } | undefined)
            ?.Open_vSwitch;
        for (const row of Object.values(rows ?? {}))
            if (typeof row.new?.cur_cfg === "number") this.current = row.new.cur_cfg;
        for (const waiter of [...this.waiters]) if (this.current >= waiter.target) waiter.done();
    }
}

const silent = (where: string, subject: string, timeoutMs: number) =>
    new HostError(
        "unreachable",
        subject,
        `is written in the switch database, but ovs-vswitchd on ${where} does not answer (waited ${timeoutMs / 1000} s)`,
        "Start or restart ovs-vswitchd there, then run the same command again.",
    );

const cancelled = (subject: string) =>
    new HostError(
        "cancelled",
        subject,
        "is written in the switch database; the wait for ovs-vswitchd was cancelled",
        "Run the same command again to finish it.",
    );
