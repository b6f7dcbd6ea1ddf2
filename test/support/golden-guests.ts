/** Guests whose stylesheets and domains are kept word for word: a new release must write them as the last one did. */
import type { GuestDescription } from "../../components/libvirt/guest";
import { aGuest, aNic } from "./guests";

const volume = { id: "/pool/web-1-root.qcow2", name: "web-1-root.qcow2", pool: "default" };

export const GOLDEN: Readonly<Record<string, GuestDescription>> = {
    "kernel-boot": aGuest(),
    "several-nics": aGuest({
        accelerator: "kvm",
        nics: [
            aNic({ mtu: 9000 }),
            aNic({ mac: "52:54:00:ab:cd:02", queues: 1, rxRing: 256 }),
            aNic({ mac: "52:54:00:ab:cd:03", model: "e1000", queues: 1 }),
            aNic({ mac: "52:54:00:ab:cd:04", model: null, queues: 1 }),
        ],
    }),
    "pinned-numa-hugepages": aGuest({
        accelerator: "kvm",
        cpu: { mode: "host-passthrough", topology: { sockets: 1, cores: 2, threads: 2 } },
        numa: [
            { cpus: "0-1", memoryMiB: 128 },
            { cpus: "2-3", memoryMiB: 128 },
        ],
        pinning: { vcpus: ["2", "3", "4", "5"], emulator: "0-1", memoryNodes: "0" },
        memory: { shared: false, hugepages: "2MiB" },
        console: undefined,
    }),
    "vhost-user": aGuest({
        nics: [aNic({ vhostUserSocket: "/run/vhu0.sock", txRing: 1024, queues: 2 })],
        memory: { shared: false, hugepages: "2MiB" },
    }),
    "disks-cloud-init": aGuest({
        kernel: undefined,
        initrd: undefined,
        cmdline: [],
        disks: [
            { name: "root", format: "qcow2", from: { volume } },
            { name: "cd", format: "raw", from: { file: "/var/lib/images/install.iso" } },
            { name: "data", format: "raw", from: { block: "/dev/vg0/data" } },
        ],
        cloudInit: { id: "/pool/web-1-cloud-init.iso;1", name: "web-1-cloud-init.iso", pool: "default" },
        autostart: true,
    }),
};
