/** Rules about what a host's hardware and kernel tell: virtual functions, NUMA nodes, the queues of links. */
import { cpuSetOf } from "../../schemas/cpu-list";
import { at, countAt, listAt } from "../inputs";
import { known, maybe, NotKnown } from "../known";
import { type Reader, rule } from "../rule";
import type { Stack } from "../stack";
import { stackRule } from "../stack-rule";
import { made, tunedDomain } from "./examples";
import { FORMATDOMAIN } from "./manuals";

const IF_LINK = "https://man7.org/linux/man-pages/man8/ip-link.8.html";

/** A virtual function as its physical link tells it, or as a file sets it. */
interface VirtualFunction {
    index: unknown;
    trust: unknown;
    spoofCheck: unknown;
}

const virtualFunctions: Reader<VirtualFunction> = {
    types: ["kvmnet:host:Link"],
    read(props) {
        const functions = listAt(props, "virtualFunctions");
        if (functions instanceof NotKnown) return [functions];
        return functions.map((one) => ({
            index: at(one, "index"),
            trust: at(one, "trust"),
            spoofCheck: at(one, "spoofCheck"),
        }));
    },
    name: ({ index }) => `its virtual function${typeof index === "number" ? ` ${index}` : ""}`,
};

const nicOf = (...functions: object[]) => made("host:Link", { name: "ens1f0", virtualFunctions: functions });

const vfTrust = rule({
    id: "vf-trust",
    title: "A guest's virtual function is not trusted.",
    severity: "medium",
    level: { default: "advisory", security: "mandatory" },
    why: "A trusted function may set its MAC address and hear what is not for it: the guest behind it can take another's frames.",
    sources: ["Linux include/uapi/linux/if_link.h, IFLA_VF_TRUST", "iproute2, ip link: Support VF Trust"],
    url: IF_LINK,
    tags: ["sriov", "security"],
    appliesTo: virtualFunctions,
    parameters: {},
    judge({ trust }) {
        if (known(trust) !== true) return undefined;
        return {
            found: "it is trusted",
            set: "Switch trust off (`ip link set dev LINK vf N trust off`), or exempt it where its guest must be a router or a bridge.",
        };
    },
    fix: "Switch trust off where the guest needs no MAC address of its choice.",
    examples: {
        good: [nicOf({ index: 0, trust: false, spoofCheck: true }), made("host:Link", { name: "ens1f0" })],
        bad: [nicOf({ index: 0, trust: false, spoofCheck: true }, { index: 1, trust: true, spoofCheck: true })],
    },
});

const vfSpoof = rule({
    id: "vf-spoof",
    title: "The NIC drops what a virtual function sends under an address that is not its own.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "With spoofchk off the guest sends under any MAC address: the switch then hands it the frames of others.",
    sources: ["Linux include/uapi/linux/if_link.h, IFLA_VF_SPOOFCHK", "ip-link(8), spoofchk"],
    url: IF_LINK,
    tags: ["sriov", "security"],
    proof: { notShown: "It takes a NIC with virtual functions, which no lab has." },
    appliesTo: virtualFunctions,
    parameters: {},
    judge({ spoofCheck }) {
        if (known(spoofCheck) !== false) return undefined;
        return {
            found: "its addresses are not checked",
            set: "Switch spoofchk on (`ip link set dev LINK vf N spoofchk on`), or exempt it with the reason.",
        };
    },
    fix: "Switch spoofchk on.",
    examples: {
        good: [nicOf({ index: 0, spoofCheck: true }), nicOf({ index: 0 })],
        bad: [nicOf({ index: 0, trust: false, spoofCheck: false })],
    },
});

/** Disciplines that the kernel gives a link by itself, so that one of them was nobody's choice. */
const BY_ITSELF = ["pfifo_fast", "pfifo", "fq", "fq_codel", "fq_pie", "cake", "sfq"];
const DEFAULT_QDISC = "net.core.default_qdisc";

const queued = (...qdiscs: string[]) => made("host:Link", { name: "eth0", qdiscs });
const defaultQdisc = (value: string) => made("host:Sysctl", { key: DEFAULT_QDISC, value });

const qdiscOrder = stackRule({
    id: "qdisc-order",
    title: "The default queueing discipline was set before the links came.",
    severity: "low",
    level: { default: "advisory" },
    why: `${DEFAULT_QDISC} is for links that come later. One that was there before keeps what it had, so that the setting looks done and is not.`,
    sources: ["kernel Documentation/admin-guide/sysctl/net.rst, default_qdisc"],
    url: "https://docs.kernel.org/admin-guide/sysctl/net.html#default-qdisc",
    tags: ["tcp"],
    parameters: {},
    judge(stack, each) {
        for (const resource of stack.of("kvmnet:host:Link"))
            each(resource, "its queues", () => {
                const wanted = stack.sysctl(DEFAULT_QDISC)?.value;
                const old = known(listAt(resource.props, "qdiscs"))
                    .filter((one) => typeof one === "string")
                    .find((one) => one !== wanted && BY_ITSELF.includes(one));
                if (wanted === undefined || old === undefined) return undefined;
                return {
                    found: `they have the discipline ${old}, and ${DEFAULT_QDISC} is another`,
                    set: `Set ${DEFAULT_QDISC} in /etc/sysctl.d, and boot, or give this link its discipline by tc.`,
                };
            });
    },
    fix: `Set ${DEFAULT_QDISC} before links are made.`,
    examples: {
        good: [[defaultQdisc("fq"), queued("fq", "fq")], [defaultQdisc("fq"), queued("htb")], [queued("pfifo_fast")]],
        bad: [[defaultQdisc("fq"), queued("pfifo_fast")]],
    },
});

/** NUMA nodes of the hardware by which each bridge leads out. What is not known is left out. */
function nodesOfBridges(stack: Stack): Map<string, number[]> {
    const own = new Map<unknown, number>();
    for (const { props } of stack.of("kvmnet:host:Link")) {
        const node = countAt(undefined, props, "numaNode");
        if (typeof node === "number") own.set(at(props, "name"), node);
    }
    const nodes = new Map<string, number[]>();
    if (own.size === 0) return nodes;
    const members = new Map(
        stack.of("kvmnet:host:Bond").map(({ props }) => [at(props, "name"), listAt(props, "members")]),
    );
    const add = (bridge: unknown, link: unknown) => {
        const below = members.get(link);
        for (const one of Array.isArray(below) ? below : [link]) {
            const node = own.get(one);
            if (typeof bridge === "string" && node !== undefined)
                nodes.set(bridge, [...(nodes.get(bridge) ?? []), node]);
        }
    };
    for (const { name, uplinks } of stack.bridges())
        if (Array.isArray(uplinks)) for (const uplink of uplinks) add(name, uplink);
    for (const { name, bridge } of stack.bridgePorts()) add(bridge, name);
    return nodes;
}

const numaGuest = (nodeset: string) =>
    tunedDomain({ source: { bridge: { bridge: "br0" } } }, { numaTune: { memory: { mode: "strict", nodeset } } });
const numaHost = [
    made("host:Bridge", { name: "br0" }),
    made("host:BridgePort", { name: "ens1f0", bridge: "br0" }),
    made("host:Link", { name: "ens1f0", numaNode: 1 }),
];

const numaNic = stackRule({
    id: "numa-nic",
    title: "A guest that is bound to a NUMA node has its memory where its NIC leads out.",
    severity: "low",
    level: { default: "advisory" },
    why: "Where the hardware is at one node and the guest's memory at another, each packet crosses the link between the two sockets, which has less to give and takes longer.",
    sources: ["libvirt formatdomain, NUMA Node Tuning", "kernel Documentation/networking/scaling.rst"],
    url: `${FORMATDOMAIN}#numa-node-tuning`,
    tags: ["cpu", "memory"],
    parameters: {},
    judge(stack, each) {
        const nodes = nodesOfBridges(stack);
        if (nodes.size === 0) return;
        for (const { resource, nic } of stack.nics())
            each(resource, `NIC number ${nic.index + 1}`, () => {
                const text = known(nic.guest.said("memoryNodes"));
                const memory = text === undefined ? undefined : cpuSetOf(text);
                if (!memory || memory.length === 0) return undefined;
                const tap = maybe(() => known(nic.tap));
                const bridge =
                    known(nic.said("bridge")) ?? (typeof tap === "string" ? stack.plugged().get(tap) : undefined);
                const hardware = nodes.get(bridge ?? "") ?? [];
                const [first] = hardware;
                if (first === undefined || hardware.some((node) => memory.includes(node))) return undefined;
                return {
                    found: `its bridge leads out by hardware at NUMA node ${first}, and its guest's memory is at ${memory.join(", ")}`,
                    set: `Bind the guest's memory and CPUs to node ${first} (XML: <numatune><memory nodeset="${first}"/></numatune>).`,
                };
            });
    },
    fix: "Bind the guest to the node of the NIC that carries its frames.",
    examples: {
        good: [
            [...numaHost, numaGuest("1")],
            [...numaHost, numaGuest("0-1")],
        ],
        bad: [[...numaHost, numaGuest("0")]],
    },
});

export const hardwareRules = [vfTrust, vfSpoof];
export const hardwareStackRules = [qdiscOrder, numaNic];
