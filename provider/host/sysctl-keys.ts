/** Why a sysctl is not there: what would have to be loaded, made or booted. */
import { linkOfKey } from "../../schemas/sysctl";

/** Keys by how they begin, with what brings them. The first that fits counts. */
const BROUGHT_BY: readonly (readonly [begins: string, next: string])[] = [
    ["net.bridge.", module("br_netfilter", "CONFIG_BRIDGE_NETFILTER")],
    ["net.netfilter.", module("nf_conntrack", "CONFIG_NF_CONNTRACK")],
    ["net.nf_conntrack", module("nf_conntrack", "CONFIG_NF_CONNTRACK")],
    ["net.mpls.", module("mpls_router", "CONFIG_MPLS_ROUTING")],
    ["net.sctp.", module("sctp", "CONFIG_IP_SCTP")],
    ["net.rds.", module("rds", "CONFIG_RDS")],
    ["net.mptcp.", "Boot a kernel that has it (CONFIG_MPTCP)."],
    ["net.ipv6.", "Boot without ipv6.disable=1 and with a kernel that has IPv6 (CONFIG_IPV6), or correct the key."],
    ["net.core.bpf_jit_", "Boot a kernel that has it (CONFIG_BPF_JIT)."],
    ["net.core.rps_", "Boot a kernel that has it (CONFIG_RPS)."],
    ["net.core.default_qdisc", "Boot a kernel that has it (CONFIG_NET_SCHED)."],
    ["net.ipv4.fib_multipath_", "Boot a kernel that has it (CONFIG_IP_ROUTE_MULTIPATH)."],
];

function module(name: string, option: string): string {
    return `Load the kernel module ${name} (\`modprobe ${name}\`), or boot a kernel that has it (${option}).`;
}

/**
 * What to do, as a sentence.
 *
 * @param key in our spelling, `net.ipv4.ip_forward`
 * @param hasLink whether a link of that name is on the host
 */
export function lackOfKey(key: string, hasLink: (name: string) => boolean): string {
    const link = linkOfKey(key);
    if (link !== undefined && !hasLink(link))
        return `There is no link ${link}: make it first and pass its name on from the resource that makes it, or correct the key.`;
    return (
        BROUGHT_BY.find(([begins]) => key.startsWith(begins))?.[1] ??
        "Correct the key, or boot a kernel that has it; some keys below net.core are there only in a machine's own network namespace, not in a lab or container."
    );
}
