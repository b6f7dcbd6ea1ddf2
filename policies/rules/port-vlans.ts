/** Which VLANs pass an Open vSwitch port (ovs-vswitchd.conf.db(5), Port: VLAN Configuration). */
import { known } from "../known";
import type { StackPort } from "../stack";

/** First and last VLAN. */
export type VlanRange = readonly [number, number];

/** VLAN mode as Open vSwitch takes it where nobody says. @throws NotKnown */
export function modeOf({ vlanMode, tag }: StackPort): string {
    return known(vlanMode) ?? (known(tag) === undefined ? "trunk" : "access");
}

/** Those that a port passes; undefined is every one, as of a port that could list some and lists none. @throws NotKnown */
export function vlansOf(port: StackPort): VlanRange[] | undefined {
    const mode = modeOf(port);
    const tag = known(port.tag);
    const own: VlanRange[] = tag === undefined ? [] : [[tag, tag]];
    // What enters a dot1q-tunnel is inside its service VLAN, whatever VLANs customers have.
    if (mode === "access" || mode === "dot1q-tunnel") return own;
    const listed = known(port.trunks).map(rangeOf);
    if (listed.length === 0) return undefined;
    return mode === "trunk" ? listed : [...listed, ...own];
}

/** A file may list what our schema does not take, such as VLAN 0 for frames that have a priority alone. */
function rangeOf(entry: unknown): VlanRange {
    const [from = 0, to = from] = String(entry).split("-").map(Number);
    return [from, to];
}

/** @param vlans undefined is every VLAN */
export const isAmong = (vlans: readonly VlanRange[] | undefined, vlan: number): boolean =>
    vlans === undefined || vlans.some(([from, to]) => vlan >= from && vlan <= to);

/** Those that pass both of two ports. */
export function passingBoth(a: VlanRange[] | undefined, b: VlanRange[] | undefined): VlanRange[] | undefined {
    if (!a || !b) return a ?? b;
    return a.flatMap(([from, to]) =>
        b.flatMap(([first, last]): VlanRange[] => {
            const [low, high] = [Math.max(from, first), Math.min(to, last)];
            return low <= high ? [[low, high]] : [];
        }),
    );
}
