/** From what is known of guest, link and host to every value of the NIC and of what surrounds it. */
import { RATE_UNITS, rateIn, type RateUnit } from "../schemas/rate-units";
import type { TuningInput } from "../schemas/tuning";
import { bitsPerSecond } from "../schemas/amounts";
import { LIMITS } from "./backends";
import { place, type Placement } from "./placement";
import { tuneQueues } from "./queues";
import { tuneRxRing, tuneTxRing } from "./rings";
import { shownRate, tcpGoodput } from "./physics";
import { tuneUplink, type UplinkTuning } from "./uplink";
import type { Tuned } from "./value";

export interface Tuning {
    model: Tuned<"virtio" | "hostdev">;
    /** Null on a virtual function, whose driver in the guest decides. */
    queues: Tuned<number | null>;
    rxRing: Tuned<number | null>;
    txRing: Tuned<number | null>;
    /** Backend driver that libvirt is told, or null where it takes none. */
    driver: Tuned<"vhost" | "qemu" | null>;
    offloads: Tuned<"on">;
    packed: Tuned<boolean>;
    mtu: Tuned<number>;
    /** Shared memory and huge pages, which vhost-user needs. */
    sharedMemory: Tuned<boolean>;
    /** Whether an IOMMU must stand between guest and device. */
    iommu: Tuned<boolean>;
    /** Settings of the guest's kernel. */
    guestSysctls: Tuned<Record<string, string>>;
    /** Settings of the host's kernel. */
    hostSysctls: Tuned<Record<string, string>>;
    /** Cap and guarantee of the NIC's traffic [bit/s], and the cap as each program takes it that could hold it. */
    qos: Tuned<{ maxRate: number; minRate: number } & Partial<Record<RateUnit, number>>>;
    /** Memory of the rings and of what is posted to them, of all guests on the host [byte]. */
    ringMemory: Tuned<number>;
    placement?: Placement;
    uplink?: UplinkTuning;
}

const FORMATDOMAIN = "libvirt formatdomain, Setting NIC driver-specific options";

/** Every value with its reason, source and cost. Pure: the same input gives the same answer. */
export function tune(input: TuningInput): Tuning {
    const limits = LIMITS[input.backend];
    const queues = tuneQueues(input);
    const uplink = input.uplink && tuneUplink(input, input.uplink);
    const channels = uplink?.channels.value ?? 0;
    const rings = limits.virtio ? virtioOf(input, queues) : FUNCTION;
    return {
        ...rings,
        offloads: {
            value: "on",
            reason: "Checksum and segmentation offloads stay on: with them off every frame of the MTU is handled by itself.",
            source: FORMATDOMAIN,
            rule: "offload-disabled",
        },
        packed: {
            value: false,
            reason: "The packed ring is left off: no general gain is known, and both sides must offer it.",
            source: "virtio 1.2, 2.8 Packed Virtqueues",
        },
        mtu: {
            value: input.mtu,
            reason: `TCP carries ${(tcpGoodput(input.mtu) * 100).toFixed(1)} % of the wire at an MTU of ${input.mtu}; every hop from uplink to guest must carry it.`,
            source: "Ethernet and IP header sizes; IEEE 802.3",
            rule: "mtu-chain",
        },
        guestSysctls: guestSysctls(input),
        hostSysctls: hostSysctls(input),
        qos: qosOf(input),
        ringMemory: ringMemory(input, rings),
        ...(input.host ? { placement: place(input, input.host, channels) } : {}),
        ...(uplink ? { uplink } : {}),
    };
}

/** The cap in each unit in which it is a whole number; where it is none, that program cannot be told it exactly. */
function qosOf({ rate }: TuningInput): Tuning["qos"] {
    const bits = bitsPerSecond(rate);
    const units = (Object.keys(RATE_UNITS) as RateUnit[]).filter((unit) => bits % RATE_UNITS[unit] === 0);
    return {
        value: {
            maxRate: bits,
            minRate: Math.floor(bits / 10),
            ...Object.fromEntries(units.map((unit) => [unit, rateIn(rate, unit)])),
        },
        reason: `A cap at the link's ${shownRate(bits)}, and a tenth of it as the guarantee that HTB keeps for it under load.`,
        source: "ovs-vswitchd.conf.db(5), linux-htb",
        rule: "htb-max-rate",
    };
}

/** Every guest behind the uplink is counted as one like this. */
function ringMemory({ uplink }: TuningInput, { rxRing, txRing }: Pick<Tuning, "rxRing" | "txRing">): Tuned<number> {
    const guests = uplink?.guests ?? 1;
    const one = (rxRing.cost?.bytes ?? 0) + (txRing.cost?.bytes ?? 0);
    return {
        value: guests * one,
        reason:
            one === 0
                ? "The hardware's own rings are not the host's memory to count."
                : `Rings and the buffers posted to them take up to ${shownBytes(one)} of a guest's memory; ${guests === 1 ? "one guest is" : `${guests} guests are`} counted: ${shownBytes(guests * one)}.`,
        source: "virtio 1.2, 2.7 Split Virtqueues; Linux drivers/net/virtio_net.c get_mergeable_buf_len",
        cost: { bytes: guests * one },
    };
}

const shownBytes = (bytes: number) => `${Number((bytes / 2 ** 20).toPrecision(3))} MiB`;

/** What a host that switches for guests must not do to their frames. */
function hostSysctls({ backend }: TuningInput): Tuned<Record<string, string>> {
    const bridged = backend === "tap" || backend === "tcg";
    return {
        value: bridged ? { "net.bridge.bridge-nf-call-iptables": "0" } : {},
        reason: bridged
            ? "Where br_netfilter is loaded, as Docker does, frames between guests of a Linux bridge go through the host's iptables, whose FORWARD may drop them."
            : "Frames of this backend pass no bridge of the host's kernel.",
        source: "kernel Documentation/networking/ip-sysctl.rst, bridge-nf-call-iptables",
        rule: "bridge-nf",
    };
}

function virtioOf(input: TuningInput, queues: Tuned<number>) {
    const { vhost, title, source } = LIMITS[input.backend];
    const shared = vhost === "user";
    return {
        model: {
            value: "virtio" as const,
            reason: "virtio hands over buffers by rings in memory; an emulated model traps into QEMU for each register.",
            source: "libvirt formatdomain, Setting the NIC model",
            rule: "nic-model-explicit",
        },
        queues,
        rxRing: tuneRxRing(input, queues.value),
        txRing: tuneTxRing(input, queues.value),
        driver: driverOf(input),
        sharedMemory: {
            value: shared,
            reason: shared
                ? "vhost-user reads the guest's memory from another process, so it must be shared, and in huge pages for DPDK."
                : `A NIC by ${title} needs no shared memory.`,
            source: "Open vSwitch, topics/dpdk/vhost-user",
            rule: "vhostuser-shared-mem",
        },
        iommu: {
            value: vhost === "hardware",
            reason:
                vhost === "hardware"
                    ? "A vDPA device reads guest memory by DMA, so the host's IOMMU must be on."
                    : `A NIC by ${title} does no DMA of its own.`,
            source,
        },
    };
}

function driverOf({ backend, profile }: TuningInput): Tuned<"vhost" | "qemu" | null> {
    if (LIMITS[backend].vhost === "kernel")
        return {
            value: "vhost",
            reason: `libvirt falls back to QEMU's own loop in silence where vhost_net is missing; naming vhost makes that an error${profile === "throughput" ? ", as this profile wants" : ""}.`,
            source: FORMATDOMAIN,
            rule: "vhost-explicit",
        };
    if (backend === "tcg")
        return { value: "qemu", reason: "An emulated guest has no vhost-net to use.", source: FORMATDOMAIN };
    return {
        value: null,
        reason: "The backend is not QEMU's, so libvirt ignores a driver name.",
        source: FORMATDOMAIN,
    };
}

const ofDriver = {
    value: null,
    reason: "The guest's own driver of the function decides; `ethtool` in the guest sets it.",
    source: "libvirt formatdomain, PCI Passthrough",
};

/** A virtual function is hardware: nothing of virtio applies. */
const FUNCTION = {
    model: {
        value: "hostdev" as const,
        reason: "The guest drives a virtual function of the NIC itself.",
        source: ofDriver.source,
    },
    queues: ofDriver,
    rxRing: ofDriver,
    txRing: ofDriver,
    driver: ofDriver,
    sharedMemory: {
        value: false,
        reason: "The device reads guest memory by DMA; no process shares it.",
        source: ofDriver.source,
    },
    iommu: {
        value: true,
        reason: "A device passed through reads guest memory by DMA, so an IOMMU must confine it.",
        source: "kernel Documentation/driver-api/vfio.rst",
        rule: "sec-no-iommu-passthrough",
    },
};

function guestSysctls({ sendsTcp, guestOs }: TuningInput): Tuned<Record<string, string>> {
    const acts = sendsTcp && guestOs === "linux";
    return {
        value: acts ? { "net.ipv4.tcp_congestion_control": "bbr", "net.core.default_qdisc": "fq" } : {},
        reason: acts
            ? "BBR acts at the sender, which this guest is, where there is loss or deep buffers; fq paces for it."
            : "BBR acts at a sender only, so a guest that does not send, and a host that only switches, gain nothing by it.",
        source: "Linux commit 218af599, net/ipv4/tcp_bbr.c",
        rule: "bbr-on-switch-host",
    };
}
