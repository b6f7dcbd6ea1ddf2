import { MtuDomain, OvsSwitch, VlanTap } from "kvmnet";

const disks = new OvsSwitch("disks", { vlans: { iscsi: 300 } });
const target = new VlanTap("target", { switch: disks.bridgeName, vlan: 300, mtu: 9000 });

// Refused, with the shortest link named, where a hop carries less.
const jumbo = new MtuDomain("jumbo", { mtu: 9000, hops: { uplink: 9216, target: 9000 } });

export const mtu = jumbo.mtu;
export const targetName = target.tapName;
