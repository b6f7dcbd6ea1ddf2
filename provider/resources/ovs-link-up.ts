/** Links that Open vSwitch makes: they are down until somebody sets them up, and some outlive their port. */
import type { Host } from "../host";
import type { Link } from "../host/links";
import { numberOf, textOf } from "../host/ovsdb/columns";
import type { Seen } from "../host/ovsdb/replica";
import { ip, type Plan, type Step } from "../plan";
import { gone } from "./link-marks";

/** Where the switch could not make the link there is none, and `find` then tells why. */
export const bringUp = (name: string): Step => ({
    what: `sets ${name} up`,
    check: { link: name, is: "present" },
    action: { via: "ip", lines: [["link", "set", "dev", name, "up"]] },
});

/** Whether an interface is one whose link the switch makes. @param link its row, or as it is declared */
export const isMadeBySwitch = (link: Seen | { type?: string } | undefined): boolean =>
    /^(internal|tap)$/.test(textOf(link?.type) ?? "");

/** Whether somebody set down a link that the switch has made, and that nobody else sets up. */
export const isSetDown = (row: Seen | undefined, links: ReadonlyMap<string, Link>): boolean =>
    isMadeBySwitch(row) && links.get(String(row?.name))?.up === false;

/** Whether a link that the switch makes is not there yet, as after a run that was killed while the switch was at it, or is down. */
export const awaitsLink = (row: Seen | undefined, links: ReadonlyMap<string, Link>): boolean =>
    isMadeBySwitch(row) && links.get(String(row?.name))?.up !== true;

export const SET_DOWN = "its link is set down";

/**
 * A userspace datapath makes its links as taps that stay (lib/netdev-linux.c), and an ovs-vswitchd that was killed does
 * not look for those whose port went before it came back. It tells the number of a link a moment after it has made it:
 * until then that is the one of the name.
 */
export async function removeLeft(host: Host, rows: readonly Seen[]): Promise<Plan> {
    const made = rows.filter(({ type }) => type === "internal");
    const isUntold = ({ ifindex, ofport }: Seen) => numberOf(ifindex) === undefined && (numberOf(ofport) ?? -1) > 0;
    const links = made.some(isUntold) ? await host.links() : undefined;
    return made.flatMap((row) => {
        const link = String(row.name);
        const index = isUntold(row) ? links?.get(link)?.index : numberOf(row.ifindex);
        if (index === undefined) return [];
        return [{ ...ip(`removes the link that the switch left of ${link}`, [gone(link)]), onlyWith: { link, index } }];
    });
}
