/** VLANs of one port of a Linux bridge that filters them: what passes, and what leaves with a tag. */
import type { Say } from "./named";
import { VlanId, VlanList } from "./units";
import { vlanRange } from "./vlan-range";

/** @param port how the port is called in a sentence  @param absent what holds where none of the three is given */
export const vlanFields = (port: string, absent: string) => ({
    pvid: VlanId.optional().describe(
        `VLAN that untagged frames arriving at ${port} join; it leaves untagged too, unless tagged holds it. ${absent} Changes live.`,
    ),
    tagged: VlanList.optional().describe(
        `VLANs that pass ${port} with a tag, such as ["10", "20-29"]. ${absent} Changes live.`,
    ),
    untagged: VlanList.optional().describe(
        `VLANs that leave ${port} without a tag; absent means pvid alone. ${absent} Changes live.`,
    ),
});

export interface PortVlans {
    pvid?: number;
    tagged?: string[];
    untagged?: string[];
}

/** Whether any VLAN is declared; where none is, the port has the bridge's default. */
export const hasVlans = ({ pvid, tagged = [], untagged = [] }: PortVlans): boolean =>
    pvid !== undefined || tagged.length > 0 || untagged.length > 0;

/** Rules across the fields. It may meet raw input, so it looks before it reads. */
export function checkVlans({ pvid, tagged, untagged }: PortVlans, say: Say): void {
    const [withTag, without] = [idsOf(tagged), idsOf(untagged)];
    const both = [...without].filter((id) => withTag.has(id));
    if (both.length > 0) say(["untagged"], `VLAN ${both[0]} is in tagged, too; a VLAN leaves a port in one way`);
    if (pvid !== undefined && without.size > 0 && !withTag.has(pvid) && !without.has(pvid))
        say(["pvid"], `VLAN ${pvid} is in neither tagged nor untagged; add it to untagged, which is usual for a pvid`);
}

/** The ids that a list stands for. */
export function idsOf(list: readonly string[] | undefined): Set<number> {
    if (!Array.isArray(list)) return new Set();
    return new Set(
        list.flatMap((entry) => {
            const [from, to] = vlanRange(String(entry)) ?? [1, 0];
            return Array.from({ length: to - from + 1 }, (_, index) => from + index);
        }),
    );
}
