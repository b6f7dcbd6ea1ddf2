/** Open vSwitch: `import { ovs } from "kvmnet"`. */
import * as schema from "../schemas/ovs";
import { declare, type Args, type Made } from "./declare";

/** A bridge of Open vSwitch, with its internal port up. Its id is its name. */
export const Bridge = declare("kvmnet:ovs:Bridge", schema.OvsBridge);
export type Bridge = Made<typeof schema.OvsBridge>;
export type BridgeArgs = Args<typeof schema.OvsBridge>;

/** A port of an Open vSwitch bridge: a tap or another device of the host, or an internal one. Its id is its name. */
export const Port = declare("kvmnet:ovs:Port", schema.OvsPort);
export type Port = Made<typeof schema.OvsPort>;
export type PortArgs = Args<typeof schema.OvsPort>;
