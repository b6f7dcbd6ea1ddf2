/** Rules for the rings of a guest's NIC. */
import { ringSpan, shownSeconds, SMALLEST_FRAME, USUAL_FRAME } from "../../tuning/physics";
import { isGuestRing } from "../../tuning/rings";
import { known } from "../known";
import { isVirtio, numberSaid, toChange, toSet } from "../nics/guest-nic";
import { guestNics } from "../nics/reader";
import { rule } from "../rule";
import { tunedClassic, tunedDomain, vhostUserDomain } from "./examples";
import { FORMATDOMAIN } from "./manuals";

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
        if (!isVirtio(nic)) return undefined;
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

export const ringRules = [ringValid, ringUndersized, ringTxBackend];
