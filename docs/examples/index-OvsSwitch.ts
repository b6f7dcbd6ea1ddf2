import { OvsSwitch } from "kvmnet";

const campus = new OvsSwitch("campus", { vlans: { staff: 10, guests: 20 } });

export const bridgeName = campus.bridgeName;
