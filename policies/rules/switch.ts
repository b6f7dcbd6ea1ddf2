/** Rules for single resources of the host: ways into the switch, mirrors, limits and bonds. */
import { bitsPerSecond, bytes, rateText, sizeText } from "../../schemas/amounts";
import { isOpen } from "../../schemas/target-text";
import { at, countAt, type Resource, textAt } from "../inputs";
import { known } from "../known";
import { type Reader, rule } from "../rule";
import { VSWITCHD_DB } from "./manuals";
import { ovsPorts } from "./ovs-ports";

const BONDING = "https://docs.kernel.org/networking/bonding.html";

/** A resource of one type, as a whole. */
const whole = (type: string): Reader<unknown> => ({
    types: [type],
    read: (props) => [props],
    name: () => "the resource",
});
const made = (type: string, props: object): Resource => ({ type, name: "it", props });

const manager = (target: string) => made("kvmnet:ovs:Manager", { target });
const controller = (target: string) => made("kvmnet:ovs:Controller", { bridge: "br0", target });

const ovsdbTcp = rule({
    id: "sec-ovsdb-tcp",
    title: "The switch database is reached over TLS, or from this machine alone.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "OVSDB knows no login: whoever reaches an open port can rewrite every bridge. ptcp without an address listens on all of them.",
    sources: ["ovsdb(7), Connection Methods"],
    url: `${VSWITCHD_DB}#manager-table`,
    tags: ["security", "ovs"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "a switch database that listens on TCP is written by whoever reaches it, without a login",
    },
    appliesTo: whole("kvmnet:ovs:Manager"),
    parameters: {},
    judge(props) {
        const target = known(textAt(props, "target"));
        if (target === undefined || !isOpen(target)) return undefined;
        return { found: "its target is plain TCP", set: "Use ssl: or pssl: with Tls, or bind ptcp to 127.0.0.1." };
    },
    fix: "Use TLS, or listen on the loopback address.",
    examples: {
        good: [manager("pssl:6640:10.0.0.1"), manager("ptcp:6640:127.0.0.1")],
        bad: [manager("ptcp:6640"), manager("tcp:10.0.0.9:6640"), manager("tcp:localhost.example.org:6640")],
    },
});

const controllerTcp = rule({
    id: "sec-controller-tcp",
    title: "A controller is reached over TLS, or on this machine.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "Who stands between switch and controller can write any flow: send traffic elsewhere, or let it through.",
    sources: ["ovs-vswitchd.conf.db(5), Controller: target"],
    url: `${VSWITCHD_DB}#controller-table`,
    tags: ["security", "ovs"],
    appliesTo: whole("kvmnet:ovs:Controller"),
    parameters: {},
    judge(props) {
        const target = known(textAt(props, "target"));
        if (target === undefined || !isOpen(target)) return undefined;
        return { found: "its target is plain TCP", set: "Use ssl: with Tls." };
    },
    fix: "Use ssl: with Tls.",
    examples: {
        good: [controller("ssl:10.0.0.9:6653"), controller("tcp:127.0.0.1:6653")],
        bad: [controller("tcp:10.0.0.9:6653"), controller("tcp:127.example.org:6653")],
    },
});

const sslBootstrap = rule({
    id: "sec-ovsdb-ssl-bootstrap",
    title: "The authority that the switch trusts is given, not taken from the first who answers.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "With bootstrapCaCert the switch takes the certificate of the first peer for good, whoever that is.",
    sources: ["ovs-vswitchd.conf.db(5), SSL: bootstrap_ca_cert"],
    url: `${VSWITCHD_DB}#ssl-table`,
    tags: ["security", "ovs"],
    appliesTo: whole("kvmnet:ovs:Tls"),
    parameters: {},
    judge(props) {
        if (known(at(props, "bootstrapCaCert")) !== true) return undefined;
        return {
            found: "it takes the first certificate that it meets",
            set: "Copy the authority's certificate to the host, and remove bootstrapCaCert.",
        };
    },
    fix: "Lay the authority's certificate onto the host.",
    examples: {
        good: [made("kvmnet:ovs:Tls", { privateKey: "/k", certificate: "/c", caCert: "/ca" })],
        bad: [made("kvmnet:ovs:Tls", { privateKey: "/k", certificate: "/c", caCert: "/ca", bootstrapCaCert: true })],
    },
});

const promisc = rule({
    id: "sec-promisc",
    title: "A mirror shows some ports or VLANs, not all.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "Who listens at the output of a mirror of everything hears every guest of the bridge, in every VLAN.",
    sources: ["ovs-vswitchd.conf.db(5), Mirror: select_all"],
    url: `${VSWITCHD_DB}#mirror-table`,
    tags: ["security", "ovs"],
    appliesTo: whole("kvmnet:ovs:Mirror"),
    parameters: {},
    judge(props) {
        if (known(at(props, "selectAll")) !== true) return undefined;
        return {
            found: "it mirrors every port",
            set: "List selectSourcePorts and selectDestinationPorts, or selectVlans.",
        };
    },
    fix: "List ports or VLANs.",
    examples: {
        good: [
            made("kvmnet:ovs:Mirror", {
                bridge: "br0",
                name: "m",
                selectAll: false,
                selectVlans: ["10"],
                outputPort: "p",
            }),
        ],
        bad: [made("kvmnet:ovs:Mirror", { bridge: "br0", name: "m", selectAll: true, outputPort: "p" })],
    },
});

const port = (ingress: object) => made("kvmnet:ovs:Port", { name: "tap0", bridge: "br0", tag: 1, ingress });

const policingBurst = rule({
    id: "policing-burst",
    title: "A limit by policing lets a burst through.",
    severity: "medium",
    level: { default: "advisory" },
    why: "Policing drops, it does not queue: with a small burst TCP stays far below the rate. Open vSwitch advises a burst of at least 80 % of what the rate lets through in a second, and it must hold one frame.",
    sources: ["ovs-vswitchd.conf.db(5), Interface: ingress_policing_burst", "Open vSwitch, howto/qos"],
    url: `${VSWITCHD_DB}#interface-table`,
    tags: ["qos"],
    appliesTo: ovsPorts,
    parameters: {
        percent: {
            describe: "Least burst, as a share of what the rate lets through in a second [%].",
            value: { default: 80 },
            minimum: 1,
            maximum: 1000,
        },
    },
    judge({ props }, { percent }) {
        const rate = rateText(known(textAt(props, "ingress", "rate")) ?? "");
        const burst = sizeText(known(textAt(props, "ingress", "burst")) ?? "");
        if (rate === undefined || burst === undefined) return undefined;
        const least = Math.max(1518, (bitsPerSecond(rate) / 8) * (percent / 100));
        if (bytes(burst) >= least) return undefined;
        return {
            found: `its burst of ${burst} is ${Math.round((bytes(burst) / (bitsPerSecond(rate) / 8)) * 100)} % of a second at ${rate}`,
            set: `Set ingress.burst to ${Math.ceil(least / 1000)}kB; a port of kvmnet's has as much where it is left out.`,
        };
    },
    fix: "Raise the burst, or shape with linux-htb. A port of kvmnet's has 80 % of a second's worth where it is left out; Open vSwitch itself takes 1 MB, whatever the rate.",
    examples: {
        good: [port({ rate: "100Mbit" }), port({ rate: "100Mbit", burst: "10MB" })],
        bad: [
            port({ rate: "100Mbit", burst: "64KiB" }),
            made("kvmnet:ovs:PortSet", {
                bridge: "br0",
                ports: { tap0: { tag: 1, ingress: { rate: "1Gbit", burst: "1MB" } } },
            }),
        ],
    },
});

const htbMaxRate = rule({
    id: "htb-max-rate",
    title: "A QoS by HTB says the rate of its link.",
    severity: "medium",
    level: { default: "mandatory" },
    why: "Without maxRate Open vSwitch takes the speed that the link tells. A tap has none: since Linux 6.2 it tells 10 Gbit/s, and queues share what is not there; before, as on Debian 12, it tells 10 Mbit/s, and its guest gets no more.",
    sources: ["ovs-vswitchd.conf.db(5), QoS: other_config:max-rate"],
    url: `${VSWITCHD_DB}#qos-table`,
    tags: ["qos"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "with a QoS by HTB without a rate shares 10 Gbit/s that its link does not have",
    },
    appliesTo: whole("kvmnet:ovs:Qos"),
    parameters: {},
    judge(props) {
        const type = known(textAt(props, "type"));
        if (type !== "linux-htb" && type !== "linux-hfsc") return undefined;
        if (known(textAt(props, "maxRate")) !== undefined) return undefined;
        return { found: "it has no maxRate", set: 'Set maxRate, such as "1Gbit".' };
    },
    fix: "Set maxRate.",
    examples: {
        good: [made("kvmnet:ovs:Qos", { name: "q", type: "linux-htb", maxRate: "1Gbit" })],
        bad: [made("kvmnet:ovs:Qos", { name: "q", type: "linux-htb" })],
    },
});

const bondOf = (props: object) => made("kvmnet:host:Bond", { name: "bond0", ...props });

const bondMonitor = rule({
    id: "bond-monitor",
    title: "A bond watches its links.",
    severity: "high",
    level: { default: "mandatory" },
    why: "With neither miimon nor ARP monitoring a bond goes on sending over a dead link. Kernels before 6.0 watch nothing unless told.",
    sources: ["kernel bonding.rst, miimon"],
    url: BONDING,
    tags: ["bond", "availability"],
    proof: {
        notShown:
            "It is about kernels before 6.0. The machine's own has no bonds, and that of the kernel guests is newer.",
    },
    appliesTo: whole("kvmnet:host:Bond"),
    parameters: {},
    judge(props) {
        if (known(countAt(undefined, props, "miimon")) !== 0) return undefined;
        if (known(countAt(undefined, props, "arpInterval")) !== undefined) return undefined;
        return { found: "it watches no link", set: "Set miimon to 100." };
    },
    fix: "Set miimon to 100.",
    examples: {
        good: [
            bondOf({ mode: "active-backup", miimon: 100 }),
            bondOf({ mode: "active-backup", miimon: 0, arpInterval: 500 }),
            bondOf({ mode: "active-backup" }),
        ],
        bad: [bondOf({ mode: "active-backup", miimon: 0 })],
    },
});

const bondHash = rule({
    id: "bond-hash",
    title: "A bond spreads routed traffic over its links.",
    severity: "low",
    level: { default: "advisory" },
    why: "The policy layer2, which is the default, puts all traffic to one router onto one link, since it looks at MAC addresses alone. layer3+4 spreads by flow, and is not fully in line with 802.3ad for fragments.",
    sources: ["kernel bonding.rst, xmit_hash_policy"],
    url: BONDING,
    tags: ["bond", "performance"],
    appliesTo: whole("kvmnet:host:Bond"),
    parameters: {},
    judge(props) {
        const mode = known(textAt(props, "mode"));
        if (mode !== "802.3ad" && mode !== "balance-xor") return undefined;
        const policy = known(textAt(props, "xmitHashPolicy")) ?? "layer2";
        return policy === "layer2"
            ? { found: "it spreads by MAC addresses alone", set: "Set xmitHashPolicy to layer2+3 or layer3+4." }
            : undefined;
    },
    fix: "Set xmitHashPolicy to layer2+3 or layer3+4.",
    examples: {
        good: [
            bondOf({ mode: "802.3ad", xmitHashPolicy: "layer3+4", lacpRate: "fast" }),
            bondOf({ mode: "active-backup" }),
        ],
        bad: [bondOf({ mode: "802.3ad", lacpRate: "fast" }), bondOf({ mode: "balance-xor", xmitHashPolicy: "layer2" })],
    },
});

const bondMode = rule({
    id: "bond-mode",
    title: "A bond says its mode, and keeps the order of packets.",
    severity: "medium",
    level: { default: "mandatory" },
    why: "Without a mode the kernel takes balance-rr, which sends the packets of one stream over all links in turn: they arrive out of order, and TCP takes that for loss. Named on purpose it is told as a remark.",
    sources: ["kernel bonding.rst, mode: the default is balance-rr"],
    url: BONDING,
    tags: ["bond", "performance"],
    proof: {
        notShown:
            "Frames change places between real links with queues of their own; links within one machine deliver at once.",
    },
    appliesTo: whole("kvmnet:host:Bond"),
    parameters: {},
    judge(props) {
        const mode = known(textAt(props, "mode"));
        const set = "Set mode to 802.3ad, or to active-backup where the switch knows no LACP.";
        if (mode === undefined) return { found: "it has no mode, so the kernel takes balance-rr", set };
        return mode === "balance-rr" ? { found: "its mode is balance-rr", set, remark: true } : undefined;
    },
    fix: "Use 802.3ad or active-backup.",
    examples: { good: [bondOf({ mode: "active-backup" })], bad: [bondOf({})] },
});

export const switchRules = [
    ovsdbTcp,
    controllerTcp,
    sslBootstrap,
    promisc,
    policingBurst,
    htbMaxRate,
    bondMonitor,
    bondHash,
    bondMode,
];
