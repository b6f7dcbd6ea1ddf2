/** Other VLANs for ports of a set that stand: what the switch's rows alone decide, and no link of the host. */
import type { OvsPortSet, PortOfSet } from "../../schemas/ovs-port-set";
import type { Host } from "../host";
import { keyOf } from "../host/ovsdb/columns";
import type { Replica } from "../host/ovsdb/replica";
import { OWNER_KEY } from "../owner";
import type { Plan } from "../plan";
import type { Own } from "../resource";
import { sameValue } from "../wire";
import { isGuarded } from "./ovs-ingress";
import { rowsOf, type Wanted } from "./ovs-port-change";
import { needsOf } from "./ovs-port-needs";
import { interfacesOf } from "./ovs-port-rows";
import { requireColumns } from "./ovs-rows";
import { switchStep, type Item } from "./ovs-set-change";

/** How a port treats frames: these say nothing of its link, nor does a link of them. */
const OF_FRAMES = ["vlanMode", "tag", "trunks", "cvlans", "protected"] as const satisfies (keyof PortOfSet)[];

/**
 * The change of a set in which nothing else differs from what state knows; empty where something does, or where a port
 * does not stand as ours. Listing the links of a host with 1,000 ports takes as long as half of this change.
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
    if (!others.every(([name]) => isOurs(view, want.bridge, name, mark))) return [];
    const subject = `OVS port set ${want.bridge}`;
    const ports = others.map(([name, { tap: _, ...port }]): Wanted => ({ ...port, name }));
    const needs = needsOf(host, view, subject, want.bridge, ports);
    const items = ports.flatMap((port): Item[] => {
        const row = view.byName("Port", port.name);
        if (!row) return [];
        const rows = rowsOf(port, { mark, qos: needs.qosFor(port, row), metered: needs.isMetered(port) });
        const there = { port: row, links: interfacesOf(view, row) };
        const holder = view.holderOf(row);
        const member = { name: port.name, rows: there, marked: true, unshaped: false, ...(holder ? { holder } : {}) };
        return [{ want: port, tap: undefined, member, remade: false, rows }];
    });
    await requireColumns(
        host,
        subject,
        "Port",
        items.map(({ rows }) => rows.port),
    );
    return switchStep(want.bridge, items, []);
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

function isOurs(view: Replica, bridge: string, name: string, mark: string): boolean {
    const row = view.byName("Port", name);
    return (
        row !== undefined &&
        keyOf(row.external_ids, OWNER_KEY) === mark &&
        view.holderOf(row)?.name === bridge &&
        !isGuarded(row)
    );
}
