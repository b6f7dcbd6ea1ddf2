/** Going on after a lost connection: the host is looked at anew, and what a try that was cut off has left is done by the next. */
import type { Host } from "./host";
import { carryOut } from "./host/carry-out";
import { HostError } from "./host/errors";
import type { Plan } from "./plan";
import type { HostResource } from "./resource";

/** A broken connection or a changed host: look at the host anew and go on from there, three times in all. */
export async function again<Result>(work: (attempt: number) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
        try {
            return await work(attempt);
        } catch (error) {
            if (!(error instanceof HostError) || error.kind !== "lost" || attempt === 3) throw error;
            await new Promise((resolve) => setTimeout(resolve, 100 * 4 ** attempt));
        }
    }
}

/** The tries at one change of an object. */
export class Tries {
    /** Steps of a try that was cut off which are about a link that may still be there. */
    private left: Plan = [];

    constructor(
        private readonly resource: Pick<HostResource, "type">,
        private readonly host: Host,
        private readonly subject: string,
    ) {}

    get haveLeft(): boolean {
        return this.left.length > 0;
    }

    /** Gone from the switch's database is not gone from the switch, where a try was cut off in between. */
    async untilGone(): Promise<void> {
        // A host without Open vSwitch has links too.
        if (this.resource.type.startsWith("kvmnet:ovs:"))
            await this.host.ovsdb.commit(this.subject, [], this.host.timeoutMs);
    }

    /** Carries a plan out, with what a try before it has left but for what it does itself. */
    async carryOut(plan: Plan, look?: () => Promise<unknown>): Promise<void> {
        const own = new Set(plan.map(({ onlyWith }) => onlyWith?.link));
        const whole = [...plan, ...this.left.filter(({ onlyWith }) => !own.has(onlyWith?.link))];
        this.left = whole.filter(({ onlyWith }) => onlyWith);
        await carryOut(this.host, this.subject, whole, look);
    }
}
