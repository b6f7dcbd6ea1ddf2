/** Links that Open vSwitch waits for: a port was declared before its device was there. */
import { setTimeout } from "node:timers/promises";
import type { Host } from "../host";
import { carryOut } from "../host/carry-out";
import { HostError } from "../host/errors";
import { numberOf, textOf } from "../host/ovsdb/columns";
import type { Replica } from "../host/ovsdb/replica";
import { ip } from "../plan";
import { setLink } from "./link-marks";

/** How old the copy of the switch database may be [ms]: it follows the switch by itself. */
const COPY_AGE_MS = 1_000;
const POLL_MS = 50;
/** Longest wait for ovs-vswitchd, which may not run at all [ms]. */
const PATIENCE_MS = 2_000;

/** The host's switch; undefined where there is none, or none that answers. */
export async function switchIfThere(host: Host): Promise<Replica | undefined> {
    try {
        return await host.at({ maxAgeMs: COPY_AGE_MS }).switch();
    } catch (error) {
        if (error instanceof HostError) return undefined;
        throw error;
    }
}

/**
 * Comes back when links that were just made are up, also where Open vSwitch takes them in at that moment: it reads a
 * link's flags and writes them back with one more, so that one set up in between is down again.
 *
 * @see lib/netdev-linux.c update_flags, of Open vSwitch
 */
export async function staysUp(host: Host, subject: string, names: readonly string[]): Promise<void> {
    const known = await switchIfThere(host);
    const awaited = names.filter((name) => known?.byName("Interface", name));
    if (awaited.length === 0) return;
    for (let waited = 0; waited < PATIENCE_MS && !host.signal?.aborted; waited += POLL_MS) {
        const view = await switchIfThere(host);
        const taken = awaited.every((name) => isTaken(view, name));
        const links = await host.links();
        const down = awaited.filter((name) => links.get(name)?.up === false);
        if (down.length > 0)
            await carryOut(host, subject, [
                ip(
                    `sets ${down.join(", ")} up again`,
                    down.map((name) => setLink(name, "up")),
                ),
            ]);
        if (taken) return;
        await setTimeout(POLL_MS);
    }
}

/** Whether the switch is done with an interface, for good or ill. */
function isTaken(view: Replica | undefined, name: string): boolean {
    const row = view?.byName("Interface", name);
    return !row || (numberOf(row.ofport) ?? 0) > 0 || textOf(row.type) === "internal";
}
