import { OvsSwitch } from "kvmnet";

const core = new OvsSwitch("campusCore", {
    vlans: { staff: 10, guests: 20 },
    mirrors: { ids: { vlans: ["guests"], outputPort: "ids0" } },
    qos: { wifi: { type: "linux-htb", maxRate: "200Mbit" } },
});

// For a NIC of the host: uplinks: { eno1: {} }, or uplinks: { bond0: { links: ["eno1", "eno2"], lacp: "active" } }.
const campus = new OvsSwitch(
    "campus",
    { vlans: { staff: 10, guests: 20 }, patches: { "to-core": { to: "campusCore", vlans: ["staff"] } } },
    { dependsOn: core },
);

export const bridgeName = campus.bridgeName;
