/** Policing that stands in rows alone: `tc qdisc del dev LINK ingress` takes it out of the kernel, and no row tells. */
import { z } from "zod";
import type { Host } from "../host";
import { parseList } from "../host/links";
import { numberOf, textOf } from "../host/ovsdb/columns";
import { ofRow } from "../host/ovsdb/operations";
import { ignoresPolicing } from "../host/ovsdb/ports";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { ovsdb, type Plan } from "../plan";
import type { PortRows } from "./ovs-port-rows";

export const POLICING_LOST = "its ingress limit is not in force: somebody took the policing of its link away";

/** What the kernel polices by: a queueing discipline of one of these kinds (lib/netdev-linux.c, netdev_linux_set_policing). */
const INGRESS = ["ingress", "clsact"];
const Qdisc = z.looseObject({ kind: z.string(), dev: z.string().optional() });

/** Names of the ports whose links the kernel does not police as their rows say. Nothing is asked where none says so. */
export async function unpolicedOf(host: Host, view: Replica, ports: readonly PortRows[]): Promise<ReadonlySet<string>> {
    const open = ports.flatMap((rows) =>
        policedBy(view, rows).map(({ name }) => ({ port: String(rows.port.name), link: String(name) })),
    );
    const among = (policed: ReadonlySet<string> | undefined) =>
        open.filter(({ link }) => policed !== undefined && !policed.has(link));
    if (open.length === 0 || among(await policedNow(host)).length === 0) return new Set();
    // A list may be older than the policing; and a link in another network namespace is in none.
    const [policed, links] = await Promise.all([policedNow(host.at({ maxAgeMs: 0 })), host.links()]);
    return new Set(
        among(policed)
            .filter(({ link }) => links.has(link))
            .map(({ port }) => port),
    );
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

/** Links that the kernel polices; undefined on a host without `tc`, which Open vSwitch does not need. */
const policedNow = (host: Host): Promise<ReadonlySet<string> | undefined> =>
    host.read(["tc", "-json", "qdisc", "show", "ingress"], policedIn).catch(() => undefined);

function policedIn(text: string): ReadonlySet<string> {
    const list = parseList(text, Qdisc, "queueing disciplines", "`tc -json qdisc`");
    return new Set(list.flatMap(({ kind, dev }) => (dev !== undefined && INGRESS.includes(kind) ? [dev] : [])));
}

/** The switch polices a link only where its row changes: away with the limit, and there again. */
export function policedAgain(ports: readonly PortRows[]): Plan {
    const links = ports.flatMap(({ links }) => links);
    if (links.length === 0) return [];
    const put = (rateOf: (link: Seen) => unknown) =>
        links.map((link) => ({
            op: "update",
            table: "Interface",
            where: ofRow(link._uuid),
            row: { ingress_policing_rate: rateOf(link) },
        }));
    const [none, theirs] = [put(() => 0), put((link) => link.ingress_policing_rate)];
    const names = ports.map(({ port }) => String(port.name)).join(", ");
    return [
        ovsdb(`takes the lost policing of ${names} away`, none, theirs),
        ovsdb(`gives ${names} their policing again`, theirs),
    ];
}
