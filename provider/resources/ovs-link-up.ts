/** Links that Open vSwitch makes: they are down until somebody sets them up, and some outlive their port. */
import { numberOf } from "../host/ovsdb/columns";
import type { Seen } from "../host/ovsdb/replica";
import { ip, type Plan, type Step } from "../plan";
import { gone } from "./link-marks";

/** Where the switch could not make the link there is none, and `find` then tells why. */
export const bringUp = (name: string): Step => ({
    what: `sets ${name} up`,
    check: { link: name, is: "present" },
    action: { via: "ip", lines: [["link", "set", "dev", name, "up"]] },
});

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
