/** `ovs-ofctl` on a host, which speaks every version of OpenFlow that a bridge of ours may. */
import { VERSIONS } from "./flow-spelling";
import { refused } from "./ofctl-refusal";
import type { Place } from "./place";

/** Longest wait for ovs-vswitchd, where no caller wants another [ms]. */
export const WAIT_MS = 20_000;

export class Ofctl {
    /** @param timeoutMs longest wait for ovs-vswitchd in each of its answers [ms]; absent for the usual */
    constructor(
        private readonly place: Place,
        private readonly timeoutMs?: number,
    ) {}

    /** The command line that prints something of a bridge, with ports by their numbers: `dump-flows`. */
    reading(command: string, bridge: string): string[] {
        return [...this.program(), ...dumping(command, bridge)];
    }

    dump(command: string, bridge: string): Promise<string> {
        return this.ask(bridge, dumping(command, bridge));
    }

    ask(bridge: string, argv: string[]): Promise<string> {
        return this.tell(`OVS bridge ${bridge}`, argv);
    }

    /** @throws HostError refused with the switch's words, unreachable, lost */
    async tell(subject: string, argv: string[], input?: string): Promise<string> {
        const { code, stdout, stderr } = await this.run(argv, input);
        if (code === 0) return stdout;
        throw refused(subject, stderr, this.timeoutMs);
    }

    run(argv: string[], input?: string) {
        return this.place.run([...this.program(), ...argv], input, this.timeoutMs);
    }

    /** Its alarm goes by whole seconds. */
    private program(): string[] {
        const { timeoutMs = WAIT_MS } = this;
        return [
            "ovs-ofctl",
            `--protocols=${VERSIONS.join(",")}`,
            `--timeout=${Math.max(1, Math.ceil(timeoutMs / 1000))}`,
        ];
    }
}

const dumping = (command: string, bridge: string): string[] => ["--no-stats", "--no-names", command, bridge];
