/** Rules for the NICs of a guest: model, rings, queues. */
import { tuneNic } from "../../tuning/nic";
import { known } from "../known";
import { modelOf, toSet } from "../nics/guest-nic";
import { guestNics } from "../nics/reader";
import { rule } from "../rule";
import { classicDomain, nativeDomain } from "./examples";

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
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (known(nic.model) !== undefined || known(modelOf(nic)) !== "rtl8139") return undefined;
        return { found: "it has no model, so libvirt takes rtl8139", set: toSet(nic, "model", "virtio") };
    },
    fix: 'Name the model "virtio", or another one on purpose where the guest has no virtio driver.',
    examples: {
        good: [
            nativeDomain({ model: { type: "virtio" } }),
            nativeDomain({ model: { type: "e1000" } }),
            classicDomain('<model type="virtio"/>'),
            nativeDomain({ source: { vhostUser: { type: "unix" } } }),
        ],
        bad: [nativeDomain({ source: { bridge: { bridge: "br0" } } }), classicDomain("")],
    },
});

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
    },
    judge(nic, { minimum }) {
        if (known(modelOf(nic)) !== "virtio") return undefined;
        const ring = known(nic.rxRing);
        if (ring >= minimum) return undefined;
        return {
            found: `its RX ring has ${ring} descriptors, and ${minimum} are asked for`,
            set: toSet(nic, "rxRing", 1024),
        };
    },
    fix: "Raise the receive ring (rx_queue_size) to 1024.",
    examples: {
        good: [
            nativeDomain({ model: { type: "virtio" }, driver: { rxQueueSize: 1024 } }),
            classicDomain('<model type="virtio"/><driver rx_queue_size="512"/>'),
            nativeDomain({ model: { type: "e1000" } }),
        ],
        bad: [
            nativeDomain({ model: { type: "virtio" }, driver: { rxQueueSize: 256 } }),
            nativeDomain({ model: { type: "virtio" } }),
            classicDomain('<model type="virtio"/><driver rx_queue_size="256"/>'),
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
            set: toSet(nic, "queues", tuneNic(vcpus).queues.value),
        };
    },
    fix: "Set queues to the number of vCPUs, at most 8 unless measured.",
    examples: {
        good: [
            nativeDomain({ model: { type: "virtio" }, driver: { queues: 4 } }),
            classicDomain('<model type="virtio"/><driver queues="4"/>'),
            nativeDomain({ model: { type: "virtio" } }, { vcpu: 1 }),
        ],
        bad: [
            nativeDomain({ model: { type: "virtio" }, driver: { queues: 1 } }),
            nativeDomain({ model: { type: "virtio" } }),
            classicDomain('<model type="virtio"/><driver queues="1"/>'),
        ],
    },
});

export const nicRules = [nicModelExplicit, ringUndersized, queuesMissing];
