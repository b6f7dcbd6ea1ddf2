/** Every port of a host's switches at once, for those who compare and do not manage. */
import type { Ovsdb } from "./client";
import { numberOf, textOf, uuidsOf, valuesOf } from "./columns";
import type { Row, Uuid } from "./operations";

/** A port as the switch database has it. */
export interface PortSeen {
    name: string;
    bridge: string;
    vlanMode?: string;
    tag?: number;
    /** VLAN ids, ascending; empty on a port that carries every VLAN, or one by its tag. */
    trunks: number[];
}

export async function readPorts(ovsdb: Ovsdb): Promise<PortSeen[]> {
    const [bridges = [], ports = []] = await ovsdb.select(
        { op: "select", table: "Bridge", where: [], columns: ["name", "ports"] },
        { op: "select", table: "Port", where: [], columns: ["_uuid", "name", "tag", "trunks", "vlan_mode"] },
    );
    const bridgeOf = new Map(
        bridges.flatMap((bridge) => uuidsOf(bridge.ports).map((uuid) => [uuid, String(bridge.name)])),
    );
    return ports.map((port) => seen(port, bridgeOf.get((port._uuid as Uuid)[1]) ?? ""));
}

const seen = (port: Row, bridge: string): PortSeen => ({
    name: String(port.name),
    bridge,
    vlanMode: textOf(port.vlan_mode),
    tag: numberOf(port.tag),
    trunks: valuesOf(port.trunks)
        .filter((id) => typeof id === "number")
        .sort((a, b) => a - b),
});
