/** Links that Open vSwitch makes: they are down until somebody sets them up, and some outlive their port. */
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

/** Whether an interface is one whose link the switch makes. */
export const isMadeBySwitch = (row: Seen | undefined): boolean => /^(internal|tap)$/.test(textOf(row?.type) ?? "");

/** Whether somebody set down a link that the switch has made, and that nobody else sets up. */
export const isSetDown = (row: Seen | undefined, links: ReadonlyMap<string, Link>): boolean =>
    isMadeBySwitch(row) && links.get(String(row?.name))?.up === false;

/** Whether a link that the switch makes is not there yet, as after a run that was killed while the switch was at it, or is down. */
export const awaitsLink = (row: Seen | undefined, links: ReadonlyMap<string, Link>): boolean =>
    isMadeBySwitch(row) && links.get(String(row?.name))?.up !== true;

export const SET_DOWN = "its link is set down";

/**
 * A userspace datapath makes its links as taps that stay (lib/netdev-linux.c), and an ovs-vswitchd that was killed does
 * not look for those whose port went before it came back.
 */
export function removeLeft(row: Seen | undefined): Plan {
    const index = numberOf(row?.ifindex);
    if (!row || row.type !== "internal" || index === undefined) return [];
    const link = String(row.name);
    return [{ ...ip(`removes the link that the switch left of ${link}`, [gone(link)]), onlyWith: { link, index } }];
}
