import { host } from "kvmnet";

// Two NICs to a switch that speaks LACP; flows are shared out by addresses and ports.
const uplink = new host.Bond("uplink", {
    name: "bond0",
    mode: "802.3ad",
    members: ["eno1", "eno2"],
    lacpRate: "fast",
    xmitHashPolicy: "layer3+4",
    mtu: 9000,
});

export const name = uplink.name;
