/** How far ovs-vswitchd has come: it writes into cur_cfg the next_cfg whose changes it has carried out. */
import { HostError } from "../errors";

/** Longest silence of ovs-vswitchd [ms]. */
const WAIT_MS = 20_000;
/** And as much more for each port of the change [ms]: the userspace datapath lets go of a tap in 8 to 16 ms. */
const WAIT_PER_PORT_MS = 50;

/** What is waited for. */
interface Terms {
    /** Ports that the change plugs or unplugs [count]. */
    ports?: number;
    /** Longest wait, whatever the change [ms]. */
    timeoutMs?: number;
}

interface Waiter {
    target: number;
    done: () => void;
    failed: (error: HostError) => void;
    /** The switch has come further, though not here yet. */
    nearer: () => void;
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

    /** Nobody will tell any more how far it comes: whoever waits must look anew. */
    lost(error: HostError): void {
        for (const waiter of [...this.waiters]) waiter.failed(error);
    }

    /** What the root row says now. */
    at(curCfg: unknown): void {
        if (typeof curCfg !== "number" || curCfg === this.current) return;
        this.current = curCfg;
        for (const waiter of [...this.waiters])
            if (this.current >= waiter.target) waiter.done();
            else waiter.nearer();
    }

    /** @throws HostError unreachable after its time, lost when the connection breaks, cancelled when the run is */
    reached(target: number, subject: string, { ports = 0, timeoutMs }: Terms = {}): Promise<void> {
        if (this.current >= target) return Promise.resolve();
        const patienceMs = timeoutMs ?? WAIT_MS + ports * WAIT_PER_PORT_MS;
        return new Promise((resolve, reject) => {
            const finish = (settle: () => void) => {
                clearTimeout(timer);
                this.signal?.removeEventListener("abort", cancel);
                this.waiters.delete(waiter);
                settle();
            };
            // A switch that carries out other changes first is at work, not silent; a limit that was asked for is one.
            const nearer = () => timeoutMs === undefined && timer.refresh();
            const failed = (error: HostError) => finish(() => reject(error));
            const waiter = { target, done: () => finish(resolve), failed, nearer };
            const cancel = () => finish(() => reject(cancelled(subject)));
            const timer = setTimeout(() => finish(() => reject(silent(this.where, subject, patienceMs))), patienceMs);
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
