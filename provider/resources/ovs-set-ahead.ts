/** Other VLANs for ports of a set that stand: what the switch's rows alone decide, and no link of the host. */
import type { OvsPortSet, PortOfSet } from "../../schemas/ovs-port-set";
import type { Host } from "../host";
import { readWays } from "../host/operator-ways";
import { keyOf } from "../host/ovsdb/columns";
import type { Replica } from "../host/ovsdb/replica";
import { OWNER_KEY } from "../owner";
import type { Plan } from "../plan";
import type { Own } from "../resource";
import { sameValue } from "../wire";
import { isGuarded } from "./ovs-ingress";
import { losesVlans } from "./ovs-port-path";
import { interfacesOf, portState } from "./ovs-port-rows";
import type { Member } from "./ovs-set-here";
import { itemsOf } from "./ovs-set-items";
import { rowStep } from "./ovs-set-rows";
import { NOTHING_IN_FORCE } from "./table-zero";

/** How a port treats frames: these say nothing of its link, nor does a link of them. */
const OF_FRAMES = ["vlanMode", "tag", "trunks", "cvlans", "protected"] as const satisfies (keyof PortOfSet)[];

/**
 * The change of a set in which nothing else differs from what state knows; empty where something does, where a port does
 * not stand as ours, or where somebody who works on the host may be cut off. Listing the links of a host with 1,000 ports takes as long as half of this change.
 */
export async function framesAhead(
    host: Host,
    want: OvsPortSet,
    { mark, known, formerMark }: Own<OvsPortSet>,
): Promise<Plan> {
    const others =
        known && formerMark === mark && known.bridge === want.bridge && framesDiffer(known.ports, want.ports);
    if (!others) return [];
    const view = await host.switch();
    const members = new Map<string, Member>();
    let mayCut = false;
    for (const [name, port] of others) {
        const member = ownMember(view, want.bridge, name, mark);
        if (!member?.rows) return [];
        members.set(name, member);
        // Somebody may have given it other VLANs than state knows.
        mayCut ||= !port.tap && losesVlans(portState(view, member.rows, NOTHING_IN_FORCE, known.ports[name]), port);
    }
    // Whether a connection runs over one of them is told by the host's links.
    if (mayCut && (await readWays(host)).length > 0) return [];
    const { items } = await itemsOf(host, view, want.bridge, others, members, mark);
    return rowStep(want.bridge, items, []);
}

/** The ports that differ in how they treat frames; undefined where anything else differs. */
function framesDiffer(was: OvsPortSet["ports"], want: OvsPortSet["ports"]): [string, PortOfSet][] | undefined {
    const all = Object.entries(want);
    if (all.length !== Object.keys(was).length) return undefined;
    const others: [string, PortOfSet][] = [];
    for (const [name, port] of all) {
        const former = was[name];
        if (!former) return undefined;
        if (sameValue(former, port)) continue;
        if (!sameValue(rest(former), rest(port)) || needsMore(port)) return undefined;
        others.push([name, port]);
    }
    return others;
}

/** What an update does beside the rows: flows, and setting up the links that the switch made. */
const needsMore = ({ type, ingress, portSecurity }: PortOfSet): boolean =>
    type === "internal" || type === "tap" || ingress !== undefined || portSecurity !== undefined;

const rest = (port: PortOfSet): PortOfSet => ({
    ...port,
    ...Object.fromEntries(OF_FRAMES.map((key) => [key, undefined])),
});

/** A port that stands on the bridge as ours, as far as the switch tells; undefined where flows hold something of it. */
function ownMember(view: Replica, bridge: string, name: string, mark: string): Member | undefined {
    const port = view.byName("Port", name);
    const holder = port && view.holderOf(port);
    if (!port || keyOf(port.external_ids, OWNER_KEY) !== mark || holder?.name !== bridge || isGuarded(port))
        return undefined;
    return {
        name,
        rows: { port, links: interfacesOf(view, port) },
        holder,
        marked: true,
        unshaped: false,
        unpoliced: false,
        unheard: false,
    };
}
