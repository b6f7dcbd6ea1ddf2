/** Which system a machine has: a lab's packages, and those that its guests are made of, are named as Debian 12 names them. */
import { readIfThere } from "./commands";

const NEEDED = { ID: "debian", VERSION_ID: "12" };

/**
 * @param file where the machine says what it is: os-release(5)
 * @throws Error that names the system, where it is another one
 */
export function checkRelease(file = "/etc/os-release"): void {
    const said = Object.fromEntries(
        [...readIfThere(file).matchAll(/^(\w+)=(["']?)(.*)\2$/gm)].map(([, key, , value]) => [key, value]),
    ) as Partial<Record<string, string>>;
    if (said.ID === NEEDED.ID && said.VERSION_ID === NEEDED.VERSION_ID) return;
    const system = said.PRETTY_NAME ?? [said.ID, said.VERSION_ID].filter(Boolean).join(" ");
    throw new Error(
        `A lab and its guests are made of Debian 12's packages, and this machine has ${system || `a system that is not told in ${file}`}: ` +
            "use a machine with Debian 12, or a virtual one.",
    );
}
