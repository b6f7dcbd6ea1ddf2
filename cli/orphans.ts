/** Guests that a killed run left in a lab: the libvirt provider adopts nothing, so they would stand in its way. */
import { runInLab } from "../lab";
import type { LabProject } from "./lab-project";
import { resourcesOf } from "./state";

const DOMAIN = "libvirt:index/domain:Domain";

/** Removes every domain of the project's lab that its state does not know. @returns their names */
export async function removeOrphanDomains(project: LabProject): Promise<string[]> {
    const there = (await virsh(project, "list", "--all", "--name")).split("\n").filter((name) => name !== "");
    const known = new Set(resourcesOf(project).flatMap(({ type, outputs }) => (type === DOMAIN ? [outputs.name] : [])));
    const orphans = there.filter((name) => !known.has(name));
    for (const name of orphans) {
        // One that does not run any more is refused, and that is as well.
        await virsh(project, "destroy", "--domain", name).catch(() => undefined);
        await virsh(project, "undefine", "--domain", name);
    }
    return orphans;
}

/** @throws Error where libvirt does not answer or refuses */
async function virsh(project: LabProject, ...args: string[]): Promise<string> {
    const asked = ["virsh", "--connect", "qemu:///system", ...args];
    const { exitCode, stdout, stderr } = await runInLab(project.lab, asked, { timeoutMs: 30_000 });
    if (exitCode === 0) return stdout;
    throw new Error(`libvirt of the lab ${project.lab} refused \`virsh ${args.join(" ")}\`: ${stderr.trim()}`);
}
