/** Rules across resources for a host: congestion control, bridge netfilter, CPUs of guests, polling threads, protection of ports. */
import { at, listAt, type Resource, textAt } from "../inputs";
import { known, maybe, NotKnown } from "../known";
import { pinnedCpus } from "../nics/pins";
import { guestNics } from "../nics/reader";
import { stackRule } from "../stack-rule";
import type { Stack } from "../stack";
import { made, tunedDomain } from "./examples";
import { freeGuests } from "./free-guests";
import { FORMATDOMAIN } from "./manuals";
import { portName } from "./port-name";
import { onSwitch } from "./stack-examples";

const IP_SYSCTL = "https://docs.kernel.org/networking/ip-sysctl.html";

const sysctl = (key: string, value: string) => made("host:Sysctl", { key, value });
const BBR = sysctl("net.ipv4.tcp_congestion_control", "bbr");
const FQ = sysctl("net.core.default_qdisc", "fq");
const bridge = (name: string) => made("host:Bridge", { name });
const tap = (name: string) => made("host:Tap", { name });
const plug = (name: string, on: string) => made("host:BridgePort", { name, bridge: on });

/** The setting that switches BBR on; undefined where nothing does. @throws NotKnown */
function bbr(stack: Stack): Resource | undefined {
    const found = stack.sysctl("net.ipv4.tcp_congestion_control");
    return found?.value === "bbr" ? found.resource : undefined;
}

const bbrFq = stackRule({
    id: "bbr-fq",
    title: "BBR has a queue that paces.",
    severity: "low",
    level: { default: "advisory" },
    why: "BBR sends at a pace. The queueing discipline fq keeps it exactly; without it TCP's own timers do since Linux 4.13, at more CPU time a connection.",
    sources: ["Linux commit 218af599fa63: tcp: internal implementation for pacing"],
    url: IP_SYSCTL,
    tags: ["tcp"],
    parameters: {},
    judge(stack, each) {
        for (const resource of stack.of("kvmnet:host:Sysctl"))
            if (textAt(resource.props, "key") === "net.ipv4.tcp_congestion_control")
                each(resource, "its value", () => {
                    if (known(textAt(resource.props, "value")) !== "bbr") return undefined;
                    if (stack.sysctl("net.core.default_qdisc")?.value === "fq") return undefined;
                    return {
                        found: "it is bbr, and net.core.default_qdisc is not fq",
                        set: "Set net.core.default_qdisc to fq, where the kernel has it, before links are made.",
                    };
                });
    },
    fix: "Set net.core.default_qdisc to fq.",
    examples: { good: [[BBR, FQ], [sysctl("net.ipv4.tcp_congestion_control", "cubic")]], bad: [[BBR]] },
});

const bbrOnSwitchHost = stackRule({
    id: "bbr-on-switch-host",
    title: "Congestion control is set where connections begin.",
    severity: "low",
    level: { default: "advisory" },
    why: "BBR acts at the sender of a connection. A host that switches frames of guests sends none of their connections: the setting changes nothing for them.",
    sources: ["Linux net/ipv4/tcp_bbr.c: a congestion control of the sending socket"],
    url: IP_SYSCTL,
    tags: ["tcp"],
    parameters: {},
    judge(stack, each) {
        for (const resource of stack.of("kvmnet:host:Sysctl"))
            if (textAt(resource.props, "key") === "net.ipv4.tcp_congestion_control")
                each(resource, "its value", () => {
                    if (bbr(stack) === undefined || stack.guestBridges().size === 0) return undefined;
                    return {
                        found: "it is bbr on a host that switches for guests",
                        set: "Set it in the guests; keep it here only for what the host itself sends, such as storage or backups.",
                    };
                });
    },
    fix: "Set congestion control in the guests.",
    examples: {
        good: [
            [BBR, FQ],
            [bridge("br0"), tap("tap0"), plug("tap0", "br0")],
        ],
        bad: [[BBR, FQ, bridge("br0"), tap("tap0"), plug("tap0", "br0")]],
    },
});

const BRIDGE_NF = "net.bridge.bridge-nf-call-iptables";

const bridgeNf = stackRule({
    id: "bridge-nf",
    title: "Frames on a Linux bridge of guests do not go through the host's firewall by accident.",
    severity: "high",
    level: { default: "disabled", security: "mandatory" },
    why: "Docker and Kubernetes load br_netfilter, which sends frames of all bridges through iptables' FORWARD, and set that to DROP: guests lose their network with the next container, or are filtered by rules that nobody wrote for them.",
    sources: ["moby/libnetwork#2488", "seapath/ansible#909", "ebtables.netfilter.org, br_netfilter"],
    url: "https://docs.kernel.org/networking/ip-sysctl.html#proc-sys-net-bridge-variables",
    tags: ["security", "bridge"],
    parameters: {},
    judge(stack, each) {
        for (const { resource, kind, name } of stack.bridges())
            each(resource, "its frames", () => {
                if (kind !== "linux" || !stack.guestBridges().has(known(name) ?? "")) return undefined;
                if (stack.sysctl(BRIDGE_NF)?.value === "0") return undefined;
                return {
                    found: "guests are plugged into it, and whether their frames pass iptables is left to others",
                    set: `Set the Sysctl ${BRIDGE_NF} to "0" on hosts that have br_netfilter, or exempt it where none of Docker and Kubernetes runs.`,
                };
            });
    },
    fix: `Set ${BRIDGE_NF} to 0.`,
    examples: {
        good: [[bridge("br0"), tap("tap0"), plug("tap0", "br0"), sysctl(BRIDGE_NF, "0")], [bridge("br0")]],
        bad: [[bridge("br0"), tap("tap0"), plug("tap0", "br0")]],
    },
});

const pinned = (name: string, ...cpus: number[]): Resource => ({
    ...tunedDomain(
        { mac: { address: `52:54:00:00:00:${name.padStart(2, "0")}` } },
        {
            cpuTune: {
                vcpuPins: cpus.map((cpu, vcpu) => ({ vcpu, cpuSet: String(cpu) })),
                emulatorPin: { cpuSet: "0" },
            },
        },
    ),
    name: `guest-${name}`,
});

const smtSiblings = stackRule({
    id: "smt-siblings",
    title: "Pinned vCPUs of two guests are on cores of their own.",
    severity: "medium",
    level: { default: "disabled", latency: "mandatory" },
    why: "Two guests on one CPU take turns, and two on the threads of one core share its units: what the one does is jitter of the other, and a side channel besides.",
    sources: ["Nova, hw:cpu_thread_policy", "kernel Documentation/admin-guide/hw-vuln"],
    url: `${FORMATDOMAIN}#cpu-tuning`,
    tags: ["cpu", "latency"],
    parameters: {
        sibling: {
            describe:
                "Distance of the two threads of a core, as /sys/devices/system/cpu/cpu0/topology/thread_siblings_list tells it (0,32 is 32); 0 is one thread a core.",
            value: { default: 0 },
            minimum: 0,
            maximum: 4096,
        },
    },
    judge(stack, each, { sibling }) {
        const taken = new Map<number, string>();
        const core = (cpu: number) => (sibling > 0 ? cpu % sibling : cpu);
        for (const type of guestNics.types)
            for (const resource of stack.of(type))
                each(resource, "its pinning", () => {
                    const cpus = pinnedCpus(resource.props);
                    const shared = cpus.find((cpu) => (taken.get(core(cpu)) ?? resource.name) !== resource.name);
                    const other = shared === undefined ? undefined : taken.get(core(shared));
                    for (const cpu of cpus) if (!taken.has(core(cpu))) taken.set(core(cpu), resource.name);
                    if (shared === undefined) return undefined;
                    return {
                        found: `CPU ${shared} is ${sibling > 0 ? "on a core" : "one"} that ${other} has as well`,
                        set: "Pin each guest to cores that no other has.",
                    };
                });
    },
    fix: "Pin each guest to cores of its own.",
    examples: { good: [[pinned("1", 2, 3), pinned("2", 4, 5)]], bad: [[pinned("1", 2, 3), pinned("2", 3, 4)]] },
});

const vhostUser = (queues: number) =>
    tunedDomain(
        {
            model: { type: "virtio" },
            driver: { queues, rxQueueSize: 1024 },
            source: { vhostUser: { chardev: { unix: { path: "/run/openvswitch/vhu0", mode: "server" } } } },
        },
        { memoryBacking: { memoryAccess: { mode: "shared" }, memoryHugePages: {} } },
    );

const dpdkPmd = stackRule({
    id: "dpdk-pmd",
    title: "A vhost-user NIC with several queues has several threads that poll.",
    severity: "medium",
    level: { default: "advisory" },
    why: "Open vSwitch with DPDK shares receive queues out over its polling threads: with one thread more queues are polled one after the other by the same CPU.",
    sources: ["Open vSwitch, topics/dpdk/pmd"],
    url: "https://docs.openvswitch.org/en/latest/topics/dpdk/pmd/",
    tags: ["dpdk", "performance"],
    parameters: {},
    judge(stack, each) {
        for (const { resource, nic } of stack.nics())
            each(resource, `NIC number ${nic.index + 1}`, () => {
                if (known(nic.backend) !== "vhostuser" || known(nic.queues) < 2) return undefined;
                for (const { props } of stack.of("kvmnet:ovs:Settings")) {
                    const mask = known(textAt(props, "pmdCpuMask"));
                    if (mask === undefined || !/^(0x)?[0-9a-f]+$/i.test(mask)) continue;
                    const threads = [...mask.replace(/^0x/i, "")].reduce(
                        (sum, digit) => sum + [...parseInt(digit, 16).toString(2)].filter((bit) => bit === "1").length,
                        0,
                    );
                    if (threads < 2)
                        return {
                            found: `it has ${known(nic.queues)} queues, and pmdCpuMask ${mask} is one thread`,
                            set: "Add CPUs of the same NUMA node to pmdCpuMask of ovs.Settings.",
                        };
                }
                return undefined;
            });
    },
    fix: "Give pmdCpuMask two CPUs or more.",
    examples: {
        good: [[vhostUser(4), made("ovs:Settings", { pmdCpuMask: "0x6" })], [vhostUser(4)]],
        bad: [[vhostUser(4), made("ovs:Settings", { pmdCpuMask: "0x4" })]],
    },
});

const ovsPort = (props: object) => made("ovs:Port", { name: "tap0", bridge: "br0", type: "system", tag: 10, ...props });
const libvirtBridge = (nic: object) => tunedDomain({ source: { bridge: { bridge: "br0" } }, ...nic });

/** libvirt's own filters that hold a guest to its MAC address, and what the others begin with (libvirt src/nwfilter/xml). */
const HOLDING = ["clean-traffic", "clean-traffic-gateway", "no-mac-spoofing"];
const OF_LIBVIRT =
    /^(allow-(arp|dhcp|dhcp-server|dhcpv6|dhcpv6-server|incoming-ipv4|incoming-ipv6|ipv4|ipv6)|no-(arp|arp-ip|arp-mac|ip|ipv6|mac)-spoofing|no-ip-multicast|no-ipv6-multicast|no-other-(l2|rarp)-traffic|qemu-announce-self(-rarp)?)$/;

const shownFilter = (name: string) => name.replace(/[^\w.-]/g, "?").slice(0, 60);

const macSpoofing = stackRule({
    id: "sec-mac-spoofing",
    title: "A guest sends from its own addresses alone.",
    severity: "high",
    level: { default: "disabled", security: "mandatory" },
    why: "A guest that may send from any MAC and IP address takes the traffic of its neighbours and of the gateway with a few ARP packets.",
    sources: ["DISA Virtual Machine Manager SRG", "libvirt formatnwfilter: clean-traffic, no-mac-spoofing"],
    url: "https://libvirt.org/formatnwfilter.html",
    tags: ["security", "spoofing"],
    parameters: {},
    judge(stack, each) {
        for (const one of stack.ports())
            each(one.resource, portName(one), () => {
                if (!stack.isGuests(one) || known(at(one.props, "portSecurity")) !== undefined) return undefined;
                return {
                    found: "its guest may send from any address",
                    set: "Set portSecurity with the guest's mac and addresses.",
                };
            });
        for (const { resource, nic } of stack.nics())
            each(resource, `NIC number ${nic.index + 1}`, () => {
                const backend = known(nic.backend);
                if (backend !== "bridge" && backend !== "network") return undefined;
                if (known(nic.said("openVSwitch")) !== undefined) return undefined;
                const filter = known(nic.said("filter"));
                if (filter !== undefined && HOLDING.includes(filter)) return undefined;
                if (filter !== undefined && !OF_LIBVIRT.test(filter))
                    throw new NotKnown(`what its filter ${shownFilter(filter)} lets through was not read`);
                return {
                    found: `its guest may send from any address${filter === undefined ? "" : `, which the filter ${filter} does not keep it from`}`,
                    set: "Give it the filter clean-traffic with the parameter IP, or no-mac-spoofing at least.",
                };
            });
        for (const { resource, nic } of stack.libvirtPorts())
            each(resource, `NIC number ${nic.index + 1}`, () => ({
                found: "libvirt plugs it into Open vSwitch, where its guest may send from any address",
                set: "Plug the guest into a tap of kvmnet, whose port has portSecurity with the guest's mac and addresses.",
            }));
    },
    fix: "Set portSecurity of the port on Open vSwitch, or the filter clean-traffic on a Linux bridge.",
    examples: {
        good: [
            [ovsPort({ portSecurity: { mac: "52:54:00:12:34:56" } })],
            [
                libvirtBridge({
                    filterRef: { filter: "clean-traffic", parameters: [{ name: "IP", value: "10.0.0.5" }] },
                }),
            ],
            [onSwitch({ target: { dev: "tap0" } }), ovsPort({ portSecurity: { mac: "52:54:00:12:34:56" } })],
        ],
        bad: [
            [ovsPort({})],
            [libvirtBridge({})],
            [libvirtBridge({ filterRef: { filter: "allow-arp" } })],
            [onSwitch({ vlan: { tags: [{ id: 10 }] } })],
        ],
    },
});

const ipv6RaGuest = stackRule({
    id: "sec-ipv6-ra-guest",
    title: "No guest announces itself as a router.",
    severity: "medium",
    level: { default: "disabled", security: "advisory" },
    why: "Whoever sends router advertisements becomes the default gateway of its neighbours within seconds, also where nobody planned IPv6.",
    sources: ["RFC 6104: rogue IPv6 router advertisement problem", "RFC 6105: RA guard"],
    url: "https://www.rfc-editor.org/rfc/rfc6105",
    tags: ["security", "ipv6"],
    parameters: {},
    judge(stack, each) {
        const [guarded, held] = [new Set<unknown>(), new Set<unknown>()];
        for (const { props } of stack.of("kvmnet:ovs:Flows")) {
            const flows = maybe(() => known(listAt(props, "flows")).map(String));
            for (const flow of flows instanceof NotKnown ? [] : flows) {
                if (!/icmp6?_type=134\b.*actions=drop/.test(flow)) continue;
                const [, port] = /\bin_port="?([^",\s]+)/.exec(flow) ?? [];
                if (port === undefined) guarded.add(textAt(props, "bridge"));
                else held.add(port);
            }
        }
        const free = maybe(() => freeGuests(stack, held));
        for (const { resource, kind, name } of stack.bridges())
            each(resource, "its guests", () => {
                const own = known(name) ?? "";
                if (kind !== "ovs" || !stack.guestBridges().has(own) || guarded.has(own)) return undefined;
                if (!known(free).has(own)) return undefined;
                return {
                    found: "its guests may announce themselves as routers",
                    set: "Set portSecurity of their ports, or add a flow to ovs.Flows that drops them there: table=10,priority=200,in_port=tap0,icmp6,icmp_type=134,actions=drop.",
                };
            });
    },
    fix: "Drop router advertisements (ICMPv6 type 134) that come from guests, as portSecurity does.",
    examples: {
        good: [
            [
                made("ovs:Bridge", { name: "br0" }),
                tap("tap0"),
                ovsPort({}),
                made("ovs:Flows", {
                    bridge: "br0",
                    flows: ["table=10,priority=200,in_port=tap0,icmp6,icmp_type=134,actions=drop"],
                }),
            ],
            [made("ovs:Bridge", { name: "br0" }), tap("tap0"), ovsPort({ portSecurity: { mac: "52:54:00:12:34:56" } })],
            [made("ovs:Bridge", { name: "br0" })],
        ],
        bad: [
            [made("ovs:Bridge", { name: "br0" }), tap("tap0"), ovsPort({})],
            [
                made("ovs:Bridge", { name: "br0" }),
                tap("tap0"),
                ovsPort({}),
                made("ovs:Flows", {
                    bridge: "br0",
                    flows: ["table=10,priority=200,in_port=tap9,icmp6,icmp_type=134,actions=drop"],
                }),
            ],
        ],
    },
});

export const hostStackRules = [bbrFq, bbrOnSwitchHost, bridgeNf, smtSiblings, dpdkPmd, macSpoofing, ipv6RaGuest];
