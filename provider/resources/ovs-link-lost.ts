/**
 * Links that were deleted below their ports. The kernel's datapath lets go of them and takes the next of their name; the
 * userspace datapath holds on to what is gone, and hears nothing of the next.
 */
import type { Link } from "../host/links";
import { numberOf, textOf } from "../host/ovsdb/columns";
import { ofRow } from "../host/ovsdb/operations";
import type { Seen } from "../host/ovsdb/replica";
import { ovsdb, type Plan } from "../plan";
import { isMadeBySwitch } from "./ovs-link-up";

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

/** The switch opens a link anew only where its interface changes: another type for a moment, and the former again. */
export function pluggedAgain(links: readonly Seen[]): Plan {
    if (links.length === 0) return [];
    const put = (typeOf: (link: Seen) => unknown) =>
        links.map((link) => ({
            op: "update",
            table: "Interface",
            where: ofRow(link._uuid),
            row: { type: typeOf(link) },
        }));
    const [none, theirs] = [put(() => "null"), put(({ type }) => type)];
    const names = links.map(({ name }) => String(name)).join(", ");
    return [
        ovsdb(`lets go of ${names}, whose former links are gone`, none, theirs),
        ovsdb(`plugs ${names} again`, theirs),
    ];
}
