/** What is on a host of a port set: its ports and taps, by the mark that they carry or because state knows them. */
import type { OvsPortSet, PortOfSet } from "../../schemas/ovs-port-set";
import { IfName } from "../../schemas/units";
import type { Host } from "../host";
import { shownName } from "../host/errors";
import type { Link } from "../host/links";
import { keyOf, numberOf, textOf } from "../host/ovsdb/columns";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { OWNER_KEY, ownerFrom } from "../owner";
import type { Found, Own } from "../resource";
import { faultOf } from "./ovs-fault";
import { inForceOf } from "./ovs-ingress";
import { conflictOf, interfacesOf, portState, typeOf, type PortRows } from "./ovs-port-rows";
import { tapsHere, type TapHere } from "./ovs-set-taps";
import { SHAPING_LOST, shapingLost } from "./ovs-shaping";

/** One port of the set, as far as it is there. */
export interface Member {
    name: string;
    rows?: PortRows;
    /** The bridge that holds the port; absent where none does. */
    holder?: Seen;
    tap?: TapHere;
    /** Whether all of it carries our mark. */
    marked: boolean;
    /** Whether its QoS stands in its row alone. */
    unshaped: boolean;
    /** As it is declared; absent where the port is not on the set's bridge. */
    state?: PortOfSet;
}

export interface SetHere extends Found<OvsPortSet> {
    view: Replica;
    links: ReadonlyMap<string, Link>;
    members: ReadonlyMap<string, Member>;
}

/** What an import asks for: named ports of a bridge, or all that nobody has marked. */
interface Asked {
    bridge: string;
    names: "all" | ReadonlySet<string>;
}

/** `BRIDGE/PORT,PORT` or `BRIDGE/all`; undefined for the id that state keeps, which is the bridge alone. */
function askedOf(id: string): Asked | undefined {
    const at = id.indexOf("/");
    if (at < 0) return undefined;
    const names = id.slice(at + 1);
    return { bridge: id.slice(0, at), names: names === "all" ? "all" : new Set(names.split(",")) };
}

export function idProblem(id: string): string | undefined {
    const asked = askedOf(id);
    const names = asked && asked.names !== "all" ? [...asked.names] : [];
    const bad = [asked?.bridge ?? id, ...names].find((name) => !IfName.safeParse(name).success);
    return bad === undefined
        ? undefined
        : `${JSON.stringify(bad)} is no name of an interface; write the bridge and its ports, such as br0/web0,web1 or br0/all`;
}

/** Nothing there of it is undefined; a set that state knows is there while its bridge is. */
export async function setHere(
    host: Host,
    id: string,
    { mark, known, formerMark }: Own<OvsPortSet>,
): Promise<SetHere | undefined> {
    const [view, links] = await Promise.all([host.switch(), host.links()]);
    const asked = known ? undefined : askedOf(id);
    const bridge = known?.bridge ?? asked?.bridge ?? id;
    const declared = new Map(Object.entries(known?.ports ?? {}));

    const isOurs = (name: string, carried = "") =>
        carried === mark || (declared.has(name) && formerMark !== undefined && carried === formerMark);
    const isAsked = (name: string, holder: Seen | undefined) =>
        asked !== undefined && holder?.name === asked.bridge && (asked.names === "all" || asked.names.has(name));

    const members = new Map<string, Member>();
    const conflicts: string[] = [];
    for (const port of view.all("Port")) {
        const name = String(port.name);
        const carried = keyOf(port.external_ids, OWNER_KEY);
        const holder = view.holderOf(port);
        const rows = { port, links: interfacesOf(view, port) };
        if (!isOurs(name, carried)) {
            if (!isAsked(name, holder)) continue;
            const why = strangerBecause(rows, bridge, carried);
            if (why !== undefined) {
                if (asked?.names !== "all") conflicts.push(`${shownName(name)}: ${why}`);
                continue;
            }
        }
        members.set(name, {
            name,
            rows,
            marked: carried === mark,
            unshaped: shapingLost(view, rows, links),
            ...(holder ? { holder } : {}),
        });
    }
    // A tap that Open vSwitch itself opened, for an internal port, is not one that somebody made.
    const isPlugged = (name: string) => typeOf(members.get(name)?.rows?.links[0]) === "system";
    const ownTaps = [...links.values()].filter((link) => {
        const carried = ownerFrom(link.alias)?.mark;
        if (isOurs(link.name, carried)) return link.tap !== undefined;
        return (
            link.tap !== undefined &&
            link.data.persist === true &&
            link.alias === undefined &&
            asked &&
            members.has(link.name) &&
            isPlugged(link.name)
        );
    });
    const taps = await tapsHere(host, ownTaps, (name) => declared.get(name)?.tap);
    for (const [name, tap] of taps) {
        const member = members.get(name) ?? { name, marked: true, unshaped: false };
        members.set(name, { ...member, tap, marked: member.marked && tap.link.alias === mark });
    }
    const missing = asked && asked.names !== "all" ? [...asked.names].filter((name) => !members.has(name)) : [];
    conflicts.push(
        ...missing.filter((name) => !view.byName("Port", name)).map((name) => `${name}: there is no such port`),
    );

    const row = view.byName("Bridge", bridge);
    if (members.size === 0 && conflicts.length === 0 && !(known && row)) return undefined;
    const ports = [...members.values()].flatMap(({ rows }) => (rows ? [rows.port] : []));
    const inForce = await inForceOf(host, bridge, row ? ports : []);
    const state: Record<string, PortOfSet> = {};
    const ofports: Record<string, number> = {};
    const faults: string[] = [];
    for (const member of members.values()) {
        const { name, rows, tap, holder, unshaped } = member;
        if (!rows || holder?.name !== bridge) continue;
        member.state = { ...portState(view, rows, inForce, declared.get(name)), ...(tap ? { tap: tap.state } : {}) };
        state[name] = member.state;
        const ofport = numberOf(rows.links[0]?.ofport) ?? -1;
        if (ofport > 0) ofports[name] = ofport;
        const fault =
            faultOf(rows.links[0], view) ??
            (tap && known && !tap.link.up ? "its tap is set down" : undefined) ??
            (unshaped ? SHAPING_LOST : undefined);
        if (fault !== undefined) faults.push(`port ${name}: ${fault}`);
    }
    const all = [...members.values()].every(({ marked }) => marked);
    return {
        view,
        links,
        members,
        state: { bridge, ports: state },
        ...markOf(all, mark, formerMark),
        outputs: { ofports },
        ...(faults.length > 0 ? { fault: listed(faults) } : {}),
        ...(conflicts.length > 0 ? { conflict: listed(conflicts) } : {}),
    };
}

/** Ports that a rename has left with the former mark are ours by that one. */
const markOf = (all: boolean, mark: string, formerMark: string | undefined): { mark?: string } =>
    all ? { mark } : formerMark ? { mark: formerMark } : {};

/** Why a port cannot be taken into a set. */
function strangerBecause(rows: PortRows, bridge: string, carried: string | undefined): string | undefined {
    const other = ownerFrom(carried);
    if (other) return `it belongs to resource ${other.name} of stack ${other.project}/${other.stack}`;
    if (carried !== undefined) return "its owner mark is not one of ours";
    if (rows.links.length > 1) return "it is a bond, which a set does not hold";
    if (!IfName.safeParse(textOf(rows.port.name)).success) return "its name is none that a set can hold";
    return conflictOf(rows, bridge);
}

/** The first of many, and how many there are. */
export function listed(sentences: readonly string[]): string {
    const shown = sentences.slice(0, 20).join("; ");
    return sentences.length > 20 ? `${shown}; and ${sentences.length - 20} more` : shown;
}
