/** Rules across resources for rates: who sets them, and whether the link has what is promised. */
import { bitsPerSecond, rateText } from "../../schemas/amounts";
import { shownRate } from "../../tuning/physics";
import { at, textAt } from "../inputs";
import { known, type Maybe } from "../known";
import { onOpenVSwitch } from "../nics/guest-nic";
import { stackRule } from "../stack-rule";
import type { Stack } from "../stack";
import { made, tunedDomain } from "./examples";
import { VSWITCHD_DB } from "./manuals";
import { portName } from "./port-name";

const bridge = (props: Record<string, unknown>) => made("ovs:Bridge", props);
const port = (props: Record<string, unknown>) => made("ovs:Port", { bridge: "br0", type: "system", tag: 10, ...props });
const qos = (name: string, maxRate: string, queues: object = {}) =>
    made("ovs:Qos", { name, type: "linux-htb", maxRate, queues });
const uplink = (props: object = {}) => [
    bridge({ name: "br0", uplinks: ["eth0"] }),
    made("ovs:Port", { name: "eth0", bridge: "br0", type: "system", trunks: ["10"], ...props }),
];
const guest = (dev: string, nic: object) =>
    tunedDomain({
        source: { bridge: { bridge: "br0" } },
        virtualPort: { params: { openVSwitch: {} } },
        vlan: { tags: [{ id: 10 }] },
        target: { dev },
        ...nic,
    });

/** Bits a second of a rate as it is written; undefined for none and for what is no rate. @throws NotKnown */
function bitsOf(text: Maybe<string | undefined>): number | undefined {
    const rate = rateText(known(text) ?? "");
    return rate === undefined ? undefined : bitsPerSecond(rate);
}

/** Rates of `Qos` by name. */
function shapers(stack: Stack): Map<unknown, number> {
    const rates = new Map<unknown, number>();
    for (const { props } of stack.of("kvmnet:ovs:Qos")) {
        const [name, maxRate] = [textAt(props, "name"), textAt(props, "maxRate")];
        const rate = typeof maxRate === "string" ? bitsOf(maxRate) : undefined;
        if (typeof name === "string" && rate !== undefined) rates.set(name, rate);
    }
    return rates;
}

/** What the uplinks of each bridge send at most together [bit/s]; a bridge of which that is not told is left out. */
function uplinkRates(stack: Stack, link: number): Map<string, number> {
    const rates = new Map<string, number>();
    const shaped = shapers(stack);
    for (const { name, uplinks } of stack.bridges()) {
        if (typeof name !== "string" || !Array.isArray(uplinks) || uplinks.length === 0) continue;
        const each = uplinks.map((one) => {
            const own = shaped.get(textAt(stack.portByName().get(String(one))?.props, "qos"));
            return own ?? (link > 0 ? link * 1e6 : undefined);
        });
        if (each.every((rate) => rate !== undefined))
            rates.set(
                name,
                each.reduce((sum, rate) => sum + rate, 0),
            );
    }
    return rates;
}

const LINK = {
    describe: "Rate of a link that leads out, where no Qos on it tells [Mbit/s]; 0 is not known.",
    value: { default: 0 },
    minimum: 0,
    maximum: 800_000,
};

const qosSingleOwner = stackRule({
    id: "qos-single-owner",
    title: "The rate of a NIC is set in one place.",
    severity: "high",
    level: { default: "mandatory" },
    why: "libvirt's bandwidth writes QoS and policing of the same Open vSwitch port that ovs.Port limits. Who writes last wins: the next start of the guest undoes the one, the next update the other.",
    sources: ["libvirt src/util/virnetdevopenvswitch.c", "openvswitch/ovs-issues#210"],
    url: `${VSWITCHD_DB}#port-table`,
    tags: ["qos"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "that is started again undoes the QoS that somebody else set on its port",
    },
    parameters: {},
    judge(stack, each) {
        for (const { resource, nic } of stack.nics())
            each(resource, `NIC number ${nic.index + 1}`, () => {
                const own = (["inAverage", "inPeak", "outAverage"] as const).some(
                    (field) => known(nic.said(field)) !== undefined,
                );
                if (!own) return undefined;
                const plug = stack.portByName().get(known(nic.tap) ?? "");
                const shaped = plug && (known(at(plug.props, "qos")) ?? known(at(plug.props, "ingress")));
                if (shaped === undefined || shaped === null) return undefined;
                return {
                    found: `it has a bandwidth, and ${portName(plug!)} limits the same frames`,
                    set: "Take bandwidth away from the NIC: limits of the port change live, those of the domain with the guest.",
                };
            });
    },
    fix: "Keep the limits of the port, and take bandwidth away from the domain.",
    examples: {
        good: [
            [port({ name: "tap0" }), guest("tap0", { bandwidth: { outbound: { average: 1000 } } })],
            [port({ name: "tap0", ingress: { rate: "10Mbit" } }), guest("tap0", {})],
        ],
        bad: [
            [
                port({ name: "tap0", ingress: { rate: "10Mbit" } }),
                guest("tap0", { bandwidth: { outbound: { average: 1000 } } }),
            ],
            [
                port({ name: "tap0", qos: "q" }),
                guest("tap0", { bandwidth: { inbound: { average: 1000, peak: 1000 } } }),
            ],
        ],
    },
});

const policingUserspace = stackRule({
    id: "policing-userspace",
    title: "A limit from a guest stands where it limits.",
    severity: "high",
    level: { default: "mandatory" },
    why: "libvirt's outbound bandwidth becomes policing of the port, which the userspace datapath does not apply to taps: 50 of 50 Mbit/s passed a limit of 10, while tc counted drops. On the kernel datapath 11.6 passed; a meter of OpenFlow held 9.7 on both.",
    sources: ["ovs-vswitchd.conf.db(5), Interface: ingress_policing_rate", "measured, one run a datapath"],
    url: `${VSWITCHD_DB}#interface-table`,
    tags: ["qos"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "is policed nowhere on the userspace datapath: most of what is sent passes a limit of a twentieth",
    },
    parameters: {},
    judge(stack, each) {
        const userspace = new Set<unknown>();
        for (const { name, kind, resource } of stack.bridges())
            if (kind === "ovs" && textAt(resource.props, "datapathType") === "netdev") userspace.add(name);
        for (const { resource, nic } of stack.nics())
            each(resource, `NIC number ${nic.index + 1}`, () => {
                const average = known(nic.said("outAverage"));
                if (average === undefined || !onOpenVSwitch(nic) || !userspace.has(known(nic.said("bridge"))))
                    return undefined;
                return {
                    found: `its outbound average of ${average} kB/s limits nothing on a bridge of the userspace datapath`,
                    set: "Use ingress of kvmnet's ovs.Port, which is a meter there, and take outbound away.",
                };
            });
    },
    fix: "Use ingress of ovs.Port, which limits by a meter of OpenFlow on the userspace datapath.",
    examples: {
        good: [
            [
                bridge({ name: "br0", datapathType: "system" }),
                guest("tap0", { bandwidth: { outbound: { average: 1250 } } }),
            ],
            [bridge({ name: "br0", datapathType: "netdev" }), port({ name: "tap0", ingress: { rate: "10Mbit" } })],
        ],
        bad: [
            [
                bridge({ name: "br0", datapathType: "netdev" }),
                guest("tap0", { bandwidth: { outbound: { average: 1250 } } }),
            ],
        ],
    },
});

const qosAboveLink = stackRule({
    id: "qos-above-link",
    title: "No limit and no promise is above what the link has.",
    severity: "medium",
    level: { default: "advisory" },
    why: "A limit above the rate of the way out limits nothing, and queues that are promised more together than their QoS has get less than promised when it matters.",
    sources: ["ovs-vswitchd.conf.db(5), Queue: other_config:min-rate", "tc-htb(8): the sum of the children's rates"],
    url: `${VSWITCHD_DB}#qos-table`,
    tags: ["qos"],
    parameters: { link: LINK },
    judge(stack, each, { link }) {
        for (const resource of stack.of("kvmnet:ovs:Qos"))
            each(resource, "its queues", () => {
                const most = bitsOf(textAt(resource.props, "maxRate"));
                const queues = known(at(resource.props, "queues"));
                if (most === undefined || typeof queues !== "object" || queues === null) return undefined;
                const promised = Object.values(queues).reduce<number>(
                    (sum, queue) => sum + (bitsOf(textAt(queue, "minRate")) ?? 0),
                    0,
                );
                if (promised <= most) return undefined;
                return {
                    found: `its queues are promised ${shownRate(promised)} together, and it has ${shownRate(most)}`,
                    set: "Lower minRate of the queues until they fit, or raise maxRate where the link has more.",
                };
            });
        const outs = uplinkRates(stack, link);
        const shaped = shapers(stack);
        if (outs.size === 0) return;
        for (const one of stack.ports())
            each(one.resource, portName(one), () => {
                const out = outs.get(known(one.bridge) ?? "");
                if (out === undefined || stack.leadsOut(one)) return undefined;
                const limits = {
                    ingress: bitsOf(textAt(one.props, "ingress", "rate")),
                    qos: shaped.get(known(textAt(one.props, "qos"))),
                };
                for (const [field, limit] of Object.entries(limits))
                    if (limit !== undefined && limit > out)
                        return {
                            found: `its ${field} of ${shownRate(limit)} is above the ${shownRate(out)} that lead out of its bridge`,
                            set: `Set it to at most ${shownRate(out)}.`,
                        };
                return undefined;
            });
    },
    fix: "Lower the limit to what the link has.",
    examples: {
        good: [
            [qos("q", "1Gbit", { "1": { minRate: "400Mbit" }, "2": { minRate: "600Mbit" } })],
            [...uplink({ qos: "out" }), qos("out", "1Gbit"), port({ name: "tap0", ingress: { rate: "1Gbit" } })],
        ],
        bad: [
            [qos("q", "1Gbit", { "1": { minRate: "400Mbit" }, "2": { minRate: "601Mbit" } })],
            [...uplink({ qos: "out" }), qos("out", "1Gbit"), port({ name: "tap0", ingress: { rate: "2Gbit" } })],
        ],
    },
});

const uplinkOversubscribed = stackRule({
    id: "uplink-oversubscribed",
    title: "What guests may send together keeps a proportion to their way out.",
    severity: "low",
    level: { default: "advisory" },
    why: "Guests seldom send at once, so that a link is promised several times over on purpose; how many times is a choice, and grows unseen with each guest.",
    sources: ["arithmetic of the declared rates"],
    url: `${VSWITCHD_DB}#interface-table`,
    tags: ["qos", "capacity"],
    parameters: {
        link: LINK,
        percent: {
            describe: "Most that the limits of a bridge's guests make together, of the rate of its uplinks [%].",
            value: { default: 400, throughput: 200, latency: 100 },
            minimum: 10,
            maximum: 10_000,
        },
    },
    judge(stack, each, { link, percent }) {
        const outs = uplinkRates(stack, link);
        if (outs.size === 0) return;
        const promised = new Map<string, number>();
        for (const one of stack.ports()) {
            const rate = textAt(one.props, "ingress", "rate");
            const limit = typeof rate === "string" ? bitsOf(rate) : undefined;
            if (typeof one.bridge === "string" && limit !== undefined)
                promised.set(one.bridge, (promised.get(one.bridge) ?? 0) + limit);
        }
        for (const { resource, name } of stack.bridges())
            each(resource, "its uplinks", () => {
                const [out, sum] = [outs.get(known(name) ?? ""), promised.get(known(name) ?? "") ?? 0];
                if (out === undefined || sum * 100 <= out * percent) return undefined;
                return {
                    found: `its guests may send ${shownRate(sum)} together, ${Math.round((sum / out) * 100)} % of the ${shownRate(out)} that lead out`,
                    set: `Lower the limits to ${shownRate((out * percent) / 100)} together, or add an uplink.`,
                };
            });
    },
    fix: "Lower the limits, or add an uplink.",
    examples: {
        good: [
            [
                ...uplink({ qos: "out" }),
                qos("out", "1Gbit"),
                ...[0, 1, 2, 3].map((index) => port({ name: `tap${index}`, ingress: { rate: "1Gbit" } })),
            ],
        ],
        bad: [
            [
                ...uplink({ qos: "out" }),
                qos("out", "1Gbit"),
                ...[0, 1, 2, 3, 4].map((index) => port({ name: `tap${index}`, ingress: { rate: "1Gbit" } })),
            ],
        ],
    },
});

const rateLimit = stackRule({
    id: "sec-rate-limit",
    title: "What a guest sends is limited.",
    severity: "medium",
    level: { default: "disabled", security: "advisory" },
    why: "One guest without a limit fills the uplink, and the switch's CPUs, of all.",
    sources: ["DISA Virtual Machine Manager SRG: denial of service by guests"],
    url: `${VSWITCHD_DB}#interface-table`,
    tags: ["security", "qos"],
    parameters: {},
    judge(stack, each) {
        for (const one of stack.ports())
            each(one.resource, portName(one), () => {
                if (!stack.isGuests(one) || known(at(one.props, "ingress")) !== undefined) return undefined;
                return { found: "it takes all that its guest sends", set: 'Set ingress, such as { rate: "1Gbit" }.' };
            });
    },
    fix: "Set ingress of the port, or rateLimit of a VlanTap.",
    examples: {
        good: [[port({ name: "tap0", ingress: { rate: "1Gbit" } })], [...uplink()]],
        bad: [[port({ name: "tap0" })]],
    },
});

/** Below it a limit is a mistake of the unit: a guest could not even boot over it [bit/s]. */
const LEAST_RATE = 100e3;

const rateUnit = stackRule({
    id: "rate-unit",
    title: "A limit is written in the unit that was meant.",
    severity: "medium",
    level: { default: "advisory" },
    why: "A letter makes a thousand: 10kbit for 10Mbit cuts a guest off. A limit below 100 kbit/s, or a thousand times below the rate of the way out, may be such a slip.",
    sources: ["arithmetic of the declared rates"],
    url: `${VSWITCHD_DB}#interface-table`,
    tags: ["qos", "units"],
    parameters: {
        link: LINK,
        times: {
            describe: "From how many times below the way out a limit is told [times].",
            value: { default: 1000 },
            minimum: 10,
            maximum: 1_000_000,
        },
    },
    judge(stack, each, { link, times }) {
        const told = (what: string, limit: number | undefined, out: number | undefined) => {
            if (limit === undefined || (limit >= LEAST_RATE && limit * times > (out ?? 0))) return undefined;
            const beside =
                limit < LEAST_RATE || out === undefined ? "" : `, and ${shownRate(out)} lead out of its bridge`;
            return {
                found: `its ${what} is ${shownRate(limit)}${beside}`,
                set: `Set ${shownRate(limit * 1000)} where that was meant.`,
            };
        };
        const outs = uplinkRates(stack, link);
        for (const one of stack.ports())
            each(one.resource, portName(one), () =>
                told("ingress", bitsOf(textAt(one.props, "ingress", "rate")), outs.get(known(one.bridge) ?? "")),
            );
        for (const resource of stack.of("kvmnet:ovs:Qos"))
            each(resource, "its rate", () => told("maxRate", bitsOf(textAt(resource.props, "maxRate")), undefined));
    },
    fix: "Write the rate with its unit, such as 10Mbit.",
    examples: {
        good: [
            [port({ name: "tap0", ingress: { rate: "100kbit" } })],
            [...uplink({ qos: "out" }), qos("out", "10Gbit"), port({ name: "tap0", ingress: { rate: "11Mbit" } })],
        ],
        bad: [
            [port({ name: "tap0", ingress: { rate: "99kbit" } })],
            [...uplink({ qos: "out" }), qos("out", "10Gbit"), port({ name: "tap0", ingress: { rate: "10Mbit" } })],
            [qos("q", "10kbit")],
        ],
    },
});

export const limitRules = [qosSingleOwner, policingUserspace, qosAboveLink, uplinkOversubscribed, rateUnit, rateLimit];
