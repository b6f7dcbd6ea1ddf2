/** `virsh` in a lab, with an answer or an error within its time. */
import { runInLab } from "../lab";

/** @returns what it prints @throws Error where libvirt does not answer within 30 s, or refuses */
export async function virsh(lab: string, ...args: string[]): Promise<string> {
    const asked = ["virsh", "--connect", "qemu:///system", ...args];
    const { exitCode, stdout, stderr } = await runInLab(lab, asked, { timeoutMs: 30_000 });
    if (exitCode === 0) return stdout;
    throw new Error(`libvirt of the lab ${lab} refused \`virsh ${args.join(" ")}\`: ${stderr.trim()}`);
}
