/** Resources of release 0.1.0 that a lab's kernel may lack, by type. */
export const KERNEL_ONLY = {
    "kvmnet:host:Dummy": { name: "loopback", inputs: { name: "dummy9", mtu: 9000, mac: "52:54:00:AA:00:21" } },
    "kvmnet:host:Vlan": {
        name: "storage",
        inputs: { name: "nic0.300", link: "nic0", vlanId: 300, egressQos: ["0:1", "5:6"], mtu: 1400 },
    },
    "kvmnet:host:Bond": {
        name: "uplink",
        inputs: {
            name: "bond9",
            mode: "802.3ad" as const,
            members: ["nic2", "nic1"],
            lacpRate: "fast" as const,
            xmitHashPolicy: "layer3+4" as const,
            upDelay: 200,
        },
    },
};
