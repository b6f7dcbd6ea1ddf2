/** What the kernel does with the VLANs of a Linux bridge's ports (net/bridge/br_vlan.c). */
import assert from "node:assert/strict";
import type { VlanTable } from "../../provider/resources/bridge-vlans";

/** Does what bridge(8) does with lines about one port. */
export function carriedOut(from: VlanTable, lines: readonly (readonly string[])[]): VlanTable {
    const result = new Map(from);
    for (const [object, verb, , , , ids = "", ...flags] of lines) {
        assert.equal(object, "vlan");
        const [first = 0, last = first] = ids.split("-").map(Number);
        assert.ok(!flags.includes("pvid") || first === last, "the kernel takes no range as pvid");
        for (let vlan = first; vlan <= last; vlan++)
            if (verb === "del") result.delete(vlan);
            else {
                if (flags.includes("pvid"))
                    for (const [other, has] of result) result.set(other, { ...has, pvid: false });
                result.set(vlan, { pvid: flags.includes("pvid"), untagged: flags.includes("untagged") });
            }
    }
    return new Map([...result].sort(([a], [b]) => a - b));
}

/** What another default VLAN of the bridge makes of a port (__br_vlan_set_default_pvid). */
export function withDefault(from: VlanTable, former: number, next: number): VlanTable {
    const has = from.get(former);
    const isDefault = has?.pvid === true && has.untagged;
    const drop = ["vlan", "del", "dev", "p", "vid", String(former)];
    if (next === 0) return isDefault ? carriedOut(from, [drop]) : from;
    if ((former > 0 && !isDefault) || from.has(next)) return from;
    return carriedOut(from, [["vlan", "add", "dev", "p", "vid", String(next), "pvid", "untagged"], drop]);
}
