/** The MTU of a link that the switch makes: the one asked for, else the smallest of its bridge. */
import type { Host } from "../host";
import { numberOf, textOf } from "../host/ovsdb/columns";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { untilTold } from "../host/until-told";
import { ovsdb, type Plan } from "../plan";
import { typeOf } from "./ovs-port-rows";
import { changedRow } from "./ovs-port-change";

/** What Open vSwitch takes where nothing on a bridge has an MTU of its own. */
const USUAL_MTU = 1500;

/**
 * Before nothing is asked of links any more. Open vSwitch reckons a bridge's smallest MTU anew only when a port that counts
 * comes, goes or changes (ofproto/ofproto.c, update_mtu), and one that is no longer asked does not count: the former request
 * would stay in force. So the links are first asked for what they are then to follow.
 */
export function unasked(view: Replica, bridge: Seen, links: readonly Seen[]): Plan {
    const asked = links.filter((link) => numberOf(link.mtu_request) !== undefined && follows(bridge, link));
    if (asked.length === 0) return [];
    const mtu = smallestMtu(view, bridge, asked);
    const changes = asked.map((link) => changedRow("Interface", link, { columns: { mtu_request: [mtu] }, keys: {} }));
    return [
        ovsdb(
            `gives ${asked.length} links of ${String(bridge.name)} the MTU ${mtu}`,
            changes.flatMap(({ operations }) => operations),
            changes.flatMap(({ undo }) => undo),
        ),
    ];
}

/** Waits until the switch tells of these links the MTU that they are asked to have; one that cannot have it is told as it is. */
export const untilMtuTold = (host: Host, links: readonly string[]): Promise<void> =>
    untilTold(host, (view) =>
        links.every((link) => {
            const row = view.byName("Interface", link);
            const [asked, mtu] = [numberOf(row?.mtu_request), numberOf(row?.mtu)];
            return asked === undefined || mtu === undefined || mtu === asked;
        }),
    );

/** Who else asks may be about to ask no more; where one goes on, the switch itself comes down to what it asks for. */
function smallestMtu(view: Replica, bridge: Seen, but: readonly Seen[]): number {
    const left = new Set(but.map(({ _uuid }) => _uuid[1]));
    const links = view.interfacesOn(bridge).filter((link) => !left.has(link._uuid[1]));
    const own = links.filter((link) => !follows(bridge, link)).flatMap(({ mtu }) => numberOf(mtu) ?? []);
    if (own.length > 0) return Math.min(...own);
    return Math.max(USUAL_MTU, ...links.flatMap(({ mtu_request: asked }) => numberOf(asked) ?? []));
}

/** A userspace datapath makes internal ports as taps, and takes its own taps for such. */
const follows = (bridge: Seen, link: Seen): boolean =>
    ["internal", "patch", ...(textOf(bridge.datapath_type) === "netdev" ? ["tap"] : [])].includes(typeOf(link));
