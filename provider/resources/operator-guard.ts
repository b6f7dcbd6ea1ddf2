/**
 * Nobody who works on a host from elsewhere is cut off by a change of ours without being told so: what would take a link,
 * a route or an address from their connection is refused before anything is changed. Judgement is apart from reading.
 */
import { isV6, isWithin, lengthOf, networkOf } from "../../schemas/ip-text";
import type { Host } from "../host";
import { readAddresses, type AddressSeen } from "../host/addresses";
import { HostError } from "../host/errors";
import type { Way } from "../host/lookup";
import { readMacs } from "../host/neighbors";
import { readWays, usualPath } from "../host/operator-ways";
import { connectionText } from "../host/operators";

/** Links seen no longer ago than this [ms] tell which taps are open. */
const FRESH_MS = 1_000;

/** What was declared, as far as it says that it may. */
export interface Told {
    takesOperatorPath?: boolean | undefined;
}

/** What state keeps of it: the host has no place for it. */
export const permissionOf = (known: Told | undefined): { takesOperatorPath?: boolean } =>
    known?.takesOperatorPath === undefined ? {} : { takesOperatorPath: known.takesOperatorPath };

/** A route as far as it decides over others. */
export interface Direction {
    destination: string;
    metric: number;
    /** Absent where the link decides it, as for the network of an address: one in a VRF has the VRF's. */
    table?: string;
    link?: string | undefined;
    gateway?: string | undefined;
    /** It stands behind one alike, as the route of an IPv4 address does (fib_add_ifaddr in net/ipv4/fib_frontend.c). */
    last?: boolean;
}

/** An address that goes. */
export interface Going {
    link: string;
    address: string;
    peer?: string | undefined;
    /** Whether its network has a route by it. */
    prefixRoute: boolean;
}

/** @param into what they are plugged into, for the sentence: `the bridge br0` @throws HostError refused */
export async function keepLinks(
    host: Host,
    subject: string,
    told: Told,
    links: readonly string[],
    into: string,
): Promise<void> {
    const { asked, way } = await wayOver(host, told, links);
    if (way) throw linkKept(subject, way, asked, into, await readAddresses(host));
}

/**
 * Before what carries an operator's connection goes.
 *
 * @param change what that is to its link @throws HostError refused
 */
export async function keepPlugged(
    host: Host,
    subject: string,
    told: Told,
    links: readonly string[],
    change = "which is to be unplugged",
): Promise<void> {
    const { asked, way } = await wayOver(host, told, links);
    if (way) throw kept(subject, `${runsOver(way, asked)}, ${change}`, `${SAY_FIRST} or connect over another link.`);
}

/** Before links that carry an operator's connection change, such as `which is to carry other VLANs`. @throws HostError refused */
export async function keepCarried(
    host: Host,
    subject: string,
    told: Told,
    links: readonly string[],
    change: string,
): Promise<void> {
    const { asked, way } = await wayOver(host, told, links);
    if (way) throw kept(subject, `${runsOver(way, asked)}, ${change}`, `${SAY_THAT}, or connect over another link.`);
}

/**
 * Before links lose what a connection needs.
 *
 * @param isHit  whether a connection that goes this way is concerned
 * @param change what that is to its link  @param goes whether the resource that says so goes @throws HostError refused
 */
export async function keepOver(
    host: Host,
    subject: string,
    told: Told,
    isHit: (way: Way) => boolean,
    change: string,
    goes: boolean,
): Promise<void> {
    if (told.takesOperatorPath) return;
    const way = (await readWays(host)).find(isHit);
    if (way)
        throw kept(
            subject,
            `${connection(way)} goes over ${way.links.join(", ")}, ${change}`,
            goes ? `${SAY_FIRST} or connect in another way.` : `${SAY_THAT}, or connect in another way.`,
        );
}

/** Before a route, or a network that an address brings, leads elsewhere what goes to an operator. @throws HostError refused */
export async function keepDirection(host: Host, subject: string, told: Told, route: Direction): Promise<void> {
    if (told.takesOperatorPath) return;
    const way = divertedFrom(await readWays(host), route);
    if (way)
        throw kept(
            subject,
            `${connection(way)} goes over ${way.links.join(", ")} and would be led over ${route.link ?? route.gateway ?? "nothing"} by the route to ${route.destination}`,
            `${SAY_THAT}, or choose another network or metric.`,
        );
}

/** Before a route goes by which packets go to an operator. @throws HostError refused */
export async function keepRoute(host: Host, subject: string, told: Told, route: Direction): Promise<void> {
    if (told.takesOperatorPath) return;
    const way = (await readWays(host)).find(
        ({ destination, metric, table }) =>
            destination === route.destination && metric === route.metric && isIn(route, table),
    );
    if (way)
        throw kept(
            subject,
            `${connection(way)} goes by this route, over ${way.links.join(", ")}`,
            `${SAY_FIRST} or connect over another link.`,
        );
}

/** Before an address goes to which an operator is connected. @throws HostError refused */
export async function keepAddress(
    host: Host,
    subject: string,
    told: Told,
    { link, address }: Pick<AddressSeen, "link" | "address">,
): Promise<void> {
    if (told.takesOperatorPath) return;
    const ways = await readWays(host);
    const way = ways.length > 0 ? readdressed(ways, address, await readAddresses(host)) : undefined;
    if (way)
        throw kept(
            subject,
            `${connection(way)} is to this address of ${link}`,
            `${SAY_FIRST} or connect to another address.`,
        );
}

/** Before the host has an operator's own address, to which its packets then go no further. @throws HostError refused */
export async function keepPeer(host: Host, subject: string, told: Told, address: string): Promise<void> {
    if (told.takesOperatorPath) return;
    const way = (await readWays(host)).find(({ operator }) => operator.peer === localOf(address));
    const isOwn = way && (await readAddresses(host)).some((one) => localOf(one.address) === localOf(address));
    if (way && !isOwn)
        throw kept(
            subject,
            `${connection(way)} comes from this address, which would be the host's own`,
            `${SAY_THAT}, or choose another address.`,
        );
}

/** A sentence for each way whose router's address the host is to have, too. */
export async function routerCautions(
    host: Host,
    told: Told,
    { link, address }: Pick<AddressSeen, "link" | "address">,
): Promise<string[]> {
    if (told.takesOperatorPath) return [];
    return (await readWays(host))
        .filter(({ gateway }) => gateway === localOf(address))
        .map(
            (way) =>
                `${connection(way)} goes by the router ${way.gateway}, whose address ${link} gets: have another way to the host.`,
        );
}

/** An address without its prefix length. */
const localOf = (address: string) => address.split("/")[0];

/** Before an address goes that brings the route by which packets go to an operator. @throws HostError refused */
export async function keepNetwork(host: Host, subject: string, told: Told, going: Going): Promise<void> {
    if (told.takesOperatorPath) return;
    const ways = await readWays(host);
    const way = ways.length > 0 ? unrouted(ways, going, await readAddresses(host)) : undefined;
    if (way)
        throw kept(
            subject,
            `${connection(way)} goes over ${way.links.join(", ")} by the route to ${way.destination}, which goes with this address`,
            `${SAY_FIRST} or give ${going.link} another address of that network.`,
        );
}

/**
 * Before the next to whom packets go on their way to an operator has another MAC address than the host knows.
 *
 * @param entry one without `mac` is for what others ask @throws HostError refused
 */
export async function keepNeighbor(
    host: Host,
    subject: string,
    told: Told,
    { link, address, mac }: { link: string; address: string; mac?: string | undefined },
): Promise<void> {
    if (told.takesOperatorPath || mac === undefined) return;
    const way = (await readWays(host)).find(
        ({ operator, links, gateway }) => links.includes(link) && (gateway ?? operator.peer) === address,
    );
    if (!way) return;
    const known = (await readMacs(host)).get(`${link} ${address}`);
    if (known === undefined || known === mac) return;
    throw kept(
        subject,
        `${connection(way)} goes over ${link} to ${address}, whose MAC address is ${known} and would be ${mac}`,
        `${SAY_THAT}, or correct mac.`,
    );
}

/** A sentence for each of these links by which the host is usually reached, where nobody is connected to it now. */
export async function pathCautions(host: Host, told: Told, links: readonly string[], into: string): Promise<string[]> {
    const asked = await questioned(host, told, links);
    if (asked.length === 0) return [];
    const path = await usualPath(host);
    return asked
        .filter((link) => path.has(link))
        .map(
            (link) =>
                `${link} carries the default route of ${host.where}, and is plugged into ${into}: if you reach the host over it, have another way to it.`,
        );
}

/** The links of these that may be part of somebody's way, and the first way that one of them is part of. */
async function wayOver(host: Host, told: Told, links: readonly string[]): Promise<{ asked: string[]; way?: Way }> {
    const asked = await questioned(host, told, links);
    const way = asked.length > 0 ? takenFrom(await readWays(host), asked) : undefined;
    return { asked, ...(way ? { way } : {}) };
}

/** The links that may be part of somebody's way: a tap that nobody has opened, as before its guest starts, passes nothing. */
async function questioned(host: Host, told: Told, links: readonly string[]): Promise<string[]> {
    if (told.takesOperatorPath || links.length === 0) return [];
    const there = await host.at({ maxAgeMs: FRESH_MS }).links();
    return links.filter((name) => {
        const link = there.get(name);
        return link?.tap === undefined || link.flags.includes("LOWER_UP");
    });
}

/** The first way that one of the links is part of. */
export const takenFrom = (ways: readonly Way[], links: readonly string[]): Way | undefined =>
    ways.find(({ path }) => links.some((link) => path.has(link)));

/** The first way that a new route would replace: it is more specific, or as specific and preferred, and leads elsewhere. */
export const divertedFrom = (ways: readonly Way[], route: Direction): Way | undefined =>
    ways.find(
        (way) =>
            isIn(route, way.table) &&
            isWithin(way.operator.peer, route.destination) &&
            wins(route, way) &&
            !leadsAlike(route, way),
    );

/** A route in another table than theirs decides nothing over them, whatever it leads to. */
const isIn = ({ table = "" }: Direction, theirs: string) => table === "" || table === theirs;

function wins(route: Direction, way: Way): boolean {
    const more = lengthOf(route.destination) - lengthOf(way.destination);
    return more > 0 || (more === 0 && (route.last ? route.metric < way.metric : route.metric <= way.metric));
}

/** Over the same link, and by the same router where there is one. */
const leadsAlike = ({ link, gateway }: Direction, way: Way): boolean =>
    gateway === way.gateway &&
    (link === undefined ? gateway !== undefined : way.links.length === 1 && way.links[0] === link);

/** The first way whose operator is connected to an address that the host has nowhere else, in no other length either. */
export function readdressed(
    ways: readonly Way[],
    address: string,
    addresses: readonly Pick<AddressSeen, "address">[],
): Way | undefined {
    const local = localOf(address);
    const held = addresses.filter((one) => localOf(one.address) === local);
    return held.length > 1 ? undefined : ways.find(({ operator }) => operator.local === local);
}

/**
 * The first way whose route goes with an address: that of its network, where no other address brings it on that link,
 * and all of IPv4 with the last of a link (fib_disable_ip in net/ipv4/fib_frontend.c).
 */
export function unrouted(
    ways: readonly Way[],
    { link, address, peer, prefixRoute }: Going,
    addresses: readonly Pick<AddressSeen, "link" | "address" | "peer" | "flags">[],
): Way | undefined {
    const others = addresses.filter(
        (one) =>
            one.link === link && !(one.address === address && one.peer === peer) && isV6(one.address) === isV6(address),
    );
    const network = routedBy({ address, peer });
    const brought = prefixRoute && !others.some((one) => !one.flags.has("noprefixroute") && routedBy(one) === network);
    const isLast = !isV6(address) && others.length === 0;
    return ways.find(
        (way) =>
            (brought && way.destination === network && way.links.length === 1 && way.links[0] === link) ||
            (isLast && !isV6(way.operator.peer) && way.links.includes(link)),
    );
}

/**
 * The network to which an address brings a route. With a peer that is the peer's network for IPv4; for IPv6 still its own,
 * beside a route to the peer alone (inet6_addr_add in net/ipv6/addrconf.c).
 */
export const routedBy = ({ address, peer }: { address: string; peer?: string | undefined }): string =>
    networkOf(peer === undefined || isV6(address) ? address : `${peer}/${lengthOf(address)}`);

/** The refusal to take links, with what else would stop working. */
export function linkKept(
    subject: string,
    way: Way,
    links: readonly string[],
    into: string,
    addresses: readonly Pick<AddressSeen, "link" | "address" | "scope">[],
): HostError {
    const own = addresses.filter(({ link, scope }) => link === linkOn(way, links) && scope === "global");
    const lost =
        own.length > 0 ? `; its ${own.map(({ address }) => address).join(" and ")} would stop working there` : "";
    return kept(
        subject,
        `${runsOver(way, links)}, which is to be plugged into ${into}${lost}`,
        `${SAY_THAT}, or use another link.`,
    );
}

export const SAY_THAT = "Set takesOperatorPath: true if that is meant and you have another way to the host";

/** A resource that goes takes its last word with it, so it is told before. */
export const SAY_FIRST =
    "Set takesOperatorPath: true on it and run `pulumi up` before it is removed, if you have another way to the host,";

export const connection = ({ operator }: Way) => connectionText(operator);

const linkOn = ({ path }: Way, links: readonly string[]) => links.find((name) => path.has(name)) ?? "";

function runsOver(way: Way, links: readonly string[]): string {
    const link = linkOn(way, links);
    const carried = way.links.includes(link) ? "" : ` (part of its way over ${way.links.join(", ")})`;
    return `${connection(way)} runs over the link ${link}${carried}`;
}

export const kept = (subject: string, fact: string, next: string) =>
    new HostError("refused", subject, `${fact}, so nothing was changed`, next);
