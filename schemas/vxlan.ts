/** A virtual network over UDP (RFC 7348), in the words of ip-link(8). */
import { z } from "zod";
import { IpAddress, isV6, LinkName } from "./ip-text";
import { count, linkFields, seconds, toggle } from "./link-parts";
import { withCrossCheck } from "./named";
import { takesOperatorPath } from "./operator-path";

const Address = IpAddress.refine((address) => address !== "0.0.0.0" && address !== "::", {
    error: "0.0.0.0 and :: are the address of no host; give one, or leave it out",
});

/** Whether an address names a group of hosts. */
export const isMulticast = (address: string): boolean =>
    isV6(address) ? /^ff/i.test(address) : /^2(2[4-9]|3\d)\./.test(address);

const flag = (name: string, told: string, preset: boolean) =>
    toggle(name).optional().describe(`${told}; absent is the kernel's ${preset}. A change replaces the link.`);

const common = linkFields("VXLAN link");
const Fields = z.strictObject({
    ...common,
    mtu: common.mtu.describe(
        "MTU [byte], at most that of link less 50 (IPv4) or 70 (IPv6) for the outer headers; absent is just that when it is made, and 1500 without link. Changes live.",
    ),
    vni: count("vni", 0, 16777215, "").describe("VXLAN network identifier, 0 to 16777215; a change replaces the link."),
    remote: Address.optional().describe(
        "Host at the other end, or a multicast group of hosts, which needs link; absent sends only where the forwarding table says. Changes live; to take it away, or to go from IPv4 to IPv6 or back, replace the link.",
    ),
    local: Address.optional().describe(
        "Address of this host in the outer header; absent lets the routes decide. Changes live; to take it away, or to go from IPv4 to IPv6 or back, replace the link.",
    ),
    link: LinkName.optional().describe(
        "Link that the outer packets leave by, whoever made it; absent lets the routes decide. A change replaces the VXLAN link, since live the kernel would go on sending by the former one.",
    ),
    dstPort: count("dstPort", 1, 65535, "(UDP)")
        .default(4789)
        .describe(
            "UDP port of the other ends. 4789 is the standard's and that of Open vSwitch; the kernel's own 8472 is older than the standard, and `ip` warns of it. A change replaces the link.",
        ),
    srcPortMin: count("srcPortMin", 1, 65535, "(UDP)")
        .optional()
        .describe(
            "First UDP port to send from, with srcPortMax; absent lets the kernel choose. A change replaces the link.",
        ),
    srcPortMax: count("srcPortMax", 1, 65535, "(UDP)")
        .optional()
        .describe("Last UDP port to send from, with srcPortMin. A change replaces the link."),
    ttl: count("ttl", 1, 255, "hops")
        .optional()
        .describe("TTL of the outer header; absent lets the kernel decide (1 for multicast). Changes live."),
    tos: count("tos", 1, 255, "(1 takes the inner packet's)")
        .optional()
        .describe("Type of service of the outer header, 1 to take the inner packet's; absent is 0. Changes live."),
    df: z
        .enum(["unset", "set", "inherit"], 'df is "unset", "set" or "inherit" (the inner packet\'s)')
        .optional()
        .describe("Don't-fragment bit of the outer IPv4 header; absent is the kernel's unset. Changes live."),
    learning: toggle("learning")
        .optional()
        .describe(
            "Whether the ends of MAC addresses are learnt from what arrives; absent is the kernel's true. Changes live.",
        ),
    ageingTime: seconds("ageingTime", 1, 4294967)
        .refine((value) => Number.isInteger(value), {
            error: "ageingTime of a VXLAN link is a whole number of seconds",
        })
        .optional()
        .describe("Time that a learnt MAC address is remembered [s]; absent is the kernel's 300. Changes live."),
    maxAddresses: count("maxAddresses", 1, 4294967295, "MAC addresses")
        .optional()
        .describe("MAC addresses in the forwarding table at most; absent is no limit. A change replaces the link."),
    udpChecksum: flag("udpChecksum", "Whether outer IPv4 packets carry a UDP checksum", true),
    proxy: flag("proxy", "Whether ARP is answered from the neighbour table", false),
    l2Miss: flag("l2Miss", "Whether a MAC address that is not known is told by netlink", false),
    l3Miss: flag("l3Miss", "Whether an IP address that is not known is told by netlink", false),
    gbp: flag("gbp", "Whether the Group Policy extension is spoken", false),
    takesOperatorPath: takesOperatorPath(
        "may be removed, made anew, or get another remote or local while an SSH connection to the host runs over it, or an MTU below 1280 while one of IPv6 does",
    ),
});

export const Vxlan = withCrossCheck(Fields, ({ name, link, remote, local, srcPortMin, srcPortMax }, say) => {
    if (name !== undefined && name === link) say(["link"], "a VXLAN link stands on another link; name that one");
    if (typeof remote === "string" && isMulticast(remote) && link === undefined)
        say(["link"], "a multicast group needs link, by which it is joined");
    if (typeof local === "string" && isMulticast(local))
        say(["local"], "local is an address of this host, not a group");
    if (typeof remote === "string" && typeof local === "string" && isV6(remote) !== isV6(local))
        say(["local"], "remote and local are of one family, both IPv4 or both IPv6");
    if ((srcPortMin === undefined) !== (srcPortMax === undefined))
        say([srcPortMin === undefined ? "srcPortMin" : "srcPortMax"], "srcPortMin and srcPortMax go together");
    if (srcPortMin !== undefined && srcPortMax !== undefined && srcPortMin > srcPortMax)
        say(["srcPortMax"], "srcPortMax is at least srcPortMin");
});
export type Vxlan = z.output<typeof Vxlan>;
