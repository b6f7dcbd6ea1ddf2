/** How ports of a set leave the place that they have in the switch, and what they leave behind. */
import type { Host } from "../host";
import { textOf } from "../host/ovsdb/columns";
import { flowNumberOf } from "../host/ovsdb/numbers";
import type { Operation } from "../host/ovsdb/operations";
import type { Replica } from "../host/ovsdb/replica";
import { ip, type Plan } from "../plan";
import { gone } from "./link-marks";
import { guardOf, hasMeter, holdsMore } from "./ovs-ingress";
import { letGo, letGoRows } from "./ovs-link-lost";
import { isMadeBySwitch, removeLeft } from "./ovs-link-up";
import { shutAgain, shutRows } from "./ovs-plugged-shut";
import { unplug } from "./ovs-port-change";
import type { PortRows } from "./ovs-rows";
import type { Member } from "./ovs-set-here";
import { unshapedAll } from "./ovs-shaping";
import { unguardPorts, type Guard, type UnguardedPort } from "./table-zero";
import { isSecure } from "./takes-flows";

/**
 * For good; as what passes nothing, where its guards go before they stand anew; or let go of by the switch, where it is made
 * anew. Undefined where a change of its rows is all, or where it stays.
 */
export type Way = "removed" | "shut" | "let go" | undefined;

interface Leaving {
    member: Member;
    way: Way;
    /** What flows are to hold of it after the change. */
    stays: Guard;
}

export const removed = (member: Member): Leaving => ({ member, way: "removed", stays: {} });

/** What goes before a change of their rows. */
export function leaves(view: Replica, leaving: readonly Leaving[], mark: string): Plan {
    const by = (...ways: Way[]) => leaving.filter(({ way }) => ways.includes(way)).map(({ member }) => member);
    const rowsOf = (members: readonly Member[]) =>
        members.flatMap(({ rows, holder }) => (rows && holder ? [rows] : []));
    return [
        // A link that is shut has no limits of its own, and a tap takes its limits with it.
        ...unshapedAll(rowsOf(by("removed").filter(({ tap }) => !tap))),
        ...shutAgain(rowsOf(by("removed", "shut"))),
        ...unguarded(view, leaving, mark),
        ...letGo(
            by("let go").flatMap(({ rows }) => rows?.links ?? []),
            "which are made anew",
        ),
    ];
}

/** The rows of a port as that leaves them. */
export const leftRows = (rows: PortRows, way: Way): PortRows =>
    way === "shut" ? shutRows(rows) : way === "let go" ? letGoRows(rows) : rows;

/** Takes flows and meters away of ports that are about to go, to move or to be held to less, bridge by bridge. */
function unguarded(view: Replica, leaving: readonly Leaving[], mark: string): Plan {
    const byBridge = new Map<string, UnguardedPort[]>();
    for (const { member, stays } of leaving) {
        const { name, rows, holder, state } = member;
        const ofport = flowNumberOf(rows?.links[0]) ?? -1;
        const bridge = textOf(holder?.name);
        if (!rows || !holder || bridge === undefined || ofport <= 0 || !holdsMore(rows.port, stays)) continue;
        const was = { mark, ...guardOf(state ?? {}, hasMeter(rows.port)) };
        const ports = byBridge.get(bridge) ?? [];
        byBridge.set(bridge, ports);
        ports.push({ name, ofport, was, stays });
    }
    return [...byBridge].map(([bridge, ports]) => unguardPorts(bridge, ports, isSecure(view, bridge)));
}

/** One operation a bridge: a port may have been moved by hand. */
export function unpluggedAll(members: readonly Member[]): Operation[] {
    const byHolder = new Map<string, { holder: readonly unknown[]; ports: unknown[] }>();
    for (const { holder, rows } of members) {
        if (!holder || !rows) continue;
        const [, uuid] = holder._uuid;
        const entry = byHolder.get(uuid) ?? { holder: holder._uuid, ports: [] };
        entry.ports.push(rows.port._uuid);
        byHolder.set(uuid, entry);
    }
    return [...byHolder.values()].map(({ holder, ports }) => unplug(holder, ports));
}

/** The links that go with ports: taps of their own, and what the switch made of them. */
export const linksOf = (members: readonly Member[]): string[] =>
    members.flatMap(({ name, tap, rows }) => (tap || isMadeBySwitch(rows?.links[0]) ? [name] : []));

/** After the switch has let go of them; many are removed as one group. */
export function removedTaps(members: readonly Member[]): Plan {
    const names = members.flatMap(({ name, tap }) => (tap ? [name] : []));
    return names.length > 0 ? [ip(`removes ${names.length} taps`, names.map(gone))] : [];
}

/** Links that the switch made of ports that go: it may leave some of them. */
export const leftBySwitch = (host: Host, members: readonly Member[]): Promise<Plan> =>
    removeLeft(
        host,
        members.flatMap(({ rows, holder }) => (rows && holder ? rows.links : [])),
    );
