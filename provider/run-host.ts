/** The host of a run: opened when first needed, once for all steps, until the run is cancelled. */
import { HostRef } from "../schemas/host-ref";
import { DEFAULT_HOST } from "./config";
import type { EngineLog } from "./engine-log";
import { openHost, type Host } from "./host";
import { HostError } from "./host/errors";
import type { Secrets } from "./secrecy";

export class RunHost {
    /** As the program has it; undefined while it is not known, in a preview. */
    text: string | undefined = DEFAULT_HOST;
    private host: Promise<Host> | undefined;
    private readonly cancelling = new AbortController();

    constructor(private readonly log: EngineLog) {}

    /** For a look ahead of a step; undefined where it cannot be had, of which whoever comes to need it is told. */
    async ahead(): Promise<Host | undefined> {
        if (this.text === undefined || this.cancelling.signal.aborted) return undefined;
        return this.reached(this.text).catch(() => undefined);
    }

    /** For a step. @throws HostError cancelled, and what opening a host does */
    async opened({ urn, timeoutMs }: { urn: string; timeoutMs?: number }, secrets: Secrets): Promise<Host> {
        if (this.cancelling.signal.aborted)
            throw new HostError(
                "cancelled",
                "kvmnet",
                "the run was cancelled before this began",
                "Run the same command again.",
            );
        if (this.text === undefined)
            throw new HostError(
                "bug",
                "kvmnet",
                "the provider's argument host is not known yet",
                "Please report this.",
            );
        const status = (message: string) => this.log.status(urn, secrets.hidden(message));
        return (await this.reached(this.text)).at({ status, ...(timeoutMs ? { timeoutMs } : {}) });
    }

    /** Ends waiting; what runs comes to an end, and nothing new begins. */
    cancel(): void {
        this.cancelling.abort();
    }

    async close(): Promise<void> {
        await this.host?.then((host) => host.close()).catch(() => undefined);
    }

    /** One that could not be opened is tried anew by the next. */
    private async reached(text: string): Promise<Host> {
        const host = (this.host ??= openHost(HostRef.parse(text), this.cancelling.signal, (message) =>
            this.log.debug(message),
        ));
        try {
            return await host;
        } catch (error) {
            if (this.host === host) this.host = undefined;
            throw error;
        }
    }
}
