import { host, LinuxBridge } from "kvmnet";

// What stands for the second NIC of the host here.
const cable = new host.Veth("backupCable", { name: "backup0", peer: "backup1" });

const backup = new LinuxBridge(
    "backup",
    { mtu: 1500, ports: { backup0: { isolated: true } }, addresses: ["10.9.0.1/24"] },
    { dependsOn: cable },
);

export const bridgeName = backup.bridgeName;
