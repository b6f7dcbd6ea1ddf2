/** Taps of a port set: made, changed and read many at a time. */
import type { PortOfSet } from "../../schemas/ovs-port-set";
import type { Host } from "../host";
import { isWord } from "../host/batch";
import type { Link } from "../host/links";
import { ip, type Plan } from "../plan";
import { gone, setLink } from "./link-marks";
import { isTold } from "./link-settings";
import { madeTap, settings, TX_QUEUE_LENGTH } from "./tap";
import { ownersOf } from "./tap-owners";

export type TapOfPort = NonNullable<PortOfSet["tap"]>;

/** A tap with its name, its link where it is there, and what that is like. */
export interface TapHere {
    link: Link;
    state: TapOfPort;
}

/** Reads taps. @param knownOf what state knows of a tap */
export async function tapsHere(
    host: Host,
    links: Iterable<Link>,
    knownOf: (name: string) => TapOfPort | undefined,
): Promise<Map<string, TapHere>> {
    const taps = new Map<string, TapHere>();
    for (const link of links) {
        const known = knownOf(link.name);
        const { txQueueLength } = link;
        const state: TapOfPort = {
            multiQueue: link.tap?.multiQueue ?? false,
            // Whoever opens a tap sets this flag anew, so what stands there says how the last guest opened it.
            vnetHdr: known?.vnetHdr ?? link.tap?.vnetHdr ?? false,
            mtu: link.mtu,
            // Most belong to nobody but root, and need no look-up.
            ...(link.data.user === undefined && link.data.group === undefined ? {} : await ownersOf(host, link)),
            ...(isTold(txQueueLength, TX_QUEUE_LENGTH, known?.txQueueLength) ? { txQueueLength } : {}),
        };
        taps.set(link.name, { link, state });
    }
    return taps;
}

/** Whether a tap must be made anew: what is given when it is made never changes. */
export const isRemade = ({ state }: TapHere, want: TapOfPort): boolean =>
    state.multiQueue !== want.multiQueue ||
    state.vnetHdr !== want.vnetHdr ||
    state.uid !== want.uid ||
    state.gid !== want.gid;

/** A port that is written, as far as its tap. */
interface Tapped {
    want: { name: string };
    tap: TapOfPort | undefined;
    member: { tap?: TapHere } | undefined;
    remade: boolean;
}

/** The tap of a port is made, changed or made anew; one that is not wanted any more is removed elsewhere, at the end. */
export function tapSteps({ want: { name }, tap, member, remade }: Tapped, mark: string): Plan {
    const made = tap ? [madeTap({ name, ...tap }, mark)] : [];
    if (!member?.tap) return made;
    if (!remade) return tap ? changedTap(name, member.tap, tap, mark) : [];
    const former = madeTap({ name, ...member.tap.state }, formerAlias(member.tap));
    return [{ ...ip(`removes the tap ${name}`, [gone(name)]), undo: [former.action] }, ...made];
}

/** Its settings and its mark, live; no step where they stand there. */
function changedTap(name: string, { link, state }: TapHere, want: TapOfPort, mark: string): Plan {
    const change = settings(want, mark, state);
    if (link.up && link.alias === mark && change.join(" ") === settings(state, mark, want).join(" ")) return [];
    const former = settings(state, formerAlias({ link }), want);
    return [ip(`sets the tap ${name} up`, [setLink(name, ...change)], [setLink(name, ...former)])];
}

/** What stood as its mark, where it can be put back: a batch clears none, and writes none that somebody has put in many words. */
const formerAlias = ({ link: { alias } }: Pick<TapHere, "link">): string | undefined =>
    alias !== undefined && isWord(alias) ? alias : undefined;
