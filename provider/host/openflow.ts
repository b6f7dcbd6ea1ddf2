/** Flows, groups and meters of bridges by `ovs-ofctl`, changed in bundles (OpenFlow 1.4, ovs-ofctl(8)). */
import { HostError, quoted } from "./errors";
import type { Place } from "./place";

export class Openflow {
    constructor(private readonly place: Place) {}

    /**
     * All lines of a bundle or none, in `ovs-ofctl bundle` syntax: `flow add ...`, `group add ...`, `meter add ...`.
     *
     * @throws HostError refused with the switch's words
     */
    async bundle(subject: string, bridge: string, lines: string[]): Promise<void> {
        if (lines.length === 0) return;
        await this.ask(subject, ["bundle", bridge, "-"], `${lines.join("\n")}\n`);
    }

    /** What a command of `ovs-ofctl` that only reads prints, such as `dump-flows`. */
    read(bridge: string, command: string, ...more: string[]): Promise<string> {
        return this.ask(`OVS bridge ${bridge}`, [command, bridge, ...more]);
    }

    private async ask(subject: string, argv: string[], input?: string): Promise<string> {
        const { code, stdout, stderr } = await this.place.run(
            ["ovs-ofctl", "--protocols=OpenFlow14,OpenFlow15", ...argv],
            input,
        );
        if (code === 0) return stdout;
        throw new HostError(
            "refused",
            subject,
            `the switch did not take it: ${quoted(stderr)}`,
            "Nothing of it was changed; correct what it names, then run the same command again.",
        );
    }
}
