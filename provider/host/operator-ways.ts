/** Over which links those who work on a host are connected to it: by its routes and by what carries what, as they are at that moment. */
import { addressText, isV6, networkText } from "../../schemas/ip-text";
import { tableText } from "../../schemas/routing-table";
import { defaultLinks, isTunnel, readCarriers } from "./carriers";
import { HostError } from "./errors";
import type { Host } from "./index";
import type { Link } from "./links";
import type { Operator, Way } from "./lookup";
import { readOperators } from "./operators";
import { keyOf, textOf } from "./ovsdb/columns";
import type { Replica } from "./ovsdb/replica";
import type { Place } from "./place";
import { askRoutes, linksOfAnswer, type RouteAnswer } from "./route-get";
import { usualMetric } from "./routes";
import { Snapshot } from "./snapshot";

/** Links by the name of what they belong to. */
type Named = ReadonlyMap<string, readonly string[]>;

/** Its number among the protocols inside IP (IANA). */
const TCP = 6;

const allWays = new WeakMap<Place, Snapshot<Way[]>>();

/** The ways, as they are now, to all who work on the host; one who cannot be reached has none. One look serves all who ask meanwhile. */
export function readWays(host: Host): Promise<Way[]> {
    let snapshot = allWays.get(host.place);
    if (!snapshot) {
        const anew = host.at({ maxAgeMs: 0, readSince: Infinity });
        allWays.set(host.place, (snapshot = new Snapshot(() => lookForWays(anew))));
    }
    return snapshot.get();
}

async function lookForWays(host: Host): Promise<Way[]> {
    const operators = await readOperators(host);
    if (operators.length === 0) return [];
    const [answers, links] = await Promise.all([askRoutes(host, operators.map(questionOf)), host.links()]);
    const ways = operators.flatMap((operator, index) => {
        const answer = answers[index];
        return answer ? [wayOf(operator, answer)] : [];
    });
    const paths = await pathsOf(
        host,
        links,
        ways.map((way) => way.links),
    );
    return ways.map((way, index) => ({ ...way, path: paths[index] ?? new Set() }));
}

const questionOf = ({ peer, local, device, port, peerPort, mark }: Operator): string =>
    [
        ...[peer, "from", local],
        ...(device === undefined ? [] : ["oif", device]),
        ...(port > 0 && peerPort > 0 ? ["ipproto", TCP, "sport", port, "dport", peerPort] : []),
        ...(mark === undefined ? [] : ["mark", mark]),
    ].join(" ");

/** The path over each of these, as the links are now. */
async function pathsOf(
    host: Host,
    links: ReadonlyMap<string, Link>,
    starts: readonly (readonly string[])[],
): Promise<Set<string>[]> {
    const carriers = await carriersOf(host, links, starts.flat());
    const switched = await switchedLinks(host, links, [...starts, ...carriers.values()].flat());
    return starts.map((own) => pathOver(own, links, switched, carriers));
}

/** What carries the tunnels of a path, and those that carry these. */
async function carriersOf(host: Host, links: ReadonlyMap<string, Link>, starts: readonly string[]): Promise<Named> {
    const carriers = new Map<string, readonly string[]>();
    for (;;) {
        const path = [...pathOver(starts, links, new Map(), carriers)].flatMap((name) => links.get(name) ?? []);
        const open = path.filter((link) => isTunnel(link) && !carriers.has(link.name));
        if (open.length === 0) return carriers;
        for (const [name, below] of await readCarriers(host, open)) carriers.set(name, below);
    }
}

/** Seen no longer ago than this [ms], the usual path need not be looked at again: it is advice. */
const FRESH_MS = 1_000;

const usualPaths = new WeakMap<Place, Snapshot<ReadonlySet<string>>>();

/** The path of the default routes, where no way to anybody is known; empty where one is, but by a tap: that may be a VPN's. */
export function usualPath(host: Host): Promise<ReadonlySet<string>> {
    let snapshot = usualPaths.get(host.place);
    if (!snapshot) usualPaths.set(host.place, (snapshot = new Snapshot(() => readUsualPath(host))));
    return snapshot.get(FRESH_MS);
}

async function readUsualPath(host: Host): Promise<ReadonlySet<string>> {
    const links = await host.links();
    const isByTap = (way: Way) => way.links.some((name) => links.get(name)?.tap);
    if (!(await readWays(host)).every(isByTap)) return new Set();
    const [path] = await pathsOf(host, links, [await defaultLinks(host)]);
    return path ?? new Set();
}

function wayOf(operator: Operator, answer: RouteAnswer) {
    const { dst, gateway, metric, table } = answer;
    const v6 = isV6(operator.peer);
    return {
        operator,
        links: linksOfAnswer(answer),
        destination: dst === "default" ? (v6 ? "::/0" : "0.0.0.0/0") : (networkText(dst) ?? dst),
        metric: metric ?? usualMetric(v6),
        table: tableText(table) ?? table,
        ...(gateway === undefined ? {} : { gateway: addressText(gateway) ?? gateway }),
    };
}

/**
 * The links of a route with all that carries them (the link of a VLAN, members of a bond, ports of a bridge or of a
 * switch, what a tunnel goes by) and all that they are plugged into. Taps of a bridge lead to guests, and other links of a switch's own to the host
 * itself; both are left out.
 *
 * @param switched of each port of an Open vSwitch bridge the links of that bridge and of those patched to it
 * @param carriers of each tunnel the links by which its outer packets leave
 */
export function pathOver(
    starts: readonly string[],
    links: ReadonlyMap<string, Link>,
    switched: Named,
    carriers: Named = new Map(),
): Set<string> {
    const below = reachedFrom(starts, (name) => {
        const link = links.get(name);
        const ports = link?.kind === "vrf" ? [] : [...links.values()].filter(({ master }) => master === name);
        const carried = [link?.parent ?? "", ...(carriers.get(name) ?? [])];
        return [...carried, ...[...ports, ...linksNamed(switched.get(name))].filter(leadsOut).map(nameOf)];
    });
    const above = reachedFrom(starts, (name) => [links.get(name)?.master ?? ""]);
    return new Set([...below, ...above]);

    function linksNamed(names: readonly string[] = []): Link[] {
        return names.flatMap((name) => links.get(name) ?? []);
    }
}

/** A link that the switch makes ends on the host, unless it is plugged in once more. */
const leadsOut = ({ tap, kind, master }: Link) => tap === undefined && (kind !== "openvswitch" || master !== undefined);
const nameOf = ({ name }: Link) => name;

function reachedFrom(starts: readonly string[], next: (name: string) => string[]): Set<string> {
    const reached = new Set<string>();
    for (const open = [...starts]; open.length > 0;) {
        const name = open.pop() ?? "";
        if (name === "" || reached.has(name)) continue;
        reached.add(name);
        open.push(...next(name));
    }
    return reached;
}

/** Only where a way may lead through a switch: on the kernel's datapath its ports are of a kind, on the other they are taps. */
async function switchedLinks(host: Host, links: ReadonlyMap<string, Link>, starts: readonly string[]): Promise<Named> {
    const isSwitched = (link: Link | undefined) => link?.kind === "openvswitch" || link?.tap !== undefined;
    if (!starts.some((name) => isSwitched(links.get(name)))) return new Map();
    try {
        return linksOfSwitches(await host.switch());
    } catch (error) {
        // A tap that is no switch's, on a host that has none.
        if (error instanceof HostError && error.kind === "unreachable") return new Map();
        throw error;
    }
}

function linksOfSwitches(view: Replica): Map<string, string[]> {
    const bridges = new Map<string, { links: string[]; patches: string[] }>();
    const bridgeOf = new Map<string, string>();
    for (const port of view.all("Port")) {
        const holder = textOf(view.holderOf(port)?.name);
        if (holder === undefined) continue;
        const bridge = bridges.get(holder) ?? { links: [], patches: [] };
        bridges.set(holder, bridge);
        for (const link of view.referred("Interface", port.interfaces)) {
            const name = textOf(link.name) ?? "";
            bridgeOf.set(name, holder);
            (link.type === "patch" ? bridge.patches : bridge.links).push(name);
        }
    }
    const peerOf = (patch: string) => keyOf(view.byName("Interface", patch)?.options, "peer") ?? "";
    const linksFrom = (start: string) =>
        [
            ...reachedFrom([start], (name) =>
                (bridges.get(name)?.patches ?? []).map((patch) => bridgeOf.get(peerOf(patch)) ?? ""),
            ),
        ].flatMap((name) => bridges.get(name)?.links ?? []);
    return new Map([...bridgeOf].map(([link, bridge]) => [link, linksFrom(bridge)]));
}
