/** Labs that killed runs of the tests left up. */
import { existsSync } from "node:fs";
import { labDown, listLabs } from "../../lab";

/** Takes down those whose run is gone; each is named for its process (`labName`). */
export async function removeLeftLabs(): Promise<void> {
    for (const { name } of await listLabs()) {
        const [, pid] = /^spec-.+-(\d+)$/.exec(name) ?? [];
        if (pid !== undefined && !existsSync(`/proc/${pid}`)) await labDown(name);
    }
}
