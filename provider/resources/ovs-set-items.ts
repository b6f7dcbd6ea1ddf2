/** Ports of a set that are written: which they are, and how each comes from where it is to what is wanted. */
import type { OvsPortSet, PortOfSet } from "../../schemas/ovs-port-set";
import type { Host } from "../host";
import type { Link } from "../host/links";
import type { Replica } from "../host/ovsdb/replica";
import { sameValue } from "../wire";
import { isLinkGone } from "./ovs-fault";
import { guardOf, holdsMore } from "./ovs-ingress";
import { isLetGo } from "./ovs-link-lost";
import { awaitsLink } from "./ovs-link-up";
import { isMisnumbered } from "./ovs-numbers";
import { isOnTree } from "./ovs-off-tree";
import { isOpen, isShut, type Shut } from "./ovs-plugged-shut";
import { rowsOf, type Rows, type Wanted } from "./ovs-port-change";
import { needsOf, type Needs } from "./ovs-port-needs";
import { placeOf, type Place } from "./ovs-port-place";
import { typeOf } from "./ovs-port-rows";
import { isLoose, numbered } from "./ovs-reserved";
import { requireColumns } from "./ovs-rows";
import type { Member, SetHere } from "./ovs-set-here";
import type { Way } from "./ovs-set-leaving";
import { isRemade } from "./ovs-set-taps";
import { isAtOtherSocket } from "./ovs-socket";
import type { Guard } from "./table-zero";
import { tunnelPlace } from "./ovs-tunnel";

/** One port of the set that is written. */
export interface Item extends Place {
    want: Wanted;
    tap: PortOfSet["tap"];
    /** What is there of it. */
    member: Member | undefined;
    /**
     * It becomes of another type or gets another socket, or its tap is made anew or in place of one that is gone, or it is a
     * tunnel that moves, so the switch lets go of it first. Its row stays, by which mirrors know it.
     */
    remade: boolean;
    /** How it leaves the place that it has. */
    way: Way;
    rows: Rows;
    /** What flows are to hold of it. */
    guard: Guard;
}

/** Those that do not stand where and as they are wanted. */
export const touchedOf = (
    { bridge, ports }: OvsPortSet,
    here: SetHere | undefined,
    links: ReadonlyMap<string, Link>,
): [string, PortOfSet][] =>
    Object.entries(ports).filter(([name, port]) => !stands(here?.members.get(name), links, bridge, port));

/** Whether a port stands where and as it is wanted, with our mark and its limits in force. */
const stands = (
    member: Member | undefined,
    links: ReadonlyMap<string, Link>,
    bridge: string,
    want: PortOfSet,
): boolean =>
    member?.state !== undefined &&
    member.holder?.name === bridge &&
    member.marked &&
    !member.unshaped &&
    !member.unpoliced &&
    !member.unheard &&
    !isMisnumbered(member.rows?.links[0]) &&
    !isLeftShut(member) &&
    !(member.rows && (isLoose(member.rows) || isOnTree(member.rows))) &&
    (member.tap?.link.up ?? true) &&
    !awaitsLink(member.rows?.links[0], links) &&
    !isLetLoose(member) &&
    sameValue(member.state, want);

/** Whether its row says that flows hold it, and they do not: somebody removed them, and a meter may be left. */
const isLetLoose = ({ rows, state }: Member): boolean =>
    rows !== undefined && holdsMore(rows.port, guardOf(state ?? {}, true));

/** Whether a run that was killed has plugged it, and its guards do not stand. */
const isLeftShut = ({ rows }: Member): boolean => rows?.links.some(isShut) ?? false;

/** The ports with the numbers that they are to ask for. */
export function withNumbers(
    host: Host,
    view: Replica,
    bridge: string,
    ports: [string, PortOfSet][],
): [string, PortOfSet][] {
    if (!ports.some(([, { ingress, portSecurity }]) => ingress ?? portSecurity)) return ports;
    const named = ports.map(([name, port]) => ({ ...port, name }));
    return numbered(host, view, bridge, named).map(({ name, ...port }) => [name, port]);
}

/** The ports that are written, with what they need. @throws HostError for what is missing, before anything is written */
export async function itemsOf(
    host: Host,
    view: Replica,
    bridge: string,
    touched: readonly [string, PortOfSet][],
    members: ReadonlyMap<string, Member> | undefined,
    mark: string,
): Promise<{ needs: Needs; items: Item[] }> {
    const subject = `OVS port set ${bridge}`;
    const wanted = touched.map(([name, { tap: _, ...port }]): Wanted => ({ ...port, name }));
    const needs = needsOf(host, view, subject, bridge, wanted);
    const items = touched.map(([name, { tap }], index): Item => {
        const want = wanted[index] as Wanted;
        const member = members?.get(name);
        const there = member?.rows;
        const metered = needs.isMetered(want);
        const rows = rowsOf(want, { mark, qos: needs.qosFor(want, there?.port), metered, there: there?.port });
        const remade =
            isOfOtherType(member, want) ||
            (member?.state !== undefined && isAtOtherSocket(member.state, want)) ||
            (tap ? isMadeAnew(member, tap) : isMovedTunnel(member, want, bridge));
        const { staysPut, shut } = placeOf(want, rows, there, !remade && keepsPlace(member, bridge));
        const way = member && wayOf(member, shut, remade);
        return { want, tap, member, remade, staysPut, way, shut, rows, guard: guardOf(want, metered) };
    });
    const rows = items.map((item) => item.rows);
    await Promise.all([
        requireColumns(
            host,
            subject,
            "Port",
            rows.map(({ port }) => port),
        ),
        requireColumns(
            host,
            subject,
            "Interface",
            rows.map(({ link }) => link),
        ),
    ]);
    return { needs, items };
}

/** Whether a port stays where it is, and its link with it. */
const keepsPlace = (member: Member | undefined, bridge: string): boolean =>
    member?.holder?.name === bridge && !isMisnumbered(member.rows?.links[0]) && !member.unheard && !isLeftShut(member);

/** A secured port that becomes what passes nothing is let go of by that. */
function wayOf(member: Member, shut: Shut | undefined, remade: boolean): Way {
    if (!member.rows) return undefined;
    if (shut && isOpen(member.rows)) return "shut";
    return remade && !isLeftShut(member) ? "let go" : undefined;
}

const isMadeAnew = (member: Member | undefined, tap: NonNullable<PortOfSet["tap"]>): boolean =>
    member?.tap ? isRemade(member.tap, tap) : isLinkGone(member?.rows?.links[0]);

/** What a killed run has left let go of, or shut, is of no type as yet. */
export function isOfOtherType(member: Member | undefined, { type = "system" }: PortOfSet): boolean {
    const link = member?.rows?.links[0];
    return link !== undefined && !isLetGo(link) && !isShut(link) && typeOf(link) !== type;
}

/** The new bridge does not take a tunnel up in the transaction in which the former one lets go of it. */
const isMovedTunnel = (member: Member | undefined, want: Wanted, bridge: string): boolean =>
    member?.rows !== undefined && member.holder?.name !== bridge && tunnelPlace(want).length > 0;
