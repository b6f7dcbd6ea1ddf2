import { ovs } from "kvmnet";

const farm = new ovs.Bridge("farm", { name: "br-farm", datapathType: "netdev" });

// Three guests' ports and their taps: one batch and one transaction, however many there are.
const guests = new ovs.PortSet("guests", {
    bridge: farm.name,
    ports: {
        "tap-a": { tag: 100, tap: { multiQueue: true } },
        "tap-b": { tag: 100, tap: { mtu: 1400 } },
        "tap-c": { vlanMode: "trunk", trunks: ["100", "200-209"], tap: {} },
    },
});

export const ofports = guests.ofports;
