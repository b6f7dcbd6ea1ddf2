/**
 * Links that were deleted below their ports. The kernel's datapath lets go of them and takes the next of their name; the
 * userspace datapath holds on to what is gone, and hears nothing of the next.
 */
import type { Host } from "../host";
import type { Link } from "../host/links";
import { numberOf, textOf } from "../host/ovsdb/columns";
import { present, updated, type Operation } from "../host/ovsdb/operations";
import type { Seen } from "../host/ovsdb/replica";
import { ovsdb, type Plan } from "../plan";
import { isMadeBySwitch } from "./ovs-link-up";
import { isShut } from "./ovs-plugged-shut";
import { namesOf } from "./port-names";

/**
 * Whether the switch holds on to a link that is gone: it makes each that it hears promiscuous (lib/dpif-netdev.c).
 *
 * @param holder bridge of the port
 */
export function isUnheard(holder: Seen | undefined, row: Seen, links: ReadonlyMap<string, Link>): boolean {
    if (textOf(holder?.datapath_type) !== "netdev" || (numberOf(row.ofport) ?? -1) <= 0) return false;
    const link = links.get(String(row.name));
    if (isMadeBySwitch(row)) return link === undefined;
    return (textOf(row.type) ?? "system") === "system" && link !== undefined && !link.flags.includes("PROMISC");
}

/**
 * The same of links of a bridge. What the step at hand has plugged is heard, and need not be looked at; a port that another
 * has plugged a moment ago may be newer than the links, so these are then read again.
 */
export async function unheardOf(host: Host, holder: Seen | undefined, rows: readonly Seen[]): Promise<Seen[]> {
    // Most hosts need not list theirs to tell.
    if (textOf(holder?.datapath_type) !== "netdev") return [];
    const open = rows.filter(({ name }) => !host.isTakenUp(String(name)));
    if (open.length === 0) return [];
    const among = (links: ReadonlyMap<string, Link>) => open.filter((row) => isUnheard(holder, row, links));
    if (among(await host.links()).length === 0) return [];
    return among(await linksNow(host));
}

/** Links as they are now, whatever was read before. */
export const linksNow = (host: Host): Promise<ReadonlyMap<string, Link>> =>
    host.at({ maxAgeMs: 0, readSince: Infinity }).links();

export const UNHEARD =
    "the switch holds on to a link of this name that is gone, and hears nothing of the one that is there";

/** What the switch is told to let go of. */
const LET_GO = "null";

/** Whether a link was let go of, and not plugged again yet. */
export const isLetGo = ({ type }: Seen): boolean => type === LET_GO;

/**
 * Where a run was killed between the two steps of `pluggedAgain`, or of a port that is plugged shut, the switch may be at the
 * first of them still. It forgets to tell of the second if it comes before the first is told, so an empty change is waited for.
 */
export function untilLetGo(bridge: string, links: readonly Seen[]): Plan {
    const letGo = links.filter((link) => isLetGo(link) || isShut(link)).map(({ name }) => String(name));
    return letGo.length > 0
        ? [ovsdb(`waits for ${letGo.join(", ")}, which a killed run has left`, [present("Bridge", bridge)])]
        : [];
}

/** The rows of a port as `letGo` leaves them. */
export const letGoRows = <Rows extends { links: Seen[] }>(rows: Rows): Rows => ({
    ...rows,
    links: rows.links.map((link) => ({ ...link, type: LET_GO })),
});

/** The switch lets go of links until their rows say what they are; these stay, with all that refers to them. */
export function letGo(links: readonly Seen[], why: string): Plan {
    const held = links.filter((link) => !isLetGo(link));
    if (held.length === 0) return [];
    return [
        ovsdb(
            `lets go of ${namesOf(held)}, ${why}`,
            typed(held, () => LET_GO),
            typed(held, ({ type }) => type),
        ),
    ];
}

const typed = (links: readonly Seen[], typeOf: (link: Seen) => unknown): Operation[] =>
    updated("Interface", links, (link) => ({ type: typeOf(link) }));

/** The switch opens a link anew only where its interface changes: another type for a moment, and the former again. */
export function pluggedAgain(links: readonly Seen[]): Plan {
    if (links.length === 0) return [];
    const names = links.map(({ name }) => String(name)).join(", ");
    return [
        ...letGo(links, "whose former links are gone"),
        ovsdb(
            `plugs ${names} again`,
            typed(links, ({ type }) => type),
        ),
    ];
}
