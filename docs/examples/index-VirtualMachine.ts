import { OvsSwitch, VirtualMachine } from "kvmnet";

const cluster = new OvsSwitch("cluster", { vlans: { web: 100 } });

// Made where `pulumi config set libvirt:uri qemu:///system` says. The disk lies over an image of the host's pool and
// outlives the domain; cloud-init in the image sets name, address and the rest at the first boot.
const front = new VirtualMachine("front", {
    vcpus: 8,
    memoryMiB: 4096,
    disks: { root: { size: "20GiB", base: "/var/lib/libvirt/images/debian-12.qcow2" } },
    cloudInit: { userData: "#cloud-config\npackages: [nginx]\n" },
    nics: {
        data: {
            switch: cluster,
            vlan: "web",
            profile: "throughput",
            address: "10.0.0.11/24",
            gateway: "10.0.0.1",
        },
    },
});

export const domainName = front.domainName;
export const addresses = front.addresses;
