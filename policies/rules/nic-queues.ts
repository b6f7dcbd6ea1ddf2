/** Rules for the queue pairs of a guest's NIC. */
import { usualQueues } from "../../tuning/queues";
import { known } from "../known";
import { isVirtio, toSet } from "../nics/guest-nic";
import { guestNics } from "../nics/reader";
import { rule } from "../rule";
import { tunedClassic, tunedDomain } from "./examples";
import { FORMATDOMAIN } from "./manuals";

/** Interface types that libvirt gives several queues (qemu_command.c, "Multiqueue network is not supported for"); no type is a tap. */
const SEVERAL_QUEUES = ["network", "bridge", "direct", "ethernet", "vhostuser", "vdpa"];

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
        if (!isVirtio(nic)) return undefined;
        const backend = known(nic.backend);
        if (backend !== undefined && !SEVERAL_QUEUES.includes(backend)) return undefined;
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
            ...["user", "mcast", "udp", "client", "server"].map((kind) =>
                tunedDomain({ source: { [kind]: {} }, driver: { queues: undefined } }),
            ),
        ],
        bad: [
            tunedDomain({ model: { type: "virtio" }, driver: { queues: 1 } }),
            tunedDomain({ model: { type: "virtio" }, driver: { queues: undefined } }),
            tunedClassic('<model type="virtio"/><driver queues="1"/>'),
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

export const queueRules = [queuesMissing, queuesOverVcpu, queuesMax];
