/** Whose an interface of the switch is: its database lets one stand in one port alone. */
import { HostError, shownName } from "../host/errors";
import { uuidsOf } from "../host/ovsdb/columns";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { linkNames, type Wanted } from "./ovs-port-change";

/** Who has an interface, as a sentence; undefined where nobody does, or the port itself. */
export function heldBy(view: Replica, name: string, own?: Seen): string | undefined {
    const link = view.byName("Interface", name);
    const has = (port: Seen) => uuidsOf(port.interfaces).includes(link?._uuid[1] ?? "");
    if (!link || (own && has(own))) return undefined;
    const port = view.all("Port").find(has);
    const shown = (row: Seen | undefined) => shownName(String(row?.name));
    return port && `the interface ${name} is in the port ${shown(port)} of the bridge ${shown(view.holderOf(port))}`;
}

/**
 * @param own the port itself, where it is there
 * @throws HostError conflict with every interface that another port has
 */
export function refuseHeld(view: Replica, subject: string, want: Wanted, own?: Seen): void {
    const held = linkNames(want).flatMap((link) => heldBy(view, link, own) ?? []);
    if (held.length === 0) return;
    const property = want.interfaces?.length ? "interfaces" : "name";
    throw new HostError(
        "conflict",
        subject,
        `its ${property} cannot be had: ${held.join("; ")}`,
        "An interface is in one port alone. Take it out of the other one first, in a run before this one where a program of yours declares that; or name another.",
    );
}
