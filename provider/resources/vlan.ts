/** One VLAN of a link, as a link of its own. */
import { z } from "zod";
import { Vlan } from "../../schemas/vlan";
import { plain, type Printed, type Setting } from "./link-settings";
import { virtualLink } from "./virtual-link";

export const vlan = virtualLink<Vlan>({
    type: "kvmnet:host:Vlan",
    title: "VLAN link",
    description: "One VLAN of a link, as a link of its own, up: what it sends leaves with that tag.",
    schema: Vlan,
    cost: {
        name: "replace",
        link: "replace",
        vlanId: "replace",
        protocol: "replace",
        mac: "update",
        mtu: "update",
        txQueueLength: "update",
        reorderHeader: "update",
        gvrp: "update",
        mvrp: "update",
        looseBinding: "update",
        bridgeBinding: "update",
        ingressQos: "update",
        egressQos: "update",
        takesOperatorPath: "update",
    },
    kind: "vlan",
    fixed: { protocol: plain<Vlan["protocol"]>("protocol"), vlanId: plain<number>("id") },
    settings: {
        reorderHeader: flag("reorder_hdr", true),
        gvrp: flag("gvrp", false),
        mvrp: flag("mvrp", false),
        looseBinding: flag("loose_binding", false),
        bridgeBinding: flag("bridge_binding", false),
        ingressQos: qosMap("ingress-qos-map", "ingress_qos"),
        egressQos: qosMap("egress-qos-map", "egress_qos"),
    },
    presets: { txQueueLength: 1000 },
    below: {
        key: "link",
        leads: true,
        read: ({ parent }) => parent,
        mtu: (below) => below?.mtu,
    },
    claims: ({ link, protocol, vlanId }) => [`VLAN ${vlanId} (${protocol}) of ${link}`],
});

/** The kernel prints the flags that are set, in capital letters. */
function flag(word: string, preset: boolean): Setting<boolean> {
    return {
        words: (value) => [word, value ? "on" : "off"],
        read: ({ flags }: Printed) => Array.isArray(flags) && flags.includes(word.toUpperCase()),
        preset,
    };
}

/** A priority that is mapped no longer is mapped to 0, which is what the kernel has. */
function qosMap(word: string, key: string): Setting<string[]> {
    const words = (entries: string[]) => (entries.length > 0 ? [word, ...entries] : []);
    return {
        words,
        between: (from = [], to) => [
            ...words([
                ...from
                    .filter((entry) => !to.some((other) => fromOf(other) === fromOf(entry)))
                    .map((entry) => `${fromOf(entry)}:0`),
                ...to,
            ]),
        ],
        // The kernel lists priorities by their last four bits, and those alike newest first (net/8021q/vlan_netlink.c).
        read: (printed) =>
            QosMap.parse(printed[key] ?? [])
                .sort((a, b) => a.from - b.from)
                .map(({ from, to }) => `${from}:${to}`),
        preset: [],
    };
}

const QosMap = z.array(z.object({ from: z.number(), to: z.number() }));
const fromOf = (entry: string) => entry.split(":")[0];
