import { OvsSwitch, VlanTap } from "kvmnet";

const rack = new OvsSwitch("rack", { vlans: { web: 100 } });
const shop = new VlanTap("shop", { switch: rack, vlan: "web" });

export const tapName = shop.tapName;
