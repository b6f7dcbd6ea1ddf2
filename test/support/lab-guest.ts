/** A guest of a lab that a test makes by libvirt alone. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { guestWords, QUICK_BOOT } from "../../schemas/lab-guest";
import { labPaths } from "../../schemas/lab-paths";

/** What starts guests in a lab: its name, and libvirt's shell there. */
interface GuestLab {
    name: string;
    virsh(...argv: string[]): Promise<string>;
}

/** Defines a guest that boots the lab's kernel, or that finds nothing to boot, and starts it. */
export async function startLabGuest(lab: GuestLab, name: string, kernel = true): Promise<void> {
    await lab.virsh("define", labGuestXml(lab.name, name, kernel));
    await lab.virsh("start", name);
}

/** Writes the XML of the guest. @returns where it is */
function labGuestXml(lab: string, name: string, kernel: boolean): string {
    const { folder, kernel: image, initrd, console } = labPaths(lab);
    const { socket, log } = console(name);
    const boot = kernel
        ? `<kernel>${image}</kernel><initrd>${initrd}</initrd><cmdline>${[...guestWords(name, []), QUICK_BOOT].join(" ")}</cmdline>`
        : "";
    const path = join(folder, `${name}.xml`);
    writeFileSync(
        path,
        `<domain type='qemu'><name>${name}</name><memory unit='MiB'>192</memory><vcpu>1</vcpu>
        <os><type arch='x86_64' machine='q35'>hvm</type>${boot}</os><features><acpi/></features>
        <devices><serial type='unix'><source mode='bind' path='${socket}'/><log file='${log}' append='off'/><target port='0'/></serial>
        <memballoon model='none'/></devices></domain>`,
    );
    return path;
}
