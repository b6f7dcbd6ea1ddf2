/** Links of the kernel and what belongs to them: `import { host } from "kvmnet"`. */
import * as links from "../schemas/links";
import { declare, type Args, type Made } from "./declare";

/** A bridge of the Linux kernel, up, with a MAC address that stays. Its id is its name. */
export const Bridge = declare("kvmnet:host:Bridge", links.LinuxBridge);
export type Bridge = Made<typeof links.LinuxBridge>;
export type BridgeArgs = Args<typeof links.LinuxBridge>;

/** A link plugged into a Linux bridge. Its id is the link's name. */
export const BridgePort = declare("kvmnet:host:BridgePort", links.BridgePort);
export type BridgePort = Made<typeof links.BridgePort>;
export type BridgePortArgs = Args<typeof links.BridgePort>;

/** A persistent tap, up, for a guest's NIC to open. Its id is its name. */
export const Tap = declare("kvmnet:host:Tap", links.Tap, links.TapOutputs);
export type Tap = Made<typeof links.Tap, typeof links.TapOutputs>;
export type TapArgs = Args<typeof links.Tap>;

/** Two links that are each other's wire, up. Its id is the name of the first end. */
export const Veth = declare("kvmnet:host:Veth", links.Veth);
export type Veth = Made<typeof links.Veth>;
export type VethArgs = Args<typeof links.Veth>;

/** One VLAN of a link, as a link of its own, up. Its id is its name. */
export const Vlan = declare("kvmnet:host:Vlan", links.Vlan);
export type Vlan = Made<typeof links.Vlan>;
export type VlanArgs = Args<typeof links.Vlan>;

/** Several links as one, up. Its id is its name. */
export const Bond = declare("kvmnet:host:Bond", links.Bond);
export type Bond = Made<typeof links.Bond>;
export type BondArgs = Args<typeof links.Bond>;

/** A virtual network over UDP, as a link, up. Its id is its name. */
export const Vxlan = declare("kvmnet:host:Vxlan", links.Vxlan);
export type Vxlan = Made<typeof links.Vxlan>;
export type VxlanArgs = Args<typeof links.Vxlan>;

/** A tap that is a MAC address of its own on a link, up. Its id is its name. */
export const Macvtap = declare("kvmnet:host:Macvtap", links.Macvtap, links.MacvtapOutputs);
export type Macvtap = Made<typeof links.Macvtap, typeof links.MacvtapOutputs>;
export type MacvtapArgs = Args<typeof links.Macvtap>;

/** A link that takes packets and drops them, up. Its id is its name. */
export const Dummy = declare("kvmnet:host:Dummy", links.Dummy);
export type Dummy = Made<typeof links.Dummy>;
export type DummyArgs = Args<typeof links.Dummy>;

/** A link through which a filter leads traffic to be shaped, up. Its id is its name. */
export const Ifb = declare("kvmnet:host:Ifb", links.Ifb);
export type Ifb = Made<typeof links.Ifb>;
export type IfbArgs = Args<typeof links.Ifb>;
