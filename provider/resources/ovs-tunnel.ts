/** What Open vSwitch tells tunnels apart by (ofproto/tunnel.c): of two that are alike it refuses the second, whatever their names. */
import { isTunnel } from "../../schemas/ovs-interface";
import type { Port } from "./ovs-port-rows";

/** UDP ports where none is said; GRE has none. */
const DST_PORTS: Readonly<Record<string, number>> = { vxlan: 4789, geneve: 6081 };

/** The one place of a tunnel among all of the switch; none for what is no tunnel. */
export function tunnelPlace({ type = "system", options = {} }: Port): string[] {
    if (!isTunnel(type)) return [];
    const { remoteIp, localIp = "any", key = "0", inKey = key, dstPort = DST_PORTS[type] ?? 0 } = options;
    return [`${type} tunnel ${remoteIp} ${localIp} ${inKey} ${dstPort}`];
}
