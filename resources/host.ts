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
export const Tap = declare("kvmnet:host:Tap", links.Tap);
export type Tap = Made<typeof links.Tap>;
export type TapArgs = Args<typeof links.Tap>;
