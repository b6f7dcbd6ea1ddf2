/** Every port of a host's switches at once, for those who compare and do not manage. */
import type { Ovsdb } from "./client";
import { numberOf, textOf, valuesOf } from "./columns";
import type { Row } from "./operations";

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
    const view = await ovsdb.view();
    return view.all("Port").map((port) => seen(port, textOf(view.holderOf(port)?.name) ?? ""));
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
