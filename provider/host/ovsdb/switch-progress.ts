/** How far ovs-vswitchd has come: it writes into cur_cfg the next_cfg whose changes it has carried out. */
import { HostError } from "../errors";

/** Longest wait for ovs-vswitchd [ms]; 2,000 ports in one change take it 2.6 s. */
const WAIT_MS = 20_000;

interface Waiter {
    target: number;
    done: () => void;
}

export class SwitchProgress {
    private current = -1;
    private waiters = new Set<Waiter>();

    constructor(
        private readonly where: string,
        private readonly signal?: AbortSignal,
    ) {}

    /** A new connection starts anew: the database behind it may be another. */
    restart(): void {
        this.current = -1;
    }

    /** What the root row says now. */
    at(curCfg: unknown): void {
        if (typeof curCfg === "number") this.current = curCfg;
        for (const waiter of [...this.waiters]) if (this.current >= waiter.target) waiter.done();
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
