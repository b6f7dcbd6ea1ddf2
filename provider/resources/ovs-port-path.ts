/** What a change of a port takes from a connection that runs over it: a link that goes, or a VLAN. */
import type { Host } from "../host";
import { sameValue } from "../wire";
import { keepCarried } from "./operator-guard";
import { linkNames, type Wanted } from "./ovs-port-change";
import { idsOf } from "./ovs-port-rows";

type Vlans = Pick<Wanted, "vlanMode" | "tag" | "trunks" | "cvlans">;

/** A port that is there, and as it is to be. */
interface PathChange {
    was: Wanted;
    want: Wanted;
    /** Whether it leaves its bridge. */
    moves: boolean;
}

/** @param told what says that a path may be taken @throws HostError refused where an operator's connection would be cut off */
export async function keepThrough(
    host: Host,
    subject: string,
    told: { takesOperatorPath?: boolean },
    changes: readonly PathChange[],
): Promise<void> {
    const gone = changes.flatMap(({ was, want, moves }) =>
        linkNames(was).filter((name) => moves || !linkNames(want).includes(name)),
    );
    await keepCarried(host, subject, told, gone, "which is to be unplugged");
    const other = changes.filter(({ was, want }) => losesVlans(was, want)).flatMap(({ was }) => linkNames(was));
    await keepCarried(host, subject, told, other, "which is to carry other VLANs");
}

/** Whether frames may no longer pass that did: another trunk that has all VLANs of the former one takes none away. */
export function losesVlans(was: Vlans, want: Vlans): boolean {
    if (was.vlanMode !== want.vlanMode || was.tag !== want.tag || !sameValue(was.cvlans ?? [], want.cvlans ?? []))
        return true;
    // None stands for all.
    const [former, next] = [idsOf(was.trunks), idsOf(want.trunks)];
    if (next.length === 0) return false;
    return former.length === 0 || former.some((id) => !next.includes(id));
}
