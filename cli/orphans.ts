/** Guests that a killed run left in a lab: the libvirt provider adopts nothing, so they would stand in its way. */
import { runInLab } from "../lab";
import type { LabProject } from "./lab-project";
import { resourcesOf } from "./state";

const DOMAIN = "libvirt:index/domain:Domain";

/** Removes every domain of the project's lab that its state does not know. @returns their names */
export async function removeOrphanDomains(project: LabProject): Promise<string[]> {
    const { stdout } = await virsh(project, "list", "--all", "--name");
    const there = stdout.split("\n").filter((name) => name !== "");
    const known = new Set(resourcesOf(project).flatMap(({ type, outputs }) => (type === DOMAIN ? [outputs.name] : [])));
    const orphans = there.filter((name) => !known.has(name));
    for (const name of orphans) {
        await virsh(project, "destroy", "--domain", name);
        await virsh(project, "undefine", "--domain", name);
    }
    return orphans;
}

const virsh = (project: LabProject, ...args: string[]) =>
    runInLab(project.lab, ["virsh", "--connect", "qemu:///system", ...args]);
