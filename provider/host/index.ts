/** The only code that talks to a host: its links and its switch database. Reading is anybody's, writing the plugin's alone. */
import type { HostRef } from "../../schemas/host-ref";
import { Links } from "./links";
import { Ovsdb } from "./ovsdb/client";
import { placeOf } from "./place";

export interface Host {
    /** As people call it: `this machine`, `lab sample`. */
    where: string;
    ovsdb: Ovsdb;
    links: Links;
    /** Longest wait for ovs-vswitchd [ms] where a caller says so. */
    timeoutMs?: number;
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
    return { where: place.where, ovsdb, links: new Links(place), close: () => ovsdb.close() };
}

export type { Link } from "./links";
