/**
 * A secured port takes no part in its bridge's spanning tree. The switch takes what is said there before it asks any flow
 * (process_special in ofproto/ofproto-dpif-xlate.c of Open vSwitch), so with one frame a guest would become the root past all
 * guards. On a bridge without spanning tree the keys say nothing, until somebody switches it on.
 */
import { OFF_TREE } from "../../schemas/ovs-port-parts";
import { keyOf } from "../host/ovsdb/columns";
import type { Seen } from "../host/ovsdb/replica";
import { isSecured } from "./ovs-ingress";
import type { Keys, PortRows } from "./ovs-rows";

/** In other_config, which keys of ours a port has. @param there as it is; undefined where it is made */
export function offTree(isSecure: boolean, there: Seen | undefined): Keys {
    const value = isSecure ? "false" : undefined;
    return isSecure || (there && isSecured(there)) ? Object.fromEntries(OFF_TREE.map((key) => [key, value])) : {};
}

/** Whether a port takes part in spanning tree of this kind. */
export const isOffTree = (port: Seen | undefined, key: (typeof OFF_TREE)[number]): boolean =>
    keyOf(port?.other_config, key) === "false";

/** Whether a port is secured and takes part all the same: a former version has made it, or somebody has changed it. */
export const isOnTree = ({ port }: PortRows): boolean =>
    isSecured(port) && !OFF_TREE.every((key) => isOffTree(port, key));

export const ON_TREE =
    "it takes part in spanning tree where its bridge does, which its guest can lead past its portSecurity: stp-enable and rstp-enable in its other_config are not both false";
