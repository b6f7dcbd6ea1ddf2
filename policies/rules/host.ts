/** Rules for the host itself: settings of the kernel, links and their interrupts, bonds, and the bridges of guests. */
import { cpusOf } from "../../schemas/cpu-list";
import { at, countAt, listAt, textAt } from "../inputs";
import { known } from "../known";
import { type Reader, rule } from "../rule";
import { made } from "./examples";

const IP_SYSCTL = "https://docs.kernel.org/networking/ip-sysctl.html";
const BONDING = "https://docs.kernel.org/networking/bonding.html";
const SCALING = "https://docs.kernel.org/networking/scaling.html";
const IP_LINK = "https://man7.org/linux/man-pages/man8/ip-link.8.html";

/** A resource of one type, as a whole. */
const whole = (type: string): Reader<unknown> => ({
    types: [`kvmnet:${type}`],
    read: (props) => [props],
    name: () => "the resource",
});

const sysctl = (key: string, value: string) => made("host:Sysctl", { key, value });

/** Settings of one link, or of all, that trust the network more than guests deserve: by the end of their key, the value that does. */
const TRUSTING: Readonly<Record<string, { value: string; what: string; safe: string }>> = {
    accept_redirects: { value: "1", what: "takes routes that any neighbour tells it", safe: "0" },
    accept_source_route: { value: "1", what: "lets the sender choose the way of a packet", safe: "0" },
    proxy_arp: { value: "1", what: "answers ARP for addresses of other links", safe: "0" },
    rp_filter: { value: "0", what: "takes packets from addresses that lie elsewhere", safe: "1" },
};

const sysctlRedirects = rule({
    id: "sec-sysctl-redirects",
    title: "The kernel believes no guest about routes and addresses.",
    severity: "medium",
    level: { default: "advisory" },
    why: "ICMP redirects, source routes, proxy ARP and a reverse path filter that is off let a guest lead traffic of the host or of other guests through itself.",
    sources: ["kernel Documentation/networking/ip-sysctl.rst", "CIS benchmarks for Linux, 3.3"],
    url: IP_SYSCTL,
    tags: ["security", "sysctl"],
    appliesTo: whole("host:Sysctl"),
    parameters: {},
    judge(props) {
        const key = known(textAt(props, "key")) ?? "";
        const trusting = /^net\.ipv[46]\.conf\./.test(key) ? TRUSTING[key.split(".").at(-1) ?? ""] : undefined;
        if (!trusting || known(textAt(props, "value")) !== trusting.value) return undefined;
        return {
            found: `with it the kernel ${trusting.what}`,
            set: `Set it to ${trusting.safe}, or exempt it with the reason why this link needs it.`,
        };
    },
    fix: "Leave accept_redirects, accept_source_route and proxy_arp at 0, and rp_filter at 1 or 2.",
    examples: {
        good: [
            sysctl("net.ipv4.conf.all.accept_redirects", "0"),
            sysctl("net.ipv4.conf.br0.rp_filter", "2"),
            sysctl("net.ipv4.ip_forward", "1"),
        ],
        bad: [sysctl("net.ipv4.conf.all.accept_redirects", "1"), sysctl("net.ipv4.conf.br0.rp_filter", "0")],
    },
});

const link = (props: Record<string, unknown>) => made("host:Link", { name: "eth0", ...props });

const rpsRedundant = rule({
    id: "rps-redundant",
    title: "Packets are spread over CPUs once.",
    severity: "low",
    level: { default: "advisory" },
    why: "RPS hands packets to other CPUs in software. Where the NIC has a receive queue for each of these CPUs already, that is one more interrupt between CPUs for each packet and no more work in parallel.",
    sources: ["kernel Documentation/networking/scaling.rst, RPS: Suggested Configuration"],
    url: SCALING,
    tags: ["cpu", "performance"],
    appliesTo: whole("host:Link"),
    parameters: {},
    judge(props) {
        const lists = known(listAt(props, "rpsCpus")).map((list) => cpusOf(String(list)) ?? []);
        const cpus = new Set(lists.flat()).size;
        const queues = known(countAt(0, props, "channels", "combined")) + known(countAt(0, props, "channels", "rx"));
        if (cpus === 0 || queues < cpus) return undefined;
        return {
            found: `it has ${queues} receive queues, and RPS spreads them over ${cpus} CPUs again`,
            set: 'Set rpsCpus to [""], and let each queue\'s interrupt go to a CPU of its own.',
        };
    },
    fix: "Leave RPS to NICs with fewer queues than CPUs.",
    examples: {
        good: [
            link({ channels: { combined: 2 }, rpsCpus: ["0-3"] }),
            link({ channels: { combined: 8 } }),
            link({ rpsCpus: ["0-3"] }),
        ],
        bad: [
            link({ channels: { combined: 4 }, rpsCpus: ["0-3"] }),
            link({ channels: { rx: 8 }, rpsCpus: ["0-1", "2-3"] }),
        ],
    },
});

const aggregates: Reader<unknown> = {
    types: ["kvmnet:host:Bond", "kvmnet:ovs:Port"],
    read: (props) => [props],
    name: () => "the resource",
};

const bondLacpRate = rule({
    id: "bond-lacp-rate",
    title: "A bond by LACP hears from the switch every second.",
    severity: "low",
    level: { default: "advisory" },
    why: "By the slow rate the switch is asked every 30 s, and a link that is up and carries nothing is noticed after three missed answers: 90 s instead of 3 s.",
    sources: ["IEEE 802.1AX, 6.4.4: Long_Timeout_Time 90 s, Short_Timeout_Time 3 s", "kernel bonding.rst, lacp_rate"],
    url: BONDING,
    tags: ["bond", "availability"],
    appliesTo: aggregates,
    parameters: {},
    judge(props) {
        const [mode, lacp] = [known(textAt(props, "mode")), known(textAt(props, "lacp"))];
        const [field, fast] =
            mode === "802.3ad"
                ? (["lacpRate", known(textAt(props, "lacpRate"))] as const)
                : lacp === "active" || lacp === "passive"
                  ? (["lacpTime", known(textAt(props, "lacpTime"))] as const)
                  : ["", "fast"];
        if (fast === "fast") return undefined;
        return { found: "it asks the switch every 30 s", set: `Set ${field} to fast, where the switch can.` };
    },
    fix: "Set lacpRate of a Bond, or lacpTime of an ovs.Port, to fast.",
    examples: {
        good: [
            made("host:Bond", { name: "bond0", mode: "802.3ad", lacpRate: "fast", xmitHashPolicy: "layer3+4" }),
            made("host:Bond", { name: "bond0", mode: "active-backup" }),
            made("ovs:Port", { name: "tap0", bridge: "br0", tag: 1 }),
        ],
        bad: [
            made("host:Bond", { name: "bond0", mode: "802.3ad", xmitHashPolicy: "layer3+4" }),
            made("ovs:Port", {
                name: "bond0",
                bridge: "br0",
                trunks: ["10"],
                interfaces: ["eth0", "eth1"],
                lacp: "active",
                lacpTime: "slow",
            }),
        ],
    },
});

/** Bit of 01:80:c2:00:00:0e, which LLDP is sent to. */
const LLDP = 1 << 14;

const lldpGuest = rule({
    id: "sec-lldp-guest",
    title: "Guests neither hear nor send LLDP.",
    severity: "low",
    level: { default: "advisory" },
    why: "A bridge that forwards LLDP tells guests the names and versions of the switches around the host, and takes what guests send of it: CVE-2022-4337 was a read out of bounds in Open vSwitch by such a packet.",
    sources: ["CVE-2022-4337", "Linux net/bridge/br_private.h, group_fwd_mask"],
    url: IP_LINK,
    tags: ["security"],
    appliesTo: whole("host:Bridge"),
    parameters: {},
    judge(props) {
        const mask = known(countAt(0, props, "groupFwdMask"));
        if ((mask & LLDP) === 0) return undefined;
        return { found: "it forwards LLDP", set: `Set groupFwdMask to ${mask & ~LLDP}.` };
    },
    fix: "Leave bit 14 of groupFwdMask at 0.",
    examples: {
        good: [made("host:Bridge", { name: "br0" }), made("host:Bridge", { name: "br0", groupFwdMask: 8 })],
        bad: [made("host:Bridge", { name: "br0", groupFwdMask: 16384 })],
    },
});

const reflecting: Reader<unknown> = {
    types: ["kvmnet:host:BridgePort", "kvmnet:host:Macvtap"],
    read: (props) => [props],
    name: () => "the resource",
};

const hairpin = rule({
    id: "sec-hairpin",
    title: "Frames leave where they came in only on purpose.",
    severity: "low",
    level: { default: "advisory" },
    why: "A port with hairpin sends a guest's frames back to it where the bridge would, and a macvtap in mode vepa sends those between guests of one host to the outer switch: whatever parts guests must then be done there.",
    sources: ["IEEE 802.1Qbg: reflective relay", "bridge(8), hairpin"],
    url: "https://man7.org/linux/man-pages/man8/bridge.8.html",
    tags: ["security", "topology"],
    appliesTo: reflecting,
    parameters: {},
    judge(props) {
        if (known(at(props, "hairpin")) === true)
            return { found: "it sends frames back where they came in", set: "Set hairpin to false." };
        if (known(textAt(props, "mode")) !== "vepa") return undefined;
        return { found: "its mode is vepa", set: "Set mode to bridge, or private where guests are not to meet." };
    },
    fix: "Leave hairpin off and use mode bridge, unless the outer switch does the parting.",
    examples: {
        good: [
            made("host:BridgePort", { name: "tap0", bridge: "br0" }),
            made("host:Macvtap", { name: "mv0", link: "eth0", mode: "bridge" }),
        ],
        bad: [
            made("host:BridgePort", { name: "tap0", bridge: "br0", hairpin: true }),
            made("host:Macvtap", { name: "mv0", link: "eth0", mode: "vepa" }),
        ],
    },
});

export const hostRules = [sysctlRedirects, rpsRedundant, bondLacpRate, lldpGuest, hairpin];
