/** Every resource that this provider serves, by type token. */
import type { HostResource } from "../resource";
import { address } from "./address";
import { bond } from "./bond";
import { bridgePort } from "./bridge-port";
import { dhcpServer } from "./dhcp-server";
import { guestShutdown } from "./guest-shutdown";
import { link } from "./link";
import { linuxBridge } from "./linux-bridge";
import { macvtap } from "./macvtap";
import { neighbor } from "./neighbor";
import { ovsBridge } from "./ovs-bridge";
import { ovsController } from "./ovs-controller";
import { ovsFlowKeeper } from "./ovs-flow-keeper";
import { ovsFlows } from "./ovs-flows";
import { ovsIpfix } from "./ovs-ipfix";
import { ovsManager } from "./ovs-manager";
import { ovsMirror } from "./ovs-mirror";
import { ovsNetflow } from "./ovs-netflow";
import { ovsSettings } from "./ovs-settings";
import { ovsSflow } from "./ovs-sflow";
import { ovsTls } from "./ovs-tls";
import { ovsPort } from "./ovs-port";
import { ovsPortSet } from "./ovs-port-set";
import { ovsQos } from "./ovs-qos";
import { dummy, ifb } from "./plain-links";
import { route } from "./route";
import { rule } from "./rule";
import { sysctl } from "./sysctl";
import { tap } from "./tap";
import { veth } from "./veth";
import { vlan } from "./vlan";
import { vxlan } from "./vxlan";

/** A resource whose own types are its own business: the engine hands every one of them plain bags. */
export type AnyResource = HostResource;

const all: AnyResource[] = [
    ovsBridge,
    ovsPort,
    ovsPortSet,
    ovsQos,
    ovsFlows,
    ovsFlowKeeper,
    ovsMirror,
    ovsController,
    ovsManager,
    ovsTls,
    ovsSettings,
    ovsSflow,
    ovsIpfix,
    ovsNetflow,
    linuxBridge,
    bridgePort,
    tap,
    veth,
    vlan,
    bond,
    vxlan,
    macvtap,
    dummy,
    ifb,
    dhcpServer,
    guestShutdown,
    link,
    address,
    route,
    rule,
    neighbor,
    sysctl,
] as unknown as AnyResource[];

export const RESOURCES: ReadonlyMap<string, AnyResource> = new Map(all.map((resource) => [resource.type, resource]));
