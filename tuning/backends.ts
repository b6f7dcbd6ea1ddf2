/** What moves a NIC's packets on the host, and what each takes at most. */

export const BACKENDS = ["tap", "tcg", "vhost-user", "vdpa", "macvtap", "sriov"] as const;
export type Backend = (typeof BACKENDS)[number];

interface Limits {
    /** What people call it. */
    title: string;
    /** Whether the guest sees a virtio NIC; a virtual function is the hardware's. */
    virtio: boolean;
    /** Most queue pairs [count]. */
    queues: number;
    /** Largest transmit ring [descriptors]. */
    txRing: number;
    /** Who works through the rings. */
    vhost: "kernel" | "user" | "hardware" | "none";
    source: string;
}

const QEMU_TX = "QEMU hw/net/virtio-net.c virtio_net_max_tx_queue_size";
const TAP_QUEUES = "Linux drivers/net/tun.c MAX_TAP_QUEUES";

export const LIMITS: Readonly<Record<Backend, Limits>> = {
    tap: { title: "tap with vhost-net", virtio: true, queues: 256, txRing: 256, vhost: "kernel", source: TAP_QUEUES },
    tcg: { title: "tap under emulation", virtio: true, queues: 256, txRing: 256, vhost: "none", source: TAP_QUEUES },
    macvtap: { title: "macvtap", virtio: true, queues: 256, txRing: 256, vhost: "kernel", source: TAP_QUEUES },
    "vhost-user": { title: "vhost-user", virtio: true, queues: 256, txRing: 1024, vhost: "user", source: QEMU_TX },
    vdpa: { title: "vDPA", virtio: true, queues: 256, txRing: 1024, vhost: "hardware", source: QEMU_TX },
    sriov: {
        title: "SR-IOV virtual function",
        virtio: false,
        queues: 256,
        txRing: 0,
        vhost: "none",
        source: "libvirt formatdomain, PCI Passthrough: the guest drives the function itself",
    },
};
