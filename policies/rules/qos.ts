/** Rules for bandwidth that libvirt sets on a NIC. */
import { known, NotKnown } from "../known";
import { numberSaid, onOpenVSwitch, toChange } from "../nics/guest-nic";
import { guestNics } from "../nics/reader";
import { rule } from "../rule";
import { tunedDomain } from "./examples";

const FORMATNETWORK = "https://libvirt.org/formatnetwork.html#quality-of-service";

const ovs = (bandwidth: object) =>
    tunedDomain({
        source: { bridge: { bridge: "br0" } },
        virtualPort: { params: { openVSwitch: {} } },
        vlan: { tags: [{ id: 10 }] },
        bandwidth,
    });

const qosInboundPeak = rule({
    id: "qos-inbound-peak",
    title: "A limit toward a guest on Open vSwitch has a peak.",
    severity: "high",
    level: { default: "mandatory" },
    why: "On an Open vSwitch port libvirt writes the inbound average as HTB's min-rate, a guarantee, and sets max-rate from peak alone: with an average and no peak the limit is what the tap tells as its speed, 10 Gbit/s since Linux 6.2 and 10 Mbit/s before, whatever the average is.",
    sources: ["libvirt src/util/virnetdevopenvswitch.c, virNetDevOpenvswitchInterfaceSetQos"],
    url: FORMATNETWORK,
    tags: ["qos"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "with an average and no peak is limited at 10 Gbit/s, which is not at all; with a peak at that",
    },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const average = numberSaid(nic, "inAverage");
        if (average === undefined || !onOpenVSwitch(nic) || known(nic.said("inPeak")) !== undefined) return undefined;
        return {
            found: `its inbound average of ${average} kB/s has no peak`,
            set: `${toChange(nic, "inPeak", average)} It stands beside the average; where that is meant as a guarantee, exempt the NIC with that reason.`,
        };
    },
    fix: "Set peak, beside average and to the same value, for a true limit.",
    examples: {
        good: [
            ovs({ inbound: { average: 1000, peak: 1000 } }),
            tunedDomain({ bandwidth: { inbound: { average: 1000 } } }),
        ],
        bad: [ovs({ inbound: { average: 1000 } })],
    },
});

const qosOutboundPeak = rule({
    id: "qos-outbound-peak",
    title: "A limit from a guest has no peak.",
    severity: "low",
    level: { default: "advisory" },
    why: "libvirt ignores peak for outbound traffic: on Open vSwitch it becomes policing, which drops above the average.",
    sources: ["libvirt formatnetwork, Quality of service", "libvirt src/util/virnetdevopenvswitch.c"],
    url: FORMATNETWORK,
    tags: ["qos"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (numberSaid(nic, "outPeak") === undefined) return undefined;
        return { found: "its outbound limit has a peak, which nothing reads", set: toChange(nic, "outPeak") };
    },
    fix: "Take peak away from outbound.",
    examples: {
        good: [ovs({ outbound: { average: 1000 } })],
        bad: [ovs({ outbound: { average: 1000, peak: 2000 } })],
    },
});

const qosFloor = rule({
    id: "qos-floor",
    title: "A guaranteed rate stands where it is kept.",
    severity: "high",
    level: { default: "mandatory" },
    why: "libvirt keeps floor for NICs of its own networks only (NAT, routed, isolated), of those that have an inbound bandwidth themselves, and toward the guest only; elsewhere it is refused or ignored.",
    sources: [
        "libvirt formatnetwork, Quality of service: floor",
        "libvirt src/network/bridge_driver.c, networkCheckBandwidth",
    ],
    url: FORMATNETWORK,
    tags: ["qos"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "with a guaranteed rate on Open vSwitch does not start" },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (numberSaid(nic, "inFloor") === undefined) return undefined;
        if (known(nic.backend) === "network") {
            if (!nic.network) throw new NotKnown("the network that it is on was not read");
            if (nic.network.isLimited) return undefined;
            return {
                found: "its floor is refused, since its network has no inbound bandwidth of its own to share out",
                set: "Give the network a bandwidth with an inbound average, or set no floor.",
            };
        }
        return {
            found: "its floor is kept by nobody, since it is on no network of libvirt's",
            set: "Use a queue of kvmnet's Qos with minRate on the port, and set no floor.",
        };
    },
    fix: "Guarantee rates by minRate of a queue in Open vSwitch.",
    examples: {
        good: [ovs({ inbound: { average: 1000, peak: 1000 } })],
        bad: [ovs({ inbound: { average: 1000, peak: 1000, floor: 200 } })],
    },
});

/** libvirt counts in kB/s; whoever meant bit/s or Mbit/s is wrong by a thousand and more. */
const qosUnit = rule({
    id: "qos-unit",
    title: "A bandwidth is a number of kilobytes a second.",
    severity: "medium",
    level: { default: "advisory" },
    why: "libvirt's average and peak are kB/s (1,000 bytes), not kbit/s and not Mbit/s. A limit below 100 kbit/s, or above 400 Gbit/s, is most likely a mistake of the unit.",
    sources: [
        "libvirt formatnetwork, Quality of service",
        "libvirt src/util/virnetdevopenvswitch.c: factors 8000 and 8192",
    ],
    url: FORMATNETWORK,
    tags: ["qos", "units"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        for (const field of ["inAverage", "inPeak", "outAverage"] as const) {
            const value = numberSaid(nic, field);
            if (value !== undefined && (value < 13 || value > 50_000_000))
                return {
                    found: `its ${field} of ${value} kB/s is ${shown(value)}`,
                    set: toChange(nic, field, value < 13 ? value * 125 : Math.round(value / 8000)),
                };
        }
        return undefined;
    },
    fix: "Divide bit/s by 8,000; 1 Gbit/s is 125000.",
    examples: {
        good: [ovs({ inbound: { average: 125000, peak: 125000 } })],
        bad: [ovs({ outbound: { average: 10 } }), ovs({ outbound: { average: 100_000_000 } })],
    },
});

const shown = (kilobytes: number) =>
    kilobytes * 8 >= 1e6 ? `${Math.round((kilobytes * 8) / 1e6)} Gbit/s` : `${kilobytes * 8} kbit/s`;

export const qosRules = [qosInboundPeak, qosOutboundPeak, qosFloor, qosUnit];
