/** VLANs as people write them: by the name that a switch has for one, by id, or as a range of ids. */
import { z } from "zod";
import type { Say } from "./named";
import { VlanId, VlanList } from "./units";
import { vlanRange } from "./vlan-range";

/** VLAN ids by name, as a switch declares them. */
export type Vlans = Readonly<Record<string, number>>;

const ONE = "a VLAN is a name out of the switch's vlans, or an id from 1 to 4094";
const SOME = 'VLANs are a list of names out of the switch\'s vlans, of ids and of ranges, such as ["web", "20-29"]';

/** One VLAN, by name or id. */
export const VlanName = z.union([z.string(), z.number()], { error: ONE });
/** Some VLANs, by name, id or range. */
export const VlanNames = z.array(z.union([z.string(), z.number()], { error: SOME }), { error: SOME });

/** The id of a VLAN; undefined for what is none. */
export function vlanIdOf(name: string | number, vlans: Vlans): number | undefined {
    if (Object.hasOwn(vlans, name)) return vlans[name];
    const id = typeof name === "string" && /^\d{1,4}$/.test(name) ? Number(name) : name;
    return VlanId.safeParse(id).data;
}

/** What a list stands for, as ids and ranges; what is no VLAN is left out, since `checkVlanNames` tells it. */
export const vlanListOf = (names: readonly (string | number)[], vlans: Vlans): string[] =>
    VlanList.parse(names.flatMap((name) => vlanIdOf(name, vlans) ?? (vlanRange(String(name)) ? String(name) : [])));

/** Tells every entry that is no VLAN of the switch and no id. It may meet raw input, so it looks before it reads. */
export function checkVlanNames(names: unknown, vlans: unknown, path: PropertyKey[], say: Say): void {
    const known = (typeof vlans === "object" && vlans !== null ? vlans : {}) as Vlans;
    const isVlan = (name: unknown) =>
        (typeof name !== "string" && typeof name !== "number") ||
        vlanIdOf(name, known) !== undefined ||
        (Array.isArray(names) && vlanRange(String(name)) !== undefined);
    for (const [index, name] of (Array.isArray(names) ? names : [names]).entries())
        if (name !== undefined && !isVlan(name))
            say(Array.isArray(names) ? [...path, index] : path, noSuchVlan(name as string, known));
}

export const noSuchVlan = (name: string | number, vlans: Vlans): string =>
    `no VLAN is called ${JSON.stringify(name)}; declared are: ${Object.keys(vlans).join(", ") || "none"}. ` +
    "An id is a whole number from 1 to 4094";
