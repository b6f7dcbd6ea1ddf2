/** What becomes true a moment later, such as the end of a process that was killed. */
import { setTimeout } from "node:timers/promises";

/** Looks until the check passes. @throws the check's own error where it does not in time, half a minute unless told otherwise */
export async function eventually(check: () => unknown, patienceMs = 30_000): Promise<void> {
    for (const end = Date.now() + patienceMs; ; await setTimeout(20)) {
        try {
            await check();
            return;
        } catch (error) {
            if (Date.now() > end) throw error;
        }
    }
}
