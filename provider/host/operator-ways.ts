/** Over which links those who work on a host are connected to it: by its routes and by what carries what, as they are at that moment. */
import { z } from "zod";
import { addressText, isV6, networkText } from "../../schemas/ip-text";
import { tableText } from "../../schemas/routing-table";
import { HostError } from "./errors";
import type { Host } from "./index";
import { parseList, type Link } from "./links";
import type { Operator, Way } from "./lookup";
import { readOperators } from "./operators";
import { keyOf, textOf } from "./ovsdb/columns";
import type { Replica } from "./ovsdb/replica";
import type { Place } from "./place";
import { readRoutes, usualMetric } from "./routes";
import { Snapshot } from "./snapshot";

const FibMatch = z.object({
    dst: z.string(),
    dev: z.string().optional(),
    gateway: z.string().optional(),
    metric: z.number().optional(),
    table: z.string().default("main"),
    nexthops: z.array(z.object({ dev: z.string().optional() })).optional(),
});

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
    const lines = operators.map(({ peer, local, device, port, peerPort }) =>
        [
            ...["route", "get", "fibmatch", peer, "from", local],
            ...(device === undefined ? [] : ["oif", device]),
            ...(port > 0 && peerPort > 0 ? ["ipproto", TCP, "sport", port, "dport", peerPort] : []),
        ].join(" "),
    );
    // By numbers: the names of tables are those of a file of the host.
    const argv = ["ip", "-N", "-json", "-force", "-batch", "-"];
    const [{ stdout, stderr }, links] = await Promise.all([
        host.place.run(argv, `${lines.join("\n")}\n`),
        host.links(),
    ]);
    const failed = new Set([...stderr.matchAll(/^Command failed -:(\d+)$/gm)].map(([, line]) => Number(line)));
    const reached = operators.filter((_, index) => !failed.has(index + 1));
    const answers = stdout.split("\n").filter((line) => line.trim() !== "");
    const ways = reached.flatMap((operator, index) => {
        const [match] = parseList(answers[index] ?? "", FibMatch, "routes", "`ip -json route get`");
        return match ? [wayOf(operator, match)] : [];
    });
    const switched = await switchedLinks(host, links, ways);
    return ways.map((way) => ({ ...way, path: pathOver(way.links, links, switched) }));
}

/** Seen no longer ago than this [ms], the usual path need not be looked at again: it is advice. */
const FRESH_MS = 1_000;

const usualPaths = new WeakMap<Place, Snapshot<ReadonlySet<string>>>();

/** The path of the default routes, where no way to anybody is known; empty where one is. */
export function usualPath(host: Host): Promise<ReadonlySet<string>> {
    let snapshot = usualPaths.get(host.place);
    if (!snapshot) usualPaths.set(host.place, (snapshot = new Snapshot(() => readUsualPath(host))));
    return snapshot.get(FRESH_MS);
}

async function readUsualPath(host: Host): Promise<ReadonlySet<string>> {
    if ((await readWays(host)).length > 0) return new Set();
    const routes = (await Promise.all([readRoutes(host, false), readRoutes(host, true)])).flat();
    const defaults = routes
        .filter(({ destination, table }) => table === "main" && ["0.0.0.0/0", "::/0"].includes(destination))
        .map(({ ways }) => ({ links: ways.flatMap(({ link }) => link ?? []) }));
    const links = await host.links();
    const switched = await switchedLinks(host, links, defaults);
    return pathOver(
        defaults.flatMap((way) => way.links),
        links,
        switched,
    );
}

function wayOf(operator: Operator, { dst, dev, gateway, metric, table, nexthops }: z.output<typeof FibMatch>) {
    const v6 = isV6(operator.peer);
    return {
        operator,
        links: (nexthops ?? [{ dev }]).flatMap(({ dev: link }) => link ?? []),
        destination: dst === "default" ? (v6 ? "::/0" : "0.0.0.0/0") : (networkText(dst) ?? dst),
        metric: metric ?? usualMetric(v6),
        table: tableText(table) ?? table,
        ...(gateway === undefined ? {} : { gateway: addressText(gateway) ?? gateway }),
    };
}

/**
 * The links of a route with all that carries them (the link of a VLAN, members of a bond, ports of a bridge or of a
 * switch) and all that they are plugged into. Taps of a bridge lead to guests, and other links of a switch's own to the host
 * itself; both are left out.
 *
 * @param switched of each port of an Open vSwitch bridge the links of that bridge and of those patched to it
 */
export function pathOver(
    starts: readonly string[],
    links: ReadonlyMap<string, Link>,
    switched: ReadonlyMap<string, readonly string[]>,
): Set<string> {
    const below = reachedFrom(starts, (name) => {
        const link = links.get(name);
        const ports = link?.kind === "vrf" ? [] : [...links.values()].filter(({ master }) => master === name);
        return [link?.parent ?? "", ...[...ports, ...linksNamed(switched.get(name))].filter(leadsOut).map(nameOf)];
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
async function switchedLinks(
    host: Host,
    links: ReadonlyMap<string, Link>,
    ways: readonly Pick<Way, "links">[],
): Promise<ReadonlyMap<string, readonly string[]>> {
    const isSwitched = (link: Link | undefined) => link?.kind === "openvswitch" || link?.tap !== undefined;
    if (!ways.some((way) => way.links.some((name) => isSwitched(links.get(name))))) return new Map();
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
