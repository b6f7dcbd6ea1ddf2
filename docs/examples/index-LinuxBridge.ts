import { LinuxBridge } from "kvmnet";

const backup = new LinuxBridge("backup", { mtu: 9000 });

export const bridgeName = backup.bridgeName;
