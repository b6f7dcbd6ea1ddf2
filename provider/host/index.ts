/** The only code that talks to a host: its links and its switch database. Reading is anybody's, writing the plugin's alone. */
import type { HostRef } from "../../schemas/host-ref";
import { Kernel, type Link } from "./links";
import { Ovsdb } from "./ovsdb/client";
import { readPorts, type PortSeen } from "./ovsdb/ports";
import { placeOf } from "./place";

export interface Host {
    /** As people call it: `this machine`, `lab sample`. */
    where: string;
    ovsdb: Ovsdb;
    kernel: Kernel;
    /** Longest wait for ovs-vswitchd [ms], where a caller wants another than the usual. */
    timeoutMs?: number;
    /** Every link of the host. */
    links(): Promise<Link[]>;
    /** Every port of every Open vSwitch bridge of the host. */
    ovsPorts(): Promise<PortSeen[]>;
    close(): void;
}

/**
 * Opens a host. Its switch database is connected to at the first use, so that a host without Open vSwitch serves links.
 *
 * @param signal ends waiting for ovs-vswitchd
 * @throws HostError unreachable when a lab is not up
 */
export async function openHost(ref: HostRef, signal?: AbortSignal): Promise<Host> {
    const place = await placeOf(ref);
    const ovsdb = new Ovsdb(place.ovsdbSocket, place.where, signal);
    const kernel = new Kernel(place);
    return {
        where: place.where,
        ovsdb,
        kernel,
        links: async () => [...(await kernel.links()).values()],
        ovsPorts: () => readPorts(ovsdb),
        close: () => ovsdb.close(),
    };
}
