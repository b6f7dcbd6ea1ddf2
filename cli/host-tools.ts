/** Programs of the host's own that a lab, or a host of KVM guests, is made of. */
import { type Part, program } from "../engine";

/** @param needed whether what is declared needs them on this machine */
export async function hostTools(needed: boolean): Promise<Part[]> {
    const parts = await Promise.all([
        program("ip", ["-V"], "reads and makes links", "iproute2"),
        program("ethtool", ["--version"], "reads rings, queues and offloads", "ethtool"),
        program("ovs-vswitchd", ["--version"], "Open vSwitch: the switch", "openvswitch-switch"),
        program("ovsdb-server", ["--version"], "Open vSwitch: its database", "openvswitch-switch"),
        program("libvirtd", ["--version"], "defines and starts guests", "libvirt-daemon-system"),
        program("qemu-system-x86_64", ["--version"], "runs guests", "qemu-system-x86"),
        program("nsenter", ["--version"], "enters a lab", "util-linux"),
    ]);
    return parts.map((part) => ({ ...part, needed, get: `${part.get}; \`npm run up\` does it for a lab` }));
}
