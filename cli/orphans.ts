/** Guests that a killed run left in a lab: the libvirt provider adopts nothing, so they would stand in its way. */
import type { LabProject } from "./lab-project";
import { resourcesOf } from "./state";
import { virsh } from "./virsh";

const DOMAIN = "libvirt:index/domain:Domain";

/** Removes every domain of the project's lab that its state does not know. @returns their names */
export async function removeOrphanDomains(project: LabProject): Promise<string[]> {
    const there = (await virsh(project.lab, "list", "--all", "--name")).split("\n").filter((name) => name !== "");
    const known = new Set(resourcesOf(project).flatMap(({ type, outputs }) => (type === DOMAIN ? [outputs.name] : [])));
    const orphans = there.filter((name) => !known.has(name));
    for (const name of orphans) {
        // One that does not run any more is refused, and that is as well.
        await virsh(project.lab, "destroy", "--domain", name).catch(() => undefined);
        await virsh(project.lab, "undefine", "--domain", name);
    }
    return orphans;
}
