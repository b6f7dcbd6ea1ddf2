/** From what a user says of a NIC to a NIC with every value decided, each with its reason. */
import type { DecidedNic, VirtioNic } from "../schemas/virtio-nic";
import { type TunedNic, tuneNic } from "../tuning/nic";

/**
 * A NIC with every value decided.
 *
 * @param vcpus virtual CPUs of its guest [count]
 * @param mac   address to use where the user gave none
 */
export function decideNic(nic: VirtioNic, vcpus: number, mac: string): { nic: DecidedNic; reasons: TunedNic } {
    const { vhostUserSocket } = nic;
    const backend = vhostUserSocket === undefined ? "tap" : "vhost-user";
    const reasons = nic.model === "virtio" ? tuneNic(vcpus, { ...nic, backend }) : EMULATED;
    return {
        nic: {
            model: nic.model,
            queues: reasons.queues.value,
            rxRing: reasons.rxRing.value,
            txRing: reasons.txRing.value,
            mtu: nic.mtu,
            mac: nic.mac ?? mac,
            ...(vhostUserSocket === undefined ? {} : { vhostUserSocket }),
        },
        reasons,
    };
}

const ring = {
    value: 256,
    reason: "An emulated NIC has the ring that its model brings; no ring is set.",
    source: "libvirt formatdomain, Setting NIC driver-specific options: rx_queue_size and tx_queue_size are for virtio",
};

/** An emulated NIC takes no settings: one queue, as a tap without multi_queue has. */
const EMULATED: TunedNic = {
    queues: {
        value: 1,
        reason: "An emulated NIC has one queue.",
        source: "libvirt formatdomain, Setting NIC driver-specific options: queues is for virtio",
    },
    rxRing: ring,
    txRing: ring,
};
