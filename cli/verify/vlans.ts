/** What a port makes of the frames of a guest, in the words of the table: `100` where they are of that VLAN and no other. */
import type { Link } from "../../provider/host/links";
import type { PortSeen } from "../../provider/host/ovsdb/ports";
import { defaultPvid, sameTable, tableOf, type VlanTable } from "../../provider/resources/bridge-vlans";

/**
 * Of a port of Open vSwitch: its tag alone says it only where it has no mode, or is an access port (ovs-vswitchd.conf.db(5),
 * VLAN Configuration). Trunks beside a tag are nothing there.
 */
export function vlanOfPort({ vlanMode, tag, trunks }: PortSeen): string {
    const carried = trunks.length > 0 ? trunks.join(", ") : "every VLAN";
    switch (vlanMode ?? (tag === undefined ? "trunk" : "access")) {
        case "access":
            return `${tag ?? "-"}`;
        case "trunk":
            return carried;
        default:
            return `${tag ?? "-"} and ${vlanMode === "dot1q-tunnel" ? "what is tagged in it" : carried} (${vlanMode})`;
    }
}

/**
 * Of a port of a Linux bridge: none where the bridge does not filter, or gives it what it gives every port.
 *
 * @param table the port's VLANs, where the bridge filters
 */
export function vlanOnBridge(bridge: Link | undefined, table: VlanTable = new Map()): string {
    if (!filters(bridge) || sameTable(table, tableOf({}, defaultPvid(bridge) ?? 0))) return "-";
    const carried = [...table].map(([id, { pvid, untagged }]) => `${id}${pvid && untagged ? "" : " tagged"}`);
    return carried.join(", ") || "no VLAN";
}

export const filters = (bridge: Link | undefined): boolean => bridge?.data.vlan_filtering === 1;
