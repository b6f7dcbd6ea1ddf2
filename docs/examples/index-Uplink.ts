import { OvsSwitch, Uplink } from "kvmnet";

// Two NICs to a switch that speaks LACP. What they do not take is refused when they are made.
const backbone = new Uplink("backbone", {
    links: ["ens1f0", "ens1f1"],
    bond: { mode: "802.3ad", lacpRate: "fast", xmitHashPolicy: "layer3+4" },
    mtu: 9000,
    rxRing: 4096,
    channels: { combined: 8 },
});
const metro = new OvsSwitch("metro", { vlans: { web: 100 }, uplinks: { backbone: {} } }, { dependsOn: backbone });

export const linkName = backbone.linkName;
export const switchName = metro.bridgeName;
