/** Rules for the NICs of a guest: model, rings, queues. */
import { ringSpan, shownSeconds, SMALLEST_FRAME, USUAL_FRAME } from "../../tuning/physics";
import { usualQueues } from "../../tuning/queues";
import { isGuestRing } from "../../tuning/rings";
import { known } from "../known";
import { modelOf, numberSaid, toChange, toSet } from "../nics/guest-nic";
import { guestNics } from "../nics/reader";
import { rule } from "../rule";
import { classicDomain, tunedClassic, tunedDomain, vhostUserDomain } from "./examples";

const FORMATDOMAIN = "https://libvirt.org/formatdomain.html";

const nicModelExplicit = rule({
    id: "nic-model-explicit",
    title: "A guest's NIC says which model it is.",
    severity: "high",
    level: { default: "mandatory" },
    why:
        "Where nobody names a model, libvirt takes rtl8139 on x86: a NIC of the 10/100 Mb/s class that QEMU emulates " +
        "register by register, with one queue and no offloads.",
    sources: [
        "libvirt src/qemu/qemu_postparse.c, qemuDomainDefaultNetModel",
        "terraform-provider-libvirt 0.8 always writes virtio; 0.9 writes only what it is told",
    ],
    url: `${FORMATDOMAIN}#setting-the-nic-model`,
    tags: ["nic", "performance"],
    proof: {
        file: "test/live/guests.spec.ts",
        shows: "show what tuning is: rtl8139 without queues where nobody named a model, and virtio with 4 queues and a ring of 1024",
    },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (known(nic.model) !== undefined || known(modelOf(nic)) !== "rtl8139") return undefined;
        return { found: "it has no model, so libvirt takes rtl8139", set: toSet(nic, "model", "virtio") };
    },
    fix: 'Name the model "virtio", or another one on purpose where the guest has no virtio driver.',
    examples: {
        good: [tunedDomain({ model: { type: "virtio" } }), tunedClassic('<model type="virtio"/>'), vhostUserDomain({})],
        bad: [
            tunedDomain({ model: {}, source: { bridge: { bridge: "br0" } } }),
            classicDomain('<driver name="vhost" queues="4" rx_queue_size="1024"/>'),
        ],
    },
});

/** `256 descriptors hold 17.2 us of 10 Gbit/s at 64-byte frames, 315 us at 1518`. */
const covers = (ring: number, gigabits: number) => {
    const span = (frame: number) => shownSeconds(ringSpan(ring, gigabits * 1e9, frame));
    return `${ring} descriptors hold ${span(SMALLEST_FRAME)} of ${gigabits} Gbit/s at ${SMALLEST_FRAME}-byte frames, ${span(USUAL_FRAME)} at ${USUAL_FRAME}`;
};

const ringUndersized = rule({
    id: "ring-undersized",
    title: "The receive ring of a virtio NIC holds a burst.",
    severity: "medium",
    level: { default: "advisory", throughput: "mandatory" },
    why:
        "A virtio NIC has 256 receive descriptors unless told otherwise: at 1 million frames/s they are full after 0.26 ms, " +
        "and what arrives while the guest does not run is dropped. 1024 is the most that QEMU takes and holds 1.02 ms; " +
        "it costs memory per queue and slight latency. The guest cannot raise it.",
    sources: [
        "QEMU hw/net/virtio-net.c, VIRTIO_NET_RX_QUEUE_DEFAULT_SIZE 256, VIRTIO_NET_RX_QUEUE_MAX_SIZE 1024",
        "libvirt formatdomain, rx_queue_size",
    ],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "performance", "drops"],
    appliesTo: guestNics,
    parameters: {
        minimum: {
            describe: "Fewest receive descriptors that are enough [descriptors].",
            value: { default: 512, throughput: 1024 },
            minimum: 512,
            maximum: 1024,
            allowed: [512, 1024],
        },
        rate: {
            describe:
                "Rate of the link that the guest shares [Gbit/s]; the finding says how long a ring holds what it brings.",
            value: { default: 10 },
            minimum: 1,
            maximum: 800,
        },
    },
    judge(nic, { minimum, rate }) {
        if (known(modelOf(nic)) !== "virtio") return undefined;
        const ring = known(nic.rxRing);
        if (ring >= minimum) return undefined;
        return {
            found: `its RX ring has ${ring} descriptors, and ${minimum} are asked for`,
            set: `${toSet(nic, "rxRing", 1024)} ${covers(ring, rate)}; ${covers(1024, rate)}.`,
        };
    },
    fix: "Raise the receive ring (rx_queue_size) to 1024.",
    examples: {
        good: [
            tunedDomain({ model: { type: "virtio" }, driver: { rxQueueSize: 1024 } }),
            tunedClassic('<model type="virtio"/><driver rx_queue_size="512"/>'),
        ],
        bad: [
            tunedDomain({ model: { type: "virtio" }, driver: { rxQueueSize: 256 } }),
            tunedDomain({ model: { type: "virtio" }, driver: { rxQueueSize: undefined } }),
            tunedClassic('<model type="virtio"/><driver rx_queue_size="256"/>'),
        ],
    },
});

const queuesMissing = rule({
    id: "queues-missing",
    title: "A virtio NIC of a guest with several vCPUs has several queues.",
    severity: "medium",
    level: { default: "advisory", throughput: "mandatory" },
    why:
        "With one queue pair one vCPU takes all interrupts and one host thread moves all packets, however many vCPUs the " +
        "guest has. A Linux guest uses min(online vCPUs, queues) by itself. It pays with many flows and large packets, and costs CPU.",
    sources: [
        'Linux drivers/net/virtio_net.c, "Enable multiqueue by default"',
        "kernel Documentation/networking/scaling.rst",
        "nova spec libvirt-virtiomq",
    ],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "performance"],
    appliesTo: guestNics,
    parameters: {
        vcpus: {
            describe: "Guests with this many virtual CPUs and more need several queues [count].",
            value: { default: 2 },
            minimum: 2,
            maximum: 512,
        },
    },
    judge(nic, { vcpus: several }) {
        if (known(modelOf(nic)) !== "virtio") return undefined;
        if (known(nic.queues) > 1) return undefined;
        const vcpus = known(nic.guest.vcpus);
        if (vcpus < several) return undefined;
        return {
            found: `it has 1 queue, and its guest has ${vcpus} vCPUs`,
            set: toSet(nic, "queues", usualQueues(vcpus)),
        };
    },
    fix: "Set queues to the number of vCPUs, at most 8 unless measured.",
    examples: {
        good: [
            tunedDomain({ model: { type: "virtio" }, driver: { queues: 4 } }),
            tunedClassic('<model type="virtio"/><driver queues="4"/>'),
            tunedDomain({ model: { type: "virtio" }, driver: { queues: 1 } }, { vcpu: 1 }),
        ],
        bad: [
            tunedDomain({ model: { type: "virtio" }, driver: { queues: 1 } }),
            tunedDomain({ model: { type: "virtio" }, driver: { queues: undefined } }),
            tunedClassic('<model type="virtio"/><driver queues="1"/>'),
        ],
    },
});

/** Models that no guest of this century needs, and those of a generation later (Nova, SUPPORTED_VIF_MODELS). */
const OLDEST = /^(ne2k_\w+|pcnet|rtl8139|i8255\w+)$/;
const OLDER = /^(e1000e?|igb|vmxnet3)$/;

const nicModelLegacy = rule({
    id: "nic-model-legacy",
    title: "A guest's NIC is no emulation of old hardware.",
    severity: "high",
    level: { default: "mandatory", "legacy-lab": "advisory" },
    why:
        "An emulated NIC traps into QEMU for each register: rtl8139, pcnet and ne2k are of the 10/100 Mb/s class, e1000 and its kin " +
        "of the 1 Gb/s class. What the guest is told is no cap, but one report saw 2 Mbit/s in one direction. These models also " +
        "have the longest record of escapes from guests.",
    sources: ["Nova SUPPORTED_VIF_MODELS", "xcp-ng/xcp#27", "CVE-2015-5165, CVE-2015-7504"],
    url: `${FORMATDOMAIN}#setting-the-nic-model`,
    tags: ["nic", "performance", "security"],
    proof: {
        file: "test/live/guests.spec.ts",
        shows: "show what tuning is: rtl8139 without queues where nobody named a model, and virtio with 4 queues and a ring of 1024",
    },
    appliesTo: guestNics,
    parameters: {
        newer: {
            describe: "Whether e1000, e1000e, igb and vmxnet3 count too: 1 stops them, 0 tells of them.",
            value: { default: 0, security: 1 },
            minimum: 0,
            maximum: 1,
        },
    },
    judge(nic, { newer }) {
        const model = known(nic.model);
        if (model === undefined || !(OLDEST.test(model) || OLDER.test(model))) return undefined;
        const fault = { found: `its model is ${model}`, set: toSet(nic, "model", "virtio") };
        return OLDEST.test(model) || newer ? fault : { ...fault, remark: true };
    },
    fix: "Use virtio. Where the guest has no driver for it, exempt the NIC with that reason.",
    examples: {
        good: [tunedDomain({ model: { type: "virtio" } }), tunedClassic('<model type="virtio"/>')],
        bad: [tunedDomain({ model: { type: "rtl8139" } }), tunedClassic('<model type="pcnet"/>')],
    },
});

const ringValid = rule({
    id: "ring-valid",
    title: "The rings of a virtio NIC have a size that QEMU takes.",
    severity: "high",
    level: { default: "mandatory" },
    why:
        "A virtio-net ring is a power of two from 256 to 1024 descriptors. libvirt takes other powers of two when the domain is defined, " +
        "and QEMU refuses to start the guest. 4096 and 8192 are sizes of physical NICs' rings.",
    sources: ["QEMU hw/net/virtio-net.c", "tried: QEMU 7.2 refuses 128, 1000 and 2048"],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "start"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "does not start with a receive ring of 2048 or 128, and does with 1024",
    },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const rx = known(nic.rxRing);
        const tx = numberSaid(nic, "txRing");
        if (!isGuestRing(rx)) return { found: `its RX ring has ${rx} descriptors`, set: toSet(nic, "rxRing", 1024) };
        if (tx === undefined || isGuestRing(tx)) return undefined;
        return { found: `its TX ring has ${tx} descriptors`, set: toChange(nic, "txRing", 256) };
    },
    fix: "Use 256, 512 or 1024 descriptors.",
    examples: {
        good: [
            tunedDomain({ model: { type: "virtio" }, driver: { rxQueueSize: 512, txQueueSize: 256 } }),
            tunedClassic('<model type="virtio"/><driver rx_queue_size="1024"/>'),
        ],
        bad: [
            tunedDomain({ model: { type: "virtio" }, driver: { rxQueueSize: 4096 } }),
            tunedDomain({ model: { type: "virtio" }, driver: { txQueueSize: 2048 } }),
            tunedClassic('<model type="virtio"/><driver rx_queue_size="8192"/>'),
        ],
    },
});

/** Backends with which QEMU takes a longer transmit ring (virtio_net_max_tx_queue_size). */
const LONG_TX = ["vhostuser", "vdpa"];

const ringTxBackend = rule({
    id: "ring-tx-backend",
    title: "A transmit ring above 256 descriptors stands only where the backend has one.",
    severity: "high",
    level: { default: "mandatory" },
    why:
        "On a tap, QEMU before 8.1 sets the transmit ring back to 256 in silence, and later ones refuse to start the guest: only " +
        "vhost-user and vDPA take more.",
    sources: [
        "QEMU hw/net/virtio-net.c, virtio_net_max_tx_queue_size",
        "tried: QEMU 7.2 shows 256 in the guest where 1024 was asked for",
    ],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "start"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "has a transmit ring of 256 on a tap, by QEMU's own answer, where 1024 was asked for",
    },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const tx = numberSaid(nic, "txRing");
        // Any other size is a matter of `ring-valid`.
        if (tx === undefined || tx <= 256 || !isGuestRing(tx)) return undefined;
        const backend = known(nic.backend);
        if (backend !== undefined && LONG_TX.includes(backend)) return undefined;
        return {
            found: `its TX ring has ${tx} descriptors on a backend of type ${backend ?? "tap"}`,
            set: toChange(nic, "txRing", 256),
        };
    },
    fix: "Leave the transmit ring at 256, or move the NIC to vhost-user.",
    examples: {
        good: [
            tunedDomain({ source: { bridge: { bridge: "br0" } }, driver: { txQueueSize: 256 } }),
            vhostUserDomain({}, { driver: { txQueueSize: 1024 } }),
        ],
        bad: [
            tunedDomain({ source: { bridge: { bridge: "br0" } }, driver: { txQueueSize: 1024 } }),
            tunedClassic('<model type="virtio"/><driver tx_queue_size="512"/>'),
        ],
    },
});

/** Queues that a tap takes (Linux drivers/net/tun.c, MAX_TAP_QUEUES). */
const MOST_QUEUES = 256;

const queuesOverVcpu = rule({
    id: "queues-over-vcpu",
    title: "A NIC has no more queue pairs than its guest has vCPUs.",
    severity: "low",
    level: { default: "advisory" },
    why:
        "A Linux guest uses min(online vCPUs, queues) queue pairs; more stay idle and cost memory and vectors. A guest that runs XDP " +
        "wants a transmit queue a CPU on top, so there twice as many are right.",
    sources: ['Linux drivers/net/virtio_net.c, "Enable multiqueue by default"', "cybozu-go/placemat#154"],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "memory"],
    appliesTo: guestNics,
    parameters: {
        factor: {
            describe: "Most queue pairs a vCPU [count]; 2 for guests that run XDP.",
            value: { default: 1 },
            minimum: 1,
            maximum: 2,
        },
    },
    judge(nic, { factor }) {
        const queues = known(nic.queues);
        if (queues <= factor || queues > MOST_QUEUES) return undefined;
        const vcpus = known(nic.guest.vcpus);
        if (queues <= factor * vcpus) return undefined;
        return {
            found: `it has ${queues} queues, and its guest has ${vcpus} vCPUs`,
            set: toSet(nic, "queues", usualQueues(vcpus)),
        };
    },
    fix: "Set queues to the number of vCPUs, at most 8 unless measured.",
    examples: {
        good: [tunedDomain({ driver: { queues: 4 } }), tunedClassic('<model type="virtio"/><driver queues="2"/>')],
        bad: [tunedDomain({ driver: { queues: 8 } }), tunedClassic('<model type="virtio"/><driver queues="16"/>')],
    },
});

const queuesMax = rule({
    id: "queues-max",
    title: "A NIC has no more queue pairs than its backend takes.",
    severity: "high",
    level: { default: "mandatory" },
    why: "A tap has at most 256 queues and QEMU at most 511 pairs a NIC; libvirt takes more when the domain is defined, and the guest does not start.",
    sources: ["Linux drivers/net/tun.c MAX_TAP_QUEUES", "QEMU VIRTIO_QUEUE_MAX 1024"],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "start"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "does not start with more queues than a tap has" },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const queues = known(nic.queues);
        if (queues <= MOST_QUEUES) return undefined;
        return { found: `it has ${queues} queues`, set: toSet(nic, "queues", 8) };
    },
    fix: "Set queues to the number of vCPUs, at most 8 unless measured.",
    examples: {
        good: [tunedDomain({ driver: { queues: 96 } }, { vcpu: 96 })],
        bad: [tunedDomain({ driver: { queues: 257 } }, { vcpu: 300 }), tunedClassic('<driver queues="300"/>')],
    },
});

/** Interface types whose packets vhost-net can move. */
const TAPS = ["bridge", "network", "ethernet", "direct"];

const vhostExplicit = rule({
    id: "vhost-explicit",
    title: "A virtio NIC of a KVM guest says that vhost-net moves its packets.",
    severity: "medium",
    level: { default: "advisory", throughput: "mandatory" },
    why:
        "libvirt falls back to QEMU's own loop in silence where vhost_net is missing on the host. Naming the driver vhost makes that an " +
        "error at start; naming qemu gives it up on purpose.",
    sources: ["libvirt formatdomain, Setting NIC driver-specific options"],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "performance"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (known(nic.guest.said("type")) !== "kvm") return undefined;
        if (known(modelOf(nic)) !== "virtio" || !TAPS.includes(known(nic.backend) ?? "")) return undefined;
        const driver = known(nic.said("driver"));
        if (driver === "vhost") return undefined;
        const set = toChange(nic, "driver", "vhost");
        return driver === undefined
            ? { found: "its driver has no name", set, remark: true }
            : { found: `its driver is ${driver}`, set };
    },
    fix: 'Name the driver "vhost", and load vhost_net on the host.',
    examples: {
        good: [
            tunedDomain(
                { model: { type: "virtio" }, source: { bridge: { bridge: "br0" } }, driver: { name: "vhost" } },
                { type: "kvm" },
            ),
            tunedDomain({ source: { bridge: { bridge: "br0" } } }, { type: "qemu" }),
        ],
        bad: [
            tunedDomain({ source: { bridge: { bridge: "br0" } }, driver: { name: "qemu" } }, { type: "kvm" }),
            tunedClassic('<driver name="qemu"/>'),
        ],
    },
});

const jumboMrgRxbuf = rule({
    id: "jumbo-mrg-rxbuf",
    title: "A NIC with jumbo frames keeps mergeable receive buffers.",
    severity: "high",
    level: { default: "mandatory" },
    why: "Without mergeable buffers a frame must fit into one descriptor chain of its own, and jumbo frames by vhost-user do not arrive at all.",
    sources: ["Open vSwitch, topics/dpdk/jumbo-frames", "libvirt formatdomain, mrg_rxbuf"],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "mtu"],
    proof: {
        notShown: "The switch of a lab has no DPDK, so no guest there is behind a vhost-user switch.",
    },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const mtu = numberSaid(nic, "mtu");
        if (mtu === undefined || mtu <= 1500 || known(nic.said("mrgRxbuf")) !== "off") return undefined;
        return { found: `its MTU is ${mtu} and mrg_rxbuf is off`, set: toChange(nic, "mrgRxbuf") };
    },
    fix: "Take mrg_rxbuf=off away.",
    examples: {
        good: [
            tunedDomain({ mtu: { size: 9000 } }),
            tunedDomain({ mtu: { size: 1500 }, driver: { host: { mrgRxBuf: "off" } } }),
        ],
        bad: [
            tunedDomain({ mtu: { size: 9000 }, driver: { host: { mrgRxBuf: "off" } } }),
            tunedClassic('<mtu size="9000"/><driver><host mrg_rxbuf="off"/></driver>'),
        ],
    },
});

const OFFLOADS = ["hostCsum", "hostGso", "hostTso4", "hostTso6", "guestCsum", "guestTso4", "guestTso6"] as const;

const offloadDisabled = rule({
    id: "offload-disabled",
    title: "Checksum and segmentation offloads stay on.",
    severity: "low",
    level: { default: "advisory" },
    why: "With offloads off every frame of the MTU is built and checked by itself: in one measurement TCP between two namespaces on a Linux bridge fell to 1/3.7.",
    sources: ["libvirt formatdomain, Setting NIC driver-specific options", "own measurement, ratio of one run"],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "performance"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const off = OFFLOADS.filter((field) => known(nic.said(field)) === "off");
        const [first] = off;
        if (first === undefined) return undefined;
        return { found: `its offloads ${off.join(", ")} are off`, set: toChange(nic, first) };
    },
    fix: "Take the setting away, unless the guest forwards packets with DPDK.",
    examples: {
        good: [tunedDomain({ driver: { host: { csum: "on" } } }), tunedClassic("<driver/>")],
        bad: [
            tunedDomain({ driver: { host: { gso: "off" } } }),
            tunedClassic('<driver><guest csum="off" tso4="off"/></driver>'),
        ],
    },
});

/** Prefixes of names that libvirt makes itself; it drops a target name that starts with one. */
const RESERVED = /^(vnet|vif|macvtap|macvlan)/;

const tapNameReserved = rule({
    id: "tap-name-reserved",
    title: "A tap's name does not start like one of libvirt's own.",
    severity: "medium",
    level: { default: "mandatory" },
    why: "libvirt drops a target name that starts with vnet, vif, macvtap or macvlan: the tap gets another name at each start, and state and host differ.",
    sources: [
        "libvirt formatdomain, Overriding the target element",
        "dmacvicar/terraform-provider-libvirt#1326",
        "tried: vnet77 vanished",
    ],
    url: `${FORMATDOMAIN}#overriding-the-target-element`,
    tags: ["nic", "names"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "whose tap is named as libvirt's own gets another one" },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const tap = known(nic.tap);
        if (tap === undefined || !RESERVED.test(tap)) return undefined;
        // XML of a guest that runs shows the name that libvirt gave.
        if (known(nic.guest.said("runningId")) !== undefined) return undefined;
        return { found: "its tap has a name that libvirt keeps for itself", set: "Set a name such as tap-web0." };
    },
    fix: "Name it for example tap-web0.",
    examples: {
        good: [tunedDomain({ target: { dev: "tap-web0" } }), tunedClassic("")],
        bad: [tunedDomain({ target: { dev: "vnet77" } }), tunedDomain({ target: { dev: "macvtap0" } })],
    },
});

const nicMacMulticast = rule({
    id: "nic-mac-multicast",
    title: "A NIC's MAC address is a unicast one.",
    severity: "high",
    level: { default: "mandatory" },
    why: "The lowest bit of the first byte makes an address a group's: switches flood it, and libvirt refuses to start the guest with it.",
    sources: ["IEEE 802, 8.2.2", "libvirt src/util/virmacaddr.c"],
    url: `${FORMATDOMAIN}#network-interfaces`,
    tags: ["nic", "mac", "start"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "does not start with a MAC address of a group" },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const mac = known(nic.mac);
        if (mac === undefined || !/^[0-9a-f]{2}:/i.test(mac) || (parseInt(mac.slice(0, 2), 16) & 1) === 0)
            return undefined;
        return {
            found: "its MAC address is a multicast one",
            set: "Set an address whose first byte is even, such as 52:54:00:12:34:56.",
        };
    },
    fix: "Use an address whose first byte is even.",
    examples: {
        good: [tunedDomain({ mac: { address: "52:54:00:12:34:56" } })],
        bad: [tunedDomain({ mac: { address: "53:54:00:12:34:56" } })],
    },
});

const nicMacForeign = rule({
    id: "nic-mac-foreign",
    title: "A NIC's MAC address is QEMU's or a locally administered one.",
    severity: "low",
    level: { default: "advisory" },
    why: "An address under the prefix of a hardware maker may be that of a real NIC on the same network one day; then both lose frames.",
    sources: [
        "IEEE 802, 8.2.2: the second lowest bit of the first byte marks local administration",
        "QEMU's own prefix is 52:54:00",
    ],
    url: `${FORMATDOMAIN}#network-interfaces`,
    tags: ["nic", "mac"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const mac = known(nic.mac);
        if (mac === undefined || !/^[0-9a-f]{2}:/i.test(mac)) return undefined;
        if ((parseInt(mac.slice(0, 2), 16) & 2) !== 0) return undefined;
        return {
            found: "its MAC address is under a hardware maker's prefix",
            set: "Set an address under 52:54:00, or another locally administered one.",
        };
    },
    fix: "Use an address under 52:54:00, or leave it to kvmnet, which derives one.",
    examples: {
        good: [
            tunedDomain({ mac: { address: "52:54:00:12:34:56" } }),
            tunedDomain({ mac: { address: "02:00:00:00:00:01" } }),
        ],
        bad: [tunedDomain({ mac: { address: "00:1b:21:00:00:01" } })],
    },
});

export const nicRules = [
    nicModelExplicit,
    nicModelLegacy,
    ringValid,
    ringUndersized,
    ringTxBackend,
    queuesMissing,
    queuesOverVcpu,
    queuesMax,
    vhostExplicit,
    jumboMrgRxbuf,
    offloadDisabled,
    tapNameReserved,
    nicMacMulticast,
    nicMacForeign,
];
