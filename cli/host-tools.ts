/** Programs of the host's own that a lab, or a host of KVM guests, is made of. */
import { type Part, program } from "../engine";
import { searchPath } from "../schemas/search-path";

/** @param needed whether what is declared needs them on this machine */
export async function hostTools(needed: boolean): Promise<Part[]> {
    const path = searchPath(process.env.PATH);
    const tool = (name: string, args: string[], purpose: string, debian: string) =>
        program(name, args, purpose, debian, path);
    const parts = await Promise.all([
        tool("ip", ["-V"], "reads and makes links", "iproute2"),
        tool("ethtool", ["--version"], "reads rings, queues and offloads", "ethtool"),
        tool("ovs-vswitchd", ["--version"], "Open vSwitch: the switch", "openvswitch-switch"),
        tool("ovsdb-server", ["--version"], "Open vSwitch: its database", "openvswitch-switch"),
        tool("libvirtd", ["--version"], "defines and starts guests", "libvirt-daemon-system"),
        tool("qemu-system-x86_64", ["--version"], "runs guests", "qemu-system-x86"),
        tool("nsenter", ["--version"], "enters a lab", "util-linux"),
    ]);
    return parts.map((part) => ({ ...part, needed, get: `${part.get}; \`npm run up\` does it for a lab` }));
}
