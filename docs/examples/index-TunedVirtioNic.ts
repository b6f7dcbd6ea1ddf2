import { OvsSwitch, TunedVirtioNic } from "kvmnet";

const fabric = new OvsSwitch("fabric", { vlans: { web: 100 } });
const nic = new TunedVirtioNic("api", { guest: "api", vcpus: 4, switch: fabric, vlan: "web" });

export const tapName = nic.tapName;
