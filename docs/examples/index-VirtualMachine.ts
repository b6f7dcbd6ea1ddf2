import { OvsSwitch, VirtualMachine } from "kvmnet";

const cluster = new OvsSwitch("cluster", { vlans: { web: 100 } });

// Made where `pulumi config set libvirt:uri qemu:///system` says.
const front = new VirtualMachine("front", {
    vcpus: 4,
    memoryMiB: 2048,
    boot: { kernel: "/var/lib/guests/vmlinuz", initrd: "/var/lib/guests/initrd.img" },
    nics: { data: { switch: cluster, vlan: "web" } },
});

export const domainName = front.domainName;
