/** Guests that a killed run left in a lab: the libvirt provider adopts nothing, so they would stand in its way. */
import type { LabPlace } from "./lab-project";
import { otherStacks, resourcesOf, type StateResource } from "./state";
import { virsh } from "./virsh";

const DOMAIN = "libvirt:index/domain:Domain";

interface Found {
    /** Names of the guests that are gone now. */
    removed: string[];
    /** Guests that the project declares and another stack has made. */
    taken: { guest: string; stack: string }[];
}

/**
 * Removes every domain of the project's lab that the project declares and no state knows. Only those would be made
 * again; whatever else is defined there is another's.
 */
export async function removeOrphanDomains(
    project: LabPlace & { environment: { guests: Readonly<Record<string, unknown>> } },
): Promise<Found> {
    const there = (await virsh(project.lab, "list", "--all", "--name")).split("\n");
    const known = domainsIn(resourcesOf(project));
    const unknown = Object.keys(project.environment.guests).filter((name) => there.includes(name) && !known.has(name));
    const found: Found = { removed: [], taken: [] };
    for (const guest of unknown) {
        const owner = otherStacks(project).find(({ resources }) => domainsIn(resources).has(guest));
        if (owner) found.taken.push({ guest, stack: owner.stack });
        else {
            await removeDomain(project.lab, guest);
            found.removed.push(guest);
        }
    }
    return found;
}

const domainsIn = (resources: StateResource[]) =>
    new Set(resources.flatMap(({ type, outputs }) => (type === DOMAIN ? [outputs.name] : [])));

async function removeDomain(lab: string, name: string): Promise<void> {
    // One that does not run any more is refused, and that is as well.
    await virsh(lab, "destroy", "--domain", name).catch(() => undefined);
    await virsh(lab, "undefine", "--domain", name);
}
