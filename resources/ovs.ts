/** Open vSwitch: `import { ovs } from "kvmnet"`. */
import type { GetOvsInputs, GetOvsOutputs } from "../schemas/get-ovs";
import * as schema from "../schemas/ovs";
import { OvsController, OvsControllerOutputs } from "../schemas/ovs-controller";
import { OvsFlowKeeper, OvsFlowKeeperOutputs } from "../schemas/ovs-flow-keeper";
import { OvsFlows } from "../schemas/ovs-flows";
import { OvsManager, OvsManagerOutputs } from "../schemas/ovs-manager";
import { OvsMirror } from "../schemas/ovs-mirror";
import { OvsIpfix, OvsNetflow, OvsSflow } from "../schemas/ovs-monitoring";
import { OvsSettings, OvsSettingsOutputs } from "../schemas/ovs-settings";
import { OvsTls } from "../schemas/ovs-tls";
import { declare, type Args, type Made } from "./declare";
import { declareFunction } from "./declare-function";

/** A bridge of Open vSwitch, with its internal port up. Its id is its name. */
export const Bridge = declare("kvmnet:ovs:Bridge", schema.OvsBridge, schema.OvsBridgeOutputs);
export type Bridge = Made<typeof schema.OvsBridge, typeof schema.OvsBridgeOutputs>;
export type BridgeArgs = Args<typeof schema.OvsBridge>;

/** A port of an Open vSwitch bridge: a device of the host or several as a bond, an internal one, a patch or a tunnel. Its id is its name. */
export const Port = declare("kvmnet:ovs:Port", schema.OvsPort, schema.OvsPortOutputs);
export type Port = Made<typeof schema.OvsPort, typeof schema.OvsPortOutputs>;
export type PortArgs = Args<typeof schema.OvsPort>;

/** OpenFlow flows, groups and meters of one bridge that belong together. Its id is BRIDGE/COOKIE. */
export const Flows = declare("kvmnet:ovs:Flows", OvsFlows);
export type Flows = Made<typeof OvsFlows>;
export type FlowsArgs = Args<typeof OvsFlows>;

/** Keeps a bridge's flows over a restart of ovs-vswitchd. Its id is its bridge. */
export const FlowKeeper = declare("kvmnet:ovs:FlowKeeper", OvsFlowKeeper, OvsFlowKeeperOutputs);
export type FlowKeeper = Made<typeof OvsFlowKeeper, typeof OvsFlowKeeperOutputs>;
export type FlowKeeperArgs = Args<typeof OvsFlowKeeper>;

/** A mirror of a bridge. Its id is BRIDGE/NAME. */
export const Mirror = declare("kvmnet:ovs:Mirror", OvsMirror);
export type Mirror = Made<typeof OvsMirror>;
export type MirrorArgs = Args<typeof OvsMirror>;

/** An OpenFlow controller of a bridge. Its id is BRIDGE/TARGET. */
export const Controller = declare("kvmnet:ovs:Controller", OvsController, OvsControllerOutputs);
export type Controller = Made<typeof OvsController, typeof OvsControllerOutputs>;
export type ControllerArgs = Args<typeof OvsController>;

/** A connection through which the switch database can be managed. Its id is its target. */
export const Manager = declare("kvmnet:ovs:Manager", OvsManager, OvsManagerOutputs);
export type Manager = Made<typeof OvsManager, typeof OvsManagerOutputs>;
export type ManagerArgs = Args<typeof OvsManager>;

/** Key, certificate and authority of the switch: a host has one. */
export const Tls = declare("kvmnet:ovs:Tls", OvsTls);
export type Tls = Made<typeof OvsTls>;
export type TlsArgs = Args<typeof OvsTls>;

/** Settings of Open vSwitch as a whole: a host has one. */
export const Settings = declare("kvmnet:ovs:Settings", OvsSettings, OvsSettingsOutputs);
export type Settings = Made<typeof OvsSettings, typeof OvsSettingsOutputs>;
export type SettingsArgs = Args<typeof OvsSettings>;

/** The sFlow export of a bridge. Its id is the bridge's name. */
export const Sflow = declare("kvmnet:ovs:Sflow", OvsSflow);
export type Sflow = Made<typeof OvsSflow>;
export type SflowArgs = Args<typeof OvsSflow>;

/** The IPFIX export of a bridge. Its id is the bridge's name. */
export const Ipfix = declare("kvmnet:ovs:Ipfix", OvsIpfix);
export type Ipfix = Made<typeof OvsIpfix>;
export type IpfixArgs = Args<typeof OvsIpfix>;

/** The NetFlow export of a bridge. Its id is the bridge's name. */
export const Netflow = declare("kvmnet:ovs:Netflow", OvsNetflow);
export type Netflow = Made<typeof OvsNetflow>;
export type NetflowArgs = Args<typeof OvsNetflow>;

/** What a host's Open vSwitch is and has; it is asked in a preview, too. */
export const { now: getOvs, later: getOvsOutput } = declareFunction<typeof GetOvsInputs, typeof GetOvsOutputs>(
    "kvmnet:ovs:getOvs",
);

/** Many ports of one bridge, and their taps, as one resource. Its id is its bridge. */
export const PortSet = declare("kvmnet:ovs:PortSet", schema.OvsPortSet, schema.OvsPortSetOutputs);
export type PortSet = Made<typeof schema.OvsPortSet, typeof schema.OvsPortSetOutputs>;
export type PortSetArgs = Args<typeof schema.OvsPortSet>;

/** What leaves a port: shaping by HTB or HFSC with queues, or policing. Its id is its name. */
export const Qos = declare("kvmnet:ovs:Qos", schema.OvsQos);
export type Qos = Made<typeof schema.OvsQos>;
export type QosArgs = Args<typeof schema.OvsQos>;
