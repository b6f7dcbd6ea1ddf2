/** Rules across resources for addresses of the host: overlaps, gateways, and who shares the host's own network. */
import { Address4, Address6 } from "ip-address";
import { at, textAt } from "../inputs";
import { known } from "../known";
import { stackRule } from "../stack-rule";
import type { Stack } from "../stack";
import { made } from "./examples";
import { onSwitch } from "./stack-examples";

const ADDRESSES = "https://man7.org/linux/man-pages/man8/ip-address.8.html";

const address = (link: string, text: string) => made("host:Address", { name: `${link}-a`, link, address: text });
const bridge = (name: string, more: object = {}) => made("host:Bridge", { name, ...more });
const plug = (name: string, on: string) => made("host:BridgePort", { name, bridge: on });
const tap = (name: string) => made("host:Tap", { name });

interface Network {
    link: string;
    text: string;
    v6: boolean;
    first: bigint;
    last: bigint;
}

/** Undefined for what is no address with a prefix length. */
function networkOf(link: string, text: string): Network | undefined {
    const v6 = text.includes(":");
    try {
        const parsed = v6 ? new Address6(text) : new Address4(text);
        return { link, text, v6, first: parsed.startAddress().bigInt(), last: parsed.endAddress().bigInt() };
    } catch {
        return undefined;
    }
}

const holds = (network: Network, ip: string): boolean => {
    const one = networkOf("", ip);
    return one !== undefined && one.v6 === network.v6 && one.first >= network.first && one.first <= network.last;
};

const ipOverlap = stackRule({
    id: "ip-overlap",
    title: "Networks of one host do not overlap.",
    severity: "high",
    level: { default: "advisory" },
    why: "With one network on two links, in two VLANs say, the host has two routes to it: it answers ARP for both, sends by the one it likes better, and half of the guests never hear from it.",
    sources: ["kernel Documentation/networking/ip-sysctl.rst, arp_filter"],
    url: ADDRESSES,
    tags: ["address", "topology"],
    parameters: {},
    judge(stack, each) {
        const networks = stack.addresses().flatMap(({ resource, link, address: text }) => {
            const network = networkOf(link, text);
            // An address alone, and a link-local one, leads to no network that another could be in.
            return !network || network.first === network.last || /^fe80:/i.test(text) ? [] : [{ resource, ...network }];
        });
        networks.sort((a, b) => Number(a.v6) - Number(b.v6) || (a.first < b.first ? -1 : Number(a.first > b.first)));
        let widest: (typeof networks)[number] | undefined;
        for (const network of networks) {
            const before = widest;
            if (before?.v6 === network.v6 && network.first <= before.last && network.link !== before.link)
                each(network.resource, "its network", () => ({
                    found: `${network.text} on ${network.link} overlaps ${before.text} on ${before.link}`,
                    set: "Give each link a network of its own, or a prefix length that parts the two.",
                }));
            if (before?.v6 !== network.v6 || network.last > before.last) widest = network;
        }
    },
    fix: "Give each VLAN a network of its own.",
    examples: {
        good: [
            [address("br0.10", "10.0.10.1/24"), address("br0.20", "10.0.20.1/24")],
            [address("eth0", "fe80::1/64"), address("eth1", "fe80::2/64")],
            [address("eth0", "10.0.0.1/24"), address("eth0", "10.0.0.2/24")],
        ],
        bad: [
            [address("br0.10", "10.0.0.1/16"), address("br0.20", "10.0.20.1/24")],
            [address("eth0", "2001:db8::1/64"), address("eth1", "2001:db8::2/64")],
        ],
    },
});

const gatewayOutsideSubnet = stackRule({
    id: "gateway-outside-subnet",
    title: "A gateway lies in a network of its link.",
    severity: "high",
    level: { default: "advisory" },
    why: "A router that is in no network of the link cannot be asked for by ARP: the kernel refuses such a route, and a guest that is told such a router by DHCP has none.",
    sources: ["Linux net/ipv4/fib_semantics.c, fib_check_nh", "RFC 2132, 3.5"],
    url: "https://man7.org/linux/man-pages/man8/ip-route.8.html",
    tags: ["address", "routing"],
    parameters: {},
    judge(stack, each) {
        const networks = new Map<string, Network[]>();
        for (const { link, address: text } of stack.addresses()) {
            const network = networkOf(link, text);
            if (network) networks.set(link, [...(networks.get(link) ?? []), network]);
        }
        const outside = (link: string | undefined, gateway: string | undefined) => {
            const known = link === undefined ? undefined : networks.get(link);
            if (!known || gateway === undefined || /^fe80:/i.test(gateway)) return undefined;
            if (known.some((network) => holds(network, gateway))) return undefined;
            return {
                found: `the gateway ${gateway} is in no network of ${link} (${known.map(({ text }) => text).join(", ")})`,
                set: "Correct the gateway or the address, or set onlink where the router answers all the same.",
            };
        };
        for (const resource of stack.of("kvmnet:host:Route"))
            each(resource, "its gateway", () => {
                const hops = at(resource.props, "nextHops");
                for (const way of [resource.props, ...(Array.isArray(hops) ? (hops as unknown[]) : [])]) {
                    if (known(at(way, "onlink")) === true) continue;
                    const fault = outside(known(textAt(way, "link")), known(textAt(way, "gateway")));
                    if (fault) return fault;
                }
                return undefined;
            });
        for (const resource of stack.of("kvmnet:host:DhcpServer"))
            each(resource, "the router that it tells", () => {
                const router = known(textAt(resource.props, "options", "router"));
                return outside(known(textAt(resource.props, "interface")), router?.split(",")[0]);
            });
    },
    fix: "Use a router in the link's network.",
    examples: {
        good: [
            [
                address("eth0", "10.0.0.5/24"),
                made("host:Route", { name: "r", destination: "0.0.0.0/0", gateway: "10.0.0.1", link: "eth0" }),
            ],
            [made("host:Route", { name: "r", destination: "0.0.0.0/0", gateway: "192.0.2.1", link: "eth0" })],
            [
                address("eth0", "10.0.0.5/24"),
                made("host:Route", {
                    name: "r",
                    destination: "0.0.0.0/0",
                    gateway: "192.0.2.1",
                    link: "eth0",
                    onlink: true,
                }),
            ],
        ],
        bad: [
            [
                address("eth0", "10.0.0.5/24"),
                made("host:Route", { name: "r", destination: "0.0.0.0/0", gateway: "10.0.1.1", link: "eth0" }),
            ],
            [
                address("br0", "10.0.0.1/24"),
                made("host:DhcpServer", {
                    name: "d",
                    interface: "br0",
                    ranges: [{ start: "10.0.0.100", end: "10.0.0.199" }],
                    options: { router: "10.0.1.1" },
                }),
            ],
        ],
    },
});

/** Links by which the host itself is reached: those of its default routes. */
function managementLinks(stack: Stack): Set<string> {
    const links = new Set<string>();
    for (const { props } of stack.of("kvmnet:host:Route")) {
        const [to, link] = [textAt(props, "destination"), textAt(props, "link")];
        if ((to === "0.0.0.0/0" || to === "::/0") && typeof link === "string") links.add(link);
    }
    return links;
}

const defaultRoute = (link: string) =>
    made("host:Route", { name: "r", destination: "0.0.0.0/0", gateway: "10.0.0.254", link });

const mgmtBridgeShared = stackRule({
    id: "sec-mgmt-bridge-shared",
    title: "Guests are not in the network by which the host is managed.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "A guest in the host's own network reaches its management ports, can take the place of the host's gateway by one ARP packet, and hears its broadcasts. It is a common set-up all the same: where it is meant, exempt the bridge and give the reason.",
    sources: ["NIST SP 800-125B, 4: separation of the management network"],
    url: "https://csrc.nist.gov/pubs/sp/800/125/b/final",
    tags: ["security", "topology"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "in the host's own network takes the place of the host's gateway; in a VLAN of its own it does not",
    },
    parameters: {},
    judge(stack, each) {
        const management = managementLinks(stack);
        for (const { resource, kind, name } of stack.bridges())
            each(resource, "its guests", () => {
                const own = known(name) ?? "";
                if (!management.has(own) || !stack.addresses().some(({ link }) => link === own)) return undefined;
                if (!stack.guestBridges().has(own)) return undefined;
                // A port with a tag keeps its guest out of what the bridge's own port, which has none, hears.
                const open =
                    stack
                        .ports()
                        .some(
                            (port) =>
                                port.bridge === own &&
                                stack.isGuests(port) &&
                                known(port.tag) === undefined &&
                                known(port.trunks).length === 0,
                        ) ||
                    stack
                        .libvirtPorts()
                        .some(({ nic }) => nic.said("bridge") === own && known(nic.said("vlanTag")) === undefined);
                if (kind === "ovs" && !open) return undefined;
                if (kind === "linux" && known(at(resource.props, "vlanFiltering")) === true) return undefined;
                return {
                    found: "it carries the address by which the host is reached, and guests are plugged into it untagged",
                    set: "Give the guests a bridge or a VLAN of their own, and route between the two.",
                };
            });
    },
    fix: "Part guests and management by a bridge or a VLAN.",
    examples: {
        good: [
            [address("br0", "10.0.0.1/24"), defaultRoute("br0"), bridge("br0")],
            [bridge("br0"), tap("tap0"), plug("tap0", "br0"), address("br0", "10.0.0.1/24")],
            [
                made("ovs:Bridge", { name: "br0" }),
                tap("tap0"),
                made("ovs:Port", { name: "tap0", bridge: "br0", type: "system", tag: 10 }),
                address("br0", "10.0.0.1/24"),
                defaultRoute("br0"),
            ],
            [
                made("ovs:Bridge", { name: "br0" }),
                onSwitch({ vlan: { tags: [{ id: 10 }] } }),
                address("br0", "10.0.0.1/24"),
                defaultRoute("br0"),
            ],
        ],
        bad: [[bridge("br0"), tap("tap0"), plug("tap0", "br0"), address("br0", "10.0.0.1/24"), defaultRoute("br0")]],
    },
});

const FORWARDING = ["net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv6.conf.all.forwarding"];
const forwarding = (value: string) => made("host:Sysctl", { key: "net.ipv4.ip_forward", value });

const forwardingHost = stackRule({
    id: "sec-forwarding-host",
    title: "The host routes between networks of guests only on purpose.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "With forwarding on, a host that has an address in two networks of guests is the router between them: each tenant reaches the other through it, past all VLANs.",
    sources: ["kernel Documentation/networking/ip-sysctl.rst, ip_forward"],
    url: "https://docs.kernel.org/networking/ip-sysctl.html",
    tags: ["security", "routing"],
    parameters: {},
    judge(stack, each) {
        const routed = new Set(
            stack
                .addresses()
                .map(({ link }) => link)
                .filter((link) => stack.guestBridges().has(link)),
        );
        for (const key of FORWARDING)
            for (const resource of stack.of("kvmnet:host:Sysctl"))
                if (textAt(resource.props, "key") === key)
                    each(resource, "its value", () => {
                        if (routed.size < 2 || known(textAt(resource.props, "value")) !== "1") return undefined;
                        return {
                            found: `it makes the host a router between the guests of ${[...routed].sort().join(" and ")}`,
                            set: "Filter what is forwarded, and exempt this with that reason; or set it to 0.",
                        };
                    });
    },
    fix: "Switch forwarding off, or filter between the networks.",
    examples: {
        good: [
            [forwarding("1"), bridge("br0"), tap("tap0"), plug("tap0", "br0"), address("br0", "10.0.0.1/24")],
            [forwarding("1")],
        ],
        bad: [
            [
                forwarding("1"),
                ...["br0", "br1"].flatMap((name, index) => [
                    bridge(name),
                    tap(`tap${index}`),
                    plug(`tap${index}`, name),
                    address(name, `10.0.${index}.1/24`),
                ]),
            ],
        ],
    },
});

export const addressRules = [ipOverlap, gatewayOutsideSubnet, mgmtBridgeShared, forwardingHost];
