/** Links of the kernel and what belongs to them: `import { host } from "kvmnet"`. */
import { Address as AddressSchema } from "../schemas/address";
import { DhcpServer as DhcpServerSchema, DhcpServerOutputs } from "../schemas/dhcp";
import type * as facts from "../schemas/facts";
import { GuestShutdown as GuestShutdownSchema } from "../schemas/guest-shutdown";
import { LinkTuning } from "../schemas/link-tuning";
import * as links from "../schemas/links";
import { Neighbor as NeighborSchema } from "../schemas/neighbor";
import { Route as RouteSchema } from "../schemas/route";
import { Rule as RuleSchema } from "../schemas/rule";
import { Sysctl as SysctlSchema } from "../schemas/sysctl";
import { declare, type Args, type Made } from "./declare";
import { declareFunction } from "./declare-function";

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

/** How a link that is there already is tuned. Its id is the link's name. */
export const Link = declare("kvmnet:host:Link", LinkTuning);
export type Link = Made<typeof LinkTuning>;
export type LinkArgs = Args<typeof LinkTuning>;

/** An IP address of a link. Its id is `LINK/ADDRESS`. */
export const Address = declare("kvmnet:host:Address", AddressSchema);
export type Address = Made<typeof AddressSchema>;
export type AddressArgs = Args<typeof AddressSchema>;

/** A route, with one way or several by weight. Its id is `DESTINATION table TABLE`. */
export const Route = declare("kvmnet:host:Route", RouteSchema);
export type Route = Made<typeof RouteSchema>;
export type RouteArgs = Args<typeof RouteSchema>;

/** A rule of policy routing. Its id is `FAMILY priority PRIORITY`. */
export const Rule = declare("kvmnet:host:Rule", RuleSchema);
export type Rule = Made<typeof RuleSchema>;
export type RuleArgs = Args<typeof RuleSchema>;

/** A permanent entry of the neighbour table of a link. Its id is `LINK/ADDRESS`. */
export const Neighbor = declare("kvmnet:host:Neighbor", NeighborSchema);
export type Neighbor = Made<typeof NeighborSchema>;
export type NeighborArgs = Args<typeof NeighborSchema>;

/** One setting of the kernel below net. Its id is its key. */
export const Sysctl = declare("kvmnet:host:Sysctl", SysctlSchema);
export type Sysctl = Made<typeof SysctlSchema>;
export type SysctlArgs = Args<typeof SysctlSchema>;

/** The links of a host; it is asked in a preview, too. */
export const { now: getLinks, later: getLinksOutput } = declareFunction<
    typeof facts.GetLinksInputs,
    typeof facts.GetLinksOutputs
>("kvmnet:host:getLinks");

/** One link with all that its NIC takes; it is asked in a preview, too. */
export const { now: getNic, later: getNicOutput } = declareFunction<
    typeof facts.GetNicInputs,
    typeof facts.GetNicOutputs
>("kvmnet:host:getNic");

/** What a host is made of; it is asked in a preview, too. */
export const { now: getHost, later: getHostOutput } = declareFunction<
    typeof facts.GetHostInputs,
    typeof facts.GetHostOutputs
>("kvmnet:host:getHost");

/** A DHCP server on one interface, and the DNS server for its guests' names. Its id is the interface's name. */
export const DhcpServer = declare("kvmnet:host:DhcpServer", DhcpServerSchema, DhcpServerOutputs);
export type DhcpServer = Made<typeof DhcpServerSchema, typeof DhcpServerOutputs>;
export type DhcpServerArgs = Args<typeof DhcpServerSchema>;

/** Shuts a guest down before its libvirt domain goes. Its id is the domain's. */
export const GuestShutdown = declare("kvmnet:host:GuestShutdown", GuestShutdownSchema);
export type GuestShutdown = Made<typeof GuestShutdownSchema>;
export type GuestShutdownArgs = Args<typeof GuestShutdownSchema>;
