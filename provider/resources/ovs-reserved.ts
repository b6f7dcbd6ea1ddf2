/**
 * OpenFlow numbers of ports that flows of ours hold: what holds a port hangs on its number. A port whose device goes and comes
 * back gets another one where it asks for none, and somebody else may get the former; so it asks for one that is given to
 * nobody else. One that is there keeps the number that it has, since flows of others may name it, until it is plugged anew.
 * A link that the switch makes does not come back by itself.
 */
import { createHash } from "node:crypto";
import type { IngressLimit, PortSecurity } from "../../schemas/ovs-port-parts";
import type { Host } from "../host";
import type { Ovsdb } from "../host/ovsdb/client";
import { keyOf, numberOf } from "../host/ovsdb/columns";
import { FIRST_RESERVED, requestOf } from "../host/ovsdb/numbers";
import { NUMBER_KEY } from "../host/pipeline";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { isGuarded, isHeldByFlows } from "./ovs-ingress";
import { isMadeBySwitch } from "./ovs-link-up";
import { isShut } from "./ovs-plugged-shut";
import type { PortRows } from "./ovs-rows";

/** A port as far as this goes. */
interface Asking {
    name: string;
    type?: string;
    ofportRequest?: number;
    ingress?: IngressLimit;
    portSecurity?: PortSecurity;
    isNumbered?: true;
}

/** How many numbers there are from the first one on: the last is 65279 (OFPP_MAX, OpenFlow 1.0). */
const COUNT = 65280 - FIRST_RESERVED;

/** Numbers that this run has given to ports, whose rows others that are planned at the same moment do not see: `BRIDGE NUMBER`. */
const given = new WeakMap<Ovsdb, Map<string, string>>();

/** Ports of a bridge, each with a number to ask for where flows are to hold it and nobody has declared one. */
export function numbered<Port extends Asking>(
    host: Host,
    view: Replica,
    bridge: string,
    ports: readonly Port[],
): readonly Port[] {
    const row = view.byName("Bridge", bridge);
    const isToAsk = (port: Port) =>
        port.ofportRequest === undefined && !isMadeBySwitch(port) && isHeldByFlows(row, port);
    if (!ports.some(isToAsk)) return ports;
    const links = new Set(view.interfacesOn(row));
    const taken = takenBy(links, ports);
    const names = given.get(host.ovsdb) ?? new Map<string, string>();
    given.set(host.ovsdb, names);
    return ports.map((port) => {
        if (!isToAsk(port)) return port;
        const { name } = port;
        const link = view.byName("Interface", name);
        const there = view.byName("Port", name);
        const isHeld = there !== undefined && isGuarded(there);
        for (const number of candidates(name, link && links.has(link) ? link : undefined, isHeld)) {
            const key = `${bridge} ${number}`;
            if ((taken.get(number) ?? name) !== name || (names.get(key) ?? name) !== name) continue;
            names.set(key, name);
            taken.set(number, name);
            return { ...port, ofportRequest: number, isNumbered: true };
        }
        return port;
    });
}

/** Who is to have each number, or else has it. */
function takenBy(links: Iterable<Seen>, ports: readonly Asking[]): Map<number, string> {
    const taken = new Map<number, string>();
    const take = (number: number | undefined, name: unknown) => number !== undefined && taken.set(number, String(name));
    for (const link of links) take(numberOf(link.ofport), link.name);
    for (const link of links) take(requestOf(link), link.name);
    for (const { name, ofportRequest } of ports) take(ofportRequest, name);
    return taken;
}

/**
 * Numbers for a port, the best first: its own, then always the same of its name.
 *
 * @param link   its row on this bridge; undefined where it comes there
 * @param isHeld whether flows hold it already: at another number than it has, where it does not ask for that
 */
function* candidates(name: string, link: Seen | undefined, isHeld: boolean): Generator<number> {
    const [asked, has = -1] = [requestOf(link), numberOf(link?.ofport)];
    if (has > 0 && (!isHeld || has === asked)) yield has;
    for (const number of [asked, has]) if (number !== undefined && number >= FIRST_RESERVED) yield number;
    const first = createHash("sha256").update(name).digest().readUInt32BE();
    for (let more = 0; more < COUNT; more++) yield FIRST_RESERVED + ((first + more) % COUNT);
}

/** The number that somebody has declared for a port. */
export function declaredRequest(port: Seen, link: Seen | undefined): number | undefined {
    const asked = requestOf(link);
    return keyOf(port.external_ids, NUMBER_KEY) === String(asked) ? undefined : asked;
}

/** Whether a port keeps the number that it has. @param asked the one that it is to ask for */
export const keepsNumber = (link: Seen | undefined, asked: number | undefined): boolean =>
    requestOf(link) === asked || (asked !== undefined && numberOf(link?.ofport) === asked);

/** Whether flows hold a port at a number that it may lose to others. */
export const isLoose = ({ port, links: [link] }: PortRows): boolean =>
    link !== undefined && isGuarded(port) && !isMadeBySwitch(link) && !isShut(link) && requestOf(link) === undefined;

export const LOOSE =
    "it asks for no OpenFlow number, and its portSecurity or ingress limit hangs on the one that it has: when its device comes back, it gets another, where they do not hold it";
