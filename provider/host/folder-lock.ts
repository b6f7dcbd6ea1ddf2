/** A folder of the host that one at a time writes to, also where two programs of Pulumi run at the same moment. */
import { once } from "node:events";
import { HostError } from "./errors";
import type { Place } from "./place";
import { ended } from "./run";

/** Longest wait for another who holds it [s]: who does, looks and writes. */
const WAIT_S = 20;

/**
 * @returns what is wrong with the folder; undefined when the work was done
 * @throws HostError refused where another holds it for too long
 */
export async function holding(place: Place, folder: string, work: () => Promise<void>): Promise<string | undefined> {
    // It has the lock once it repeats what it is told, and lets go when it hears no more: also when we are killed.
    const child = await place.start(["flock", "--timeout", String(WAIT_S), "--", folder, "cat"]);
    const over = ended(child, "flock", (WAIT_S + 60) * 1_000);
    child.stdin.on("error", () => undefined).write("\n");
    try {
        const isHeld = await Promise.race([
            once(child.stdout as NonNullable<typeof child.stdout>, "data").then(() => true),
            over.then(() => false),
        ]);
        if (isHeld) {
            await work();
            return undefined;
        }
    } finally {
        child.stdin.end();
    }
    const { stderr } = await over;
    if (stderr.trim() !== "") return stderr.trim();
    throw new HostError(
        "refused",
        folder,
        `another run has held it for longer than ${WAIT_S} s, so what was changed is not kept over a restart of ovs-vswitchd yet`,
        "Run the same command again once that one is over.",
    );
}
