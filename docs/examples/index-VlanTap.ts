import { OvsSwitch, VlanTap } from "kvmnet";

const rack = new OvsSwitch("rack", { vlans: { web: 100, db: 200 } });
const shop = new VlanTap("shop", {
    switch: rack.bridgeName,
    vlan: 100,
    rateLimit: { toGuest: "200Mbit", fromGuest: "100Mbit" },
});
const router = new VlanTap("shopRouter", {
    switch: rack.bridgeName,
    trunk: { vlans: ["100", "200"] },
});

export const tapNames = [shop.tapName, router.tapName];
