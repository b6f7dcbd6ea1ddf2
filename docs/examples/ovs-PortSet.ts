import { ovs } from "kvmnet";

const farm = new ovs.Bridge("farm", { name: "br-farm" });

// Ports with their taps, hundreds where it must be: one resource, one transaction, and a preview that tells which changes.
const guests = new ovs.PortSet("guests", {
    bridge: farm.name,
    ports: {
        "vm-web": { tag: 100, tap: { multiQueue: true } },
        "vm-db": { tag: 200, tap: { mtu: 9000 } },
        "vm-router": { vlanMode: "trunk", trunks: ["100", "200"], tap: {} },
    },
});

export const ofports = guests.ofports;
