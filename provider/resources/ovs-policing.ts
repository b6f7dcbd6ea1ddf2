/** Policing that stands in rows alone: `tc qdisc del dev LINK ingress`, or `tc filter`, takes it out of the kernel, and no row tells. */
import type { Host } from "../host";
import { numberOf, textOf } from "../host/ovsdb/columns";
import { updated } from "../host/ovsdb/operations";
import { ignoresPolicing } from "../host/ovsdb/ports";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { ovsdb, type Plan } from "../plan";
import type { PortRows } from "./ovs-rows";

export const POLICING_LOST = "its ingress limit is not in force: somebody took the policing of its link away";

/** Names of the ports whose links the kernel does not police as their rows say. Nothing is asked where none says so. */
export async function unpolicedOf(host: Host, view: Replica, ports: readonly PortRows[]): Promise<ReadonlySet<string>> {
    const open = ports.flatMap((rows) =>
        policedBy(view, rows).map(({ name }) => ({ port: String(rows.port.name), link: String(name) })),
    );
    if (open.length === 0) return new Set();
    // Open vSwitch needs no `tc`, and a host without it tells nothing.
    const policed = await host.kernel.policed().catch((): undefined => undefined);
    const lost = open.filter(({ link }) => policed && !policed.has(link));
    if (lost.length === 0) return new Set();
    // A link in another network namespace is in no list.
    const links = await host.links();
    return new Set(lost.filter(({ link }) => links.has(link)).map(({ port }) => port));
}

/** Interfaces of a port that the kernel should police. */
const policedBy = (view: Replica, { port, links }: PortRows): Seen[] =>
    links.filter(
        (link) =>
            (numberOf(link.ingress_policing_rate) ?? 0) > 0 &&
            (numberOf(link.ofport) ?? -1) > 0 &&
            ["system", "internal", "tap"].includes(textOf(link.type) || "system") &&
            !ignoresPolicing(view.holderOf(port), textOf(link.type)),
    );

/** The switch polices a link only where its row changes: away with the limit, and there again. */
export function policedAgain(ports: readonly PortRows[]): Plan {
    const links = ports.flatMap(({ links }) => links);
    if (links.length === 0) return [];
    const put = (rateOf: (link: Seen) => unknown) =>
        updated("Interface", links, (link) => ({ ingress_policing_rate: rateOf(link) }));
    const [none, theirs] = [put(() => 0), put((link) => link.ingress_policing_rate)];
    const names = ports.map(({ port }) => String(port.name)).join(", ");
    return [
        ovsdb(`takes the lost policing of ${names} away`, none, theirs),
        ovsdb(`gives ${names} their policing again`, theirs),
    ];
}
