/** Why a value may differ from what was declared, out of who says what. */
import type { QemuNic } from "../audit/qemu-line";
import type { XmlNic } from "./domain";

/** A value of a NIC that differs, as each witness has it. */
interface Difference {
    field: string;
    declared: string;
    said: { by: string; value: string }[];
}

interface Witnesses {
    seen?: { queues: number; rxRing: number; txRing: number };
    xml?: XmlNic;
    qemu?: QemuNic;
}

/** The likely cause and what to do; undefined where what was said points to none. */
export function causeOf({ field, declared, said }: Difference, { seen, xml, qemu }: Witnesses): string | undefined {
    const by = (witness: string) => said.find((one) => one.by === witness)?.value;
    if (said.length === 0) return "nobody could be asked: the guest is off, or has no such NIC";
    const [atBoot, now] = [by("guest"), by("guest agent")];
    if (atBoot === declared && now !== undefined && now !== declared)
        return "it was changed in the guest since it booted: set it back there, or start the guest again";
    if (field === "policing")
        return "libvirt's outbound bandwidth, or somebody by hand: policing limits nothing on the userspace datapath, though the switch counts drops; use ingress of ovs.Port, which is a meter there";
    if (field === "vhost")
        return "libvirt falls back to QEMU's own loop where vhost_net is missing on the host: load it (modprobe vhost_net), then start the guest again";
    if (field === "rings RX/TX" && seen && xml?.txRing !== undefined && xml.txRing > 256 && seen.txRing === 256)
        return "QEMU before 8.1 sets a transmit ring above 256 on a tap back to 256 without a word: leave txRing out";
    if (field === "queues" && seen && qemu && qemu.queues === Number(declared) && seen.queues < qemu.queues)
        return `the guest's driver took ${seen.queues} of ${qemu.queues} queues: it takes no more than it has vCPUs, and \`ethtool -L\` in the guest sets it`;
    if (field === "model" && xml && xml.model === undefined && declared !== "none")
        return "the domain names no model, and libvirt chose one: on x86 that is rtl8139";
    const [inXml, inQemu] = [by("domain XML"), by("QEMU")];
    if (inXml !== undefined && inXml !== declared)
        return "the domain was changed beside the program: refresh, then bring it up again";
    if (inXml === declared && inQemu !== undefined && inQemu !== declared)
        return "the domain has it, and QEMU was started before: start the guest again";
    if (field === "MTU" && by("kernel") !== undefined && by("kernel") !== declared)
        return "the tap has another MTU than the program gave it: refresh, then bring it up again";
    if ((field === "plug" || field === "VLAN") && said.length > 0)
        return "the port was changed beside the program: refresh, then bring it up again";
    return undefined;
}
