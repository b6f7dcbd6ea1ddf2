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
    /** Policing of its interfaces that limits nothing [kbit/s]; absent where there is none. */
    idlePolicing?: number;
}

/**
 * Whether policing limits nothing: the userspace datapath takes it for taps and counts drops, and drops nothing; DPDK's
 * own ports police by themselves.
 */
export const ignoresPolicing = (bridge: Row | undefined, type: string | undefined): boolean =>
    textOf(bridge?.datapath_type) === "netdev" && !type?.startsWith("dpdk");

/** Whether the kernel polices what comes in at the ports of a bridge. */
export const isPolicedByKernel = (bridge: Row | undefined): boolean => textOf(bridge?.datapath_type) !== "netdev";

export async function readPorts(ovsdb: Ovsdb): Promise<PortSeen[]> {
    const view = await ovsdb.view();
    return view.all("Port").map((port) => seen(port, view.holderOf(port), view.referred("Interface", port.interfaces)));
}

const seen = (port: Row, bridge: Row | undefined, links: Row[]): PortSeen => ({
    name: String(port.name),
    bridge: textOf(bridge?.name) ?? "",
    vlanMode: textOf(port.vlan_mode),
    tag: numberOf(port.tag),
    trunks: valuesOf(port.trunks)
        .filter((id) => typeof id === "number")
        .sort((a, b) => a - b),
    ...idle(links.filter(({ type }) => ignoresPolicing(bridge, textOf(type)))),
});

function idle(links: Row[]): Pick<PortSeen, "idlePolicing"> {
    const rate = Math.max(0, ...links.map((link) => numberOf(link.ingress_policing_rate) ?? 0));
    return rate > 0 ? { idlePolicing: rate } : {};
}
