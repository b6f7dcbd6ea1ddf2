/** Takes ports of a set away: their limits, their place in the switch, their taps. */
import type { Host } from "../host";
import { numberOf, textOf } from "../host/ovsdb/columns";
import type { Operation } from "../host/ovsdb/operations";
import type { Replica } from "../host/ovsdb/replica";
import { ip, type Plan } from "../plan";
import { gone } from "./link-marks";
import { guardOf, hasMeter, holdsMore } from "./ovs-ingress";
import { removeLeft } from "./ovs-link-up";
import { shutAgain } from "./ovs-plugged-shut";
import { unplug } from "./ovs-port-change";
import type { Member } from "./ovs-set-here";
import { unshapedAll } from "./ovs-shaping";
import { isSecure, unguardPorts, type Guard, type UnguardedPort } from "./table-zero";

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

/** Before they are unplugged: what is limited in links that stay. */
export const unlimitedLinks = (members: readonly Member[]): Plan =>
    unshapedAll(members.flatMap(({ rows, holder, tap }) => (rows && holder && !tap ? [rows] : [])));

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

/** A member, and what flows are to hold of it after the change. */
export interface Held {
    member: Member;
    stays: Guard;
}

/** Secured ports pass nothing from then on. */
export const shutMembers = (members: readonly Member[]): Plan =>
    shutAgain(members.flatMap(({ rows, holder }) => (rows && holder ? [rows] : [])));

/** Takes flows and meters away of ports that are about to go, to move or to be held to less, bridge by bridge. */
export function unguarded(view: Replica, held: readonly Held[], mark: string): Plan {
    const byBridge = new Map<string, UnguardedPort[]>();
    for (const { member, stays } of held) {
        const { name, rows, holder, state } = member;
        const ofport = numberOf(rows?.links[0]?.ofport) ?? -1;
        const bridge = textOf(holder?.name);
        if (!rows || !holder || bridge === undefined || ofport <= 0 || !holdsMore(rows.port, stays)) continue;
        const was = { mark, ...guardOf(state ?? {}, hasMeter(rows.port)) };
        const ports = byBridge.get(bridge) ?? [];
        byBridge.set(bridge, ports);
        ports.push({ name, ofport, was, stays });
    }
    return [...byBridge].map(([bridge, ports]) => unguardPorts(bridge, ports, isSecure(view, bridge)));
}
