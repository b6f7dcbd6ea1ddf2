import type { GuestDescription } from "../../components/libvirt/guest";
import type { DecidedNic } from "../../schemas/virtio-nic";

export const aNic = (fields: Partial<DecidedNic> = {}): DecidedNic => ({
    model: "virtio",
    queues: 4,
    rxRing: 1024,
    txRing: 256,
    mtu: 1500,
    mac: "52:54:00:ab:cd:01",
    ...fields,
});

export const aGuest = (fields: Partial<GuestDescription> = {}): GuestDescription => ({
    name: "web-1",
    vcpus: 4,
    memoryMiB: 256,
    accelerator: "tcg",
    machine: "q35",
    kernel: "/boot/vmlinuz",
    initrd: "/boot/initrd",
    cmdline: ["console=ttyS0", "kvmnet.name=web-1"],
    disks: [],
    autostart: false,
    console: { socket: "/run/console.sock", log: "/run/console.log" },
    nics: [aNic()],
    ...fields,
});
