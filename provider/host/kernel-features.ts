/** What a kernel lacks where it refuses a line as unknown: the words that `ip` and `bridge` have for it help nobody. */

/** Modules that make links of a kind, with the option that builds them. */
const MODULES: Readonly<Record<string, [module: string, option: string]>> = {
    bond: ["bonding", "CONFIG_BONDING"],
    bridge: ["bridge", "CONFIG_BRIDGE"],
    dummy: ["dummy", "CONFIG_DUMMY"],
    ifb: ["ifb", "CONFIG_IFB"],
    macvtap: ["macvtap", "CONFIG_MACVTAP"],
    veth: ["veth", "CONFIG_VETH"],
    vlan: ["8021q", "CONFIG_VLAN_8021Q"],
    vxlan: ["vxlan", "CONFIG_VXLAN"],
};

/**
 * What to load or boot, as a sentence; undefined where the kernel refused for another reason.
 *
 * @param line the refused line of a batch  @param stderr what the program said of it
 */
export function lackOf(line: string, stderr: string): string | undefined {
    const kind = / type ([a-z0-9]+)/.exec(line)?.[1] ?? "";
    const known = MODULES[kind];
    if (known && line.startsWith("link add ") && /Unknown device type|Operation not supported/.test(stderr))
        return `Load the kernel module ${known[0]} (\`modprobe ${known[0]}\`), or boot a kernel that has it (${known[1]}).`;
    if (line.startsWith("tuntap add ") && /(No such file or directory|No such device)/.test(stderr))
        return "Load the kernel module tun (`modprobe tun`), or boot a kernel that has it (CONFIG_TUN).";
    if (/^vlan |\bvlan_(filtering|default_pvid)\b/.test(line) && /Operation not supported/.test(stderr))
        return (
            "This kernel's bridge cannot filter VLANs, which is no module of its own: " +
            "boot one built with CONFIG_BRIDGE_VLAN_FILTERING, as the distributions' are."
        );
    return undefined;
}
