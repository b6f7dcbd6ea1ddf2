/**
 * OpenFlow numbers that ports ask for. Open vSwitch gives a new port another number where the one that it asks for is taken,
 * and changes the two at the next occasion, whatever that is; both are away for a moment, and the link of one that the switch
 * makes is made anew. Only where both ask for the same number does it leave them (bridge_delete_or_reconfigure_ports in
 * vswitchd/bridge.c).
 */
import { HostError, shownName } from "../host/errors";
import { keyOf, numberOf } from "../host/ovsdb/columns";
import { present } from "../host/ovsdb/operations";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { OWNER_KEY, sameStack } from "../owner";
import { ovsdb, type Plan } from "../plan";
import { isGuarded } from "./ovs-ingress";
import { namesOf } from "./port-names";

/** A port as far as numbers go. */
interface Asking {
    name: string;
    ofportRequest?: number;
}

/** What a port takes by asking for a number. */
export const numberClaim = (bridge: string, asked: number | undefined): string[] =>
    asked === undefined ? [] : [`OpenFlow number ${asked} of ${bridge}`];

/** A link of a bridge that has the number which another asks for, and its port. */
interface Holder {
    port: Seen;
    link: Seen;
}

/** Who has each number on a bridge; nobody is looked for where nobody asks for one. */
function holdersOn(view: Replica, bridge: string, asking: readonly Asking[]): ReadonlyMap<number, Holder> {
    const holders = new Map<number, Holder>();
    if (asking.every(({ ofportRequest }) => ofportRequest === undefined)) return holders;
    for (const port of view.referred("Port", view.byName("Bridge", bridge)?.ports))
        for (const link of view.referred("Interface", port.interfaces))
            holders.set(numberOf(link.ofport) ?? -1, { port, link });
    return holders;
}

/** Those that ask for a number that another port has. */
function inTheWay(view: Replica, bridge: string, asking: readonly Asking[]) {
    const holders = holdersOn(view, bridge, asking);
    return asking.flatMap(({ name, ofportRequest: ofport }) => {
        const holder = ofport === undefined ? undefined : holders.get(ofport);
        return holder && ofport !== undefined && holder.link.name !== name ? [{ name, ofport, holder }] : [];
    });
}

/** Whether the switch would give it another number. */
const givesWay = ({ link }: Holder): boolean => numberOf(link.ofport_request) !== numberOf(link.ofport);

/**
 * Before ports get a number that another port has and would lose: what holds a port by flows hangs on its number, and ports
 * of others are theirs.
 *
 * @param mark  of the resource of those that ask
 * @param anew  ports that get a number of their own with the same change
 * @throws HostError conflict with every such number
 */
export function refuseDisplaced(
    view: Replica,
    subject: string,
    bridge: string,
    asking: readonly Asking[],
    mark: string,
    anew: ReadonlySet<string> = new Set(),
): void {
    const held = inTheWay(view, bridge, asking).flatMap(({ name, ofport, holder }) => {
        if (!givesWay(holder) || anew.has(String(holder.port.name))) return [];
        const isOurs = sameStack(keyOf(holder.port.external_ids, OWNER_KEY), mark);
        if (isOurs && !isGuarded(holder.port)) return [];
        const why = isOurs ? "which its ingress limit or portSecurity hangs on" : "which is somebody else's port";
        return [`${name} asks for ${ofport} of the port ${shownName(String(holder.port.name))}, ${why}`];
    });
    if (held.length === 0) return;
    throw new HostError(
        "conflict",
        subject,
        `Open vSwitch would take OpenFlow numbers from other ports: ${held.join("; ")}`,
        "Nothing was changed. Choose another ofportRequest, or leave it out; a port keeps its number where it asks for that itself.",
    );
}

/**
 * After ports are plugged: those whose number another port has get it with the next change, be it an empty one, or once a
 * change of the same moment has given that another.
 */
export function renumbered(view: Replica, bridge: string, asking: readonly Asking[]): Plan {
    const late = inTheWay(view, bridge, asking);
    if (late.length === 0) return [];
    const told = late.map(({ name, ofport }) => ({ link: name, ofport }));
    return [{ ...ovsdb(`has OpenFlow numbers changed for ${namesOf(late)}`, [present("Bridge", bridge)]), told }];
}

/** Whether the switch has taken a link up at another number than the one asked for. */
export function isMisnumbered(link: Seen | undefined): boolean {
    const [asked, has] = [numberOf(link?.ofport_request), numberOf(link?.ofport) ?? -1];
    return asked !== undefined && has > 0 && has !== asked;
}

/** What is wrong with the number of a link; undefined where nothing is. */
export function numberFault(view: Replica, bridge: string, link: Seen | undefined): string | undefined {
    if (!link || !isMisnumbered(link)) return undefined;
    const asked = numberOf(link.ofport_request) as number;
    const [{ holder } = {}] = inTheWay(view, bridge, [{ name: String(link.name), ofportRequest: asked }]);
    const whose = holder ? `, which the port ${shownName(String(holder.port.name))} has` : "";
    return `its OpenFlow number is ${numberOf(link.ofport)} and not ${asked}${whose}`;
}
