/** Brings a port set to what is wanted: only what differs is written, in one batch of links and one transaction. */
import type { OvsPortSet, PortOfSet } from "../../schemas/ovs-port-set";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import type { Link } from "../host/links";
import { keyOf, textOf } from "../host/ovsdb/columns";
import { present, rowNamed, type Operation } from "../host/ovsdb/operations";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { belonging, OWNER_KEY } from "../owner";
import { ip, ovsdb, type Plan } from "../plan";
import { sameValue } from "../wire";
import { gone } from "./link-marks";
import { isLinkGone } from "./ovs-fault";
import { guardOf, hasMeter, holdsMore } from "./ovs-ingress";
import { heldBy } from "./ovs-held";
import { isLetGo, letGo, letGoRows, pluggedAgain, untilLetGo } from "./ovs-link-lost";
import { awaitsLink, bringUp, isMadeBySwitch } from "./ovs-link-up";
import { unasked } from "./ovs-mtu";
import { isMisnumbered, refuseDisplaced, renumbered } from "./ovs-numbers";
import { policedAgain } from "./ovs-policing";
import { changedPort, newPort, plug, rowsOf, unplug, type Change, type Rows, type Wanted } from "./ovs-port-change";
import { keepLinks, keepPlugged } from "./operator-guard";
import { isOpen, isShut, opened, shutLink, shutRows, type Shut } from "./ovs-plugged-shut";
import { needsOf, type Needs } from "./ovs-port-needs";
import { keepThrough } from "./ovs-port-path";
import { typeOf } from "./ovs-port-rows";
import { requireColumns } from "./ovs-rows";
import { listed, type Member, type SetHere } from "./ovs-set-here";
import {
    leftBySwitch,
    removedTaps,
    shutMembers,
    unguarded,
    unlimitedLinks,
    unpluggedAll,
    type Held,
} from "./ovs-set-removal";
import { changedTap, isRemade } from "./ovs-set-taps";
import { shapedAgain } from "./ovs-shaping";
import { guardPorts, isSecure, unstray, type GuardedPort } from "./table-zero";
import { tunnelPlace } from "./ovs-tunnel";
import { madeTap } from "./tap";

/** One port of the set that is written. */
interface Item {
    want: Wanted;
    tap: PortOfSet["tap"];
    /** What is there of it. */
    member: Member | undefined;
    /**
     * It becomes of another type, or its tap is made anew or in place of one that is gone, or it is a tunnel that moves, so
     * the switch lets go of it first. Its row stays, by which mirrors know it.
     */
    remade: boolean;
    rows: Rows;
}

export async function changedSet(host: Host, here: SetHere | undefined, want: OvsPortSet, mark: string): Promise<Plan> {
    const subject = `OVS port set ${want.bridge}`;
    // `find` has just read both.
    const read = host.at({ maxAgeMs: 1_000 });
    const view = here?.view ?? (await read.switch());
    const links = here?.links ?? (await read.links());
    const touched = Object.entries(want.ports).filter(
        ([name, port]) => !stands(here?.members.get(name), links, want.bridge, port),
    );
    refuseTaken(host, subject, view, links, touched, here);
    const come = touched.filter(([name, port]) => {
        const member = here?.members.get(name);
        return member?.rows === undefined || member.holder?.name !== want.bridge || isOfOtherType(member, port);
    });
    await keepLinks(host, subject, {}, untoldOf(come), `the bridge ${want.bridge}`);
    const { needs, items } = await itemsOf(host, view, want.bridge, touched, here?.members, mark);
    const left = [...(here?.members.values() ?? [])].filter(({ name }) => !Object.hasOwn(want.ports, name));
    const asking = touched.map(([name, { ofportRequest }]) => ({ name, ofportRequest }));
    const renumber = asking.filter(
        ({ name, ofportRequest }) => (ofportRequest ?? here?.members.get(name)?.state?.ofportRequest) !== undefined,
    );
    refuseDisplaced(view, subject, want.bridge, asking, mark, new Set([...left, ...renumber].map(({ name }) => name)));
    await keepAllPlugged(host, subject, left);
    await keepThrough(
        host,
        subject,
        {},
        items.flatMap(({ want: port, member, remade }) =>
            member?.tap || !member?.state || port.takesOperatorPath
                ? []
                : [
                      {
                          was: { ...member.state, name: member.name },
                          want: port,
                          moves: remade || member.holder?.name !== want.bridge,
                      },
                  ],
        ),
    );
    const shut = items.flatMap((item) => shutOf(item, want.bridge) ?? []);
    const remade = items.flatMap((item) => (isLetGoFirst(item, want.bridge) ? (item.member?.rows?.links ?? []) : []));
    /** Rows of the ports that are there, and not made anew, of which something holds. */
    const staying = (holds: (member: Member) => boolean) =>
        items.flatMap(({ member, remade }) => (member?.rows && !remade && holds(member) ? [member.rows] : []));
    const inTheWay = tunnelsOf(left, new Set(items.flatMap(({ want }) => tunnelPlace(want))));
    const givingWay = beforeNewTunnels(items);
    const written = switchStep(
        want.bridge,
        items.filter((item) => !givingWay.includes(item)),
        left.filter((member) => !inTheWay.includes(member)),
    );
    const awaits = items.some(({ member }) => awaitsLink(member?.rows?.links[0], links));
    const tapless = items.flatMap(({ member, tap, remade }) => (member?.tap && !tap && !remade ? [member] : []));
    return [
        ...(here ? unstray(here.state.bridge, here.stray, mark, isSecure(view, here.state.bridge)) : []),
        // A link that is shut has no limits of its own.
        ...unlimitedLinks(left),
        ...shutMembers([
            ...left,
            ...items.flatMap((item) => (item.member && shutOf(item, want.bridge) ? [item.member] : [])),
        ]),
        ...unguarded(
            view,
            [
                ...left.map((member) => ({ member, stays: {} })),
                ...items.flatMap((item) => stillHeld(item, want.bridge, needs)),
            ],
            mark,
        ),
        ...letGo(remade, "which are made anew"),
        ...untilLetGo(
            want.bridge,
            items.flatMap(({ member }) => member?.rows?.links ?? []),
        ),
        ...items.flatMap((item) => tapSteps(item, mark)),
        // What is plugged shut is let go of by that.
        ...pluggedAgain(
            staying(({ name, unheard }) => unheard && !shut.some((one) => one.name === name)).flatMap(
                ({ links }) => links,
            ),
        ),
        ...shapedAgain(staying(({ unshaped }) => unshaped)),
        ...policedAgain(staying(({ unpoliced }) => unpoliced)),
        ...unasked(view, needs.bridge, noLongerAsking(items, want.bridge)),
        ...(inTheWay.length > 0
            ? [ovsdb(`unplugs ${inTheWay.length} tunnels for others that are alike`, unpluggedAll(inTheWay))]
            : []),
        ...switchStep(want.bridge, givingWay, []),
        ...written,
        // A transaction is done when the switch has carried out all before it, too.
        ...(awaits && written.length === 0
            ? [ovsdb(`waits for the links of ${want.bridge}`, [present("Bridge", want.bridge)])]
            : []),
        ...renumbered(view, want.bridge, asking),
        ...guards(want.bridge, items, needs, mark),
        ...opened(shut),
        ...items.flatMap(({ want: { name, type } }) => (type === "internal" || type === "tap" ? [bringUp(name)] : [])),
        ...removedTaps([...left, ...tapless]),
        ...(await leftBySwitch(host, left)),
    ];
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
        const port = wanted[index] as Wanted;
        const member = members?.get(name);
        const rows = rowsOf(port, {
            mark,
            qos: needs.qosFor(port, member?.rows?.port),
            metered: needs.isMetered(port),
        });
        const remade =
            isOfOtherType(member, port) || (tap ? isMadeAnew(member, tap) : isMovedTunnel(member, port, bridge));
        return { want: port, tap, member, rows, remade };
    });
    await Promise.all([
        requireColumns(
            host,
            subject,
            "Port",
            items.map(({ rows }) => rows.port),
        ),
        requireColumns(
            host,
            subject,
            "Interface",
            items.map(({ rows }) => rows.link),
        ),
    ]);
    return { needs, items };
}

const isMadeAnew = (member: Member | undefined, tap: NonNullable<PortOfSet["tap"]>): boolean =>
    member?.tap ? isRemade(member.tap, tap) : isLinkGone(member?.rows?.links[0]);

/** What a killed run has left let go of, or shut, is of no type as yet. */
function isOfOtherType(member: Member | undefined, { type = "system" }: PortOfSet): boolean {
    const link = member?.rows?.links[0];
    return link !== undefined && !isLetGo(link) && !isShut(link) && typeOf(link) !== type;
}

/** The new bridge does not take a tunnel up in the transaction in which the former one lets go of it. */
const isMovedTunnel = (member: Member | undefined, want: Wanted, bridge: string): boolean =>
    member?.rows !== undefined && member.holder?.name !== bridge && tunnelPlace(want).length > 0;

/** Whether the switch has made the link of a port that is there. */
const isOfSwitch = (member: Member | undefined): boolean => isMadeBySwitch(member?.rows?.links[0]);

/** The link of the host that a port plugs in: neither the switch nor the set makes it. */
export const devicesOf = (name: string, { type = "system", tap }: PortOfSet): string[] =>
    type === "system" && !tap ? [name] : [];

/** Before members are unplugged. @throws HostError refused where an operator's connection runs over one */
export async function keepAllPlugged(host: Host, subject: string, members: readonly Member[]): Promise<void> {
    await keepPlugged(
        host,
        subject,
        {},
        members.flatMap(({ name, state }) => (state && !state.tap && !state.takesOperatorPath ? [name] : [])),
    );
}

/** The links of those that do not say that they may take an operator's path. */
export const untoldOf = (ports: readonly [string, PortOfSet][]): string[] =>
    ports.flatMap(([name, port]) => (port.takesOperatorPath ? [] : devicesOf(name, port)));

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
    (member.tap?.link.up ?? true) &&
    !awaitsLink(member.rows?.links[0], links) &&
    !isLetLoose(member) &&
    sameValue(member.state, want);

/** Whether its row says that flows hold it, and they do not: somebody removed them, and a meter may be left. */
const isLetLoose = ({ rows, state }: Member): boolean =>
    rows !== undefined && holdsMore(rows.port, guardOf(state ?? {}, true));

/** Interfaces that stay and for which no MTU is asked, whatever was asked before. */
const noLongerAsking = (items: readonly Item[], bridge: string): Seen[] =>
    items.flatMap(({ want, member, remade }) =>
        want.mtuRequest === undefined && !remade && member?.holder?.name === bridge ? (member.rows?.links ?? []) : [],
    );

/** Those at these places; ovs-vswitchd does not let go of a tunnel before it takes an alike one of the same transaction up. */
const tunnelsOf = (members: readonly Member[], places: ReadonlySet<string>): Member[] =>
    members.filter(({ state }) => state && tunnelPlace(state).some((place) => places.has(place)));

/** All ports that stay, where one is a tunnel whose place a new one is to have: the switch takes new ones up first. */
function beforeNewTunnels(items: readonly Item[]): Item[] {
    const places = new Set(items.flatMap((item) => (isNew(item) ? tunnelPlace(item.want) : [])));
    const stay = items.filter((item) => !isNew(item));
    const members = stay.flatMap(({ member }) => member ?? []);
    return tunnelsOf(members, places).length > 0 ? stay : [];
}

/** Whether the rows of a port are made. */
const isNew = ({ member }: Item): boolean => !member?.rows;

/** All names at once that somebody else has, and whose they are. */
function refuseTaken(
    host: Host,
    subject: string,
    view: Replica,
    links: ReadonlyMap<string, Link>,
    touched: readonly [string, PortOfSet][],
    here: SetHere | undefined,
): void {
    const taken = touched.flatMap(([name, { tap }]) => {
        const member = here?.members.get(name);
        if (!member?.rows) {
            const port = view.byName("Port", name);
            const on = port && (textOf(view.holderOf(port)?.name) ?? "no bridge");
            if (port) return [`a port ${name} is on ${on}${ofWhom(keyOf(port.external_ids, OWNER_KEY))}`];
            const held = heldBy(view, name);
            if (held !== undefined) return [held];
        }
        return tap && !member?.tap && !isOfSwitch(member) && links.has(name)
            ? [`a link ${name} is on ${host.where}${ofWhom(links.get(name)?.alias)}`]
            : [];
    });
    if (taken.length === 0) return;
    throw new HostError(
        "conflict",
        subject,
        `not all names of its ports are free: ${listed(taken)}`,
        "These are left alone, and nothing was changed. Choose other names; or take an interface out of the other port first; or, to take ports over, import them as a set of their own " +
            "with `pulumi import kvmnet:ovs:PortSet NAME BRIDGE/PORT,PORT`.",
    );
}

function ofWhom(mark: string | undefined): string {
    const whose = belonging(mark);
    return whose === undefined ? "" : `, and ${whose}`;
}

/** Flows of a port go with its place: it is unplugged for a moment, leaves its bridge, or gets another number. */
function stillHeld(item: Item, bridge: string, needs: Needs): Held[] {
    const { member, want } = item;
    if (!member) return [];
    return [{ member, stays: staysPut(item, bridge) ? guardOf(want, needs.isMetered(want)) : {} }];
}

const staysPut = ({ member, remade, want }: Item, bridge: string): boolean =>
    !remade &&
    !isMisnumbered(member?.rows?.links[0]) &&
    member?.holder?.name === bridge &&
    !member.unheard &&
    !isLeftShut(member) &&
    member.state?.ofportRequest === want.ofportRequest;

/** Whether a run that was killed has plugged it, and its guards do not stand. */
const isLeftShut = ({ rows }: Member): boolean => rows?.links.some(isShut) ?? false;

/** A port that passes nothing until its guards stand at its number; undefined for one that keeps that, or has none. */
const shutOf = (item: Item, bridge: string): Shut | undefined =>
    item.want.portSecurity === undefined || staysPut(item, bridge)
        ? undefined
        : { name: item.want.name, link: item.rows.link, there: isNew(item) ? undefined : item.member?.rows?.links[0] };

/** A secured port that becomes what passes nothing is let go of by that. */
const isLetGoFirst = (item: Item, bridge: string): boolean =>
    item.remade &&
    item.member?.rows !== undefined &&
    !isLeftShut(item.member) &&
    !(isOpen(item.member.rows) && shutOf(item, bridge));

function tapSteps({ want: { name }, tap, member, remade }: Item, mark: string): Plan {
    const made = tap ? [madeTap({ name, ...tap }, mark)] : [];
    if (!member?.tap) return made;
    if (!remade) return tap ? changedTap(name, member.tap, tap, mark) : [];
    const former = madeTap({ name, ...member.tap.state }, member.tap.link.alias ?? "");
    return [{ ...ip(`removes the tap ${name}`, [gone(name)]), undo: [former.action] }, ...made];
}

/** What is new, what changes, what moves and what goes, in one transaction; nothing where nothing does. */
export function switchStep(bridge: string, items: readonly Item[], left: readonly Member[]): Plan {
    const operations: Operation[] = [];
    const undo: Operation[] = [];
    const come: unknown[] = [];
    const moved: Member[] = [];
    for (const [index, item] of items.entries()) {
        const { want, member } = item;
        const shut = shutOf(item, bridge);
        const rows = shut ? { ...item.rows, link: shutLink(shut) } : item.rows;
        const label = `m${index}_`;
        if (!member?.rows) {
            const fresh = newPort(want, rows, label);
            operations.push(...fresh.operations);
            undo.push(unplug(rowNamed("Bridge", bridge), [rowNamed("Port", want.name)]));
            come.push(fresh.port);
            continue;
        }
        const before = isLetGoFirst(item, bridge) ? letGoRows(member.rows) : member.rows;
        const change: Change = changedPort(shut ? shutRows(before) : before, want, rows, label);
        operations.push(...change.operations);
        undo.push(...change.undo);
        if (member.holder?.name === bridge) continue;
        come.push(member.rows.port._uuid);
        moved.push(member);
        undo.push(unplug(rowNamed("Bridge", bridge), [member.rows.port._uuid]));
        if (member.holder) undo.push(plug(String(member.holder.name), [member.rows.port._uuid]));
    }
    operations.push(...unpluggedAll([...moved, ...left]));
    if (come.length > 0) operations.push(plug(bridge, come));
    if (operations.length === 0) return [];
    const what = `sets ${items.length} ports of ${bridge}${left.length > 0 ? ` and removes ${left.length}` : ""}`;
    return [ovsdb(what, [present("Bridge", bridge), ...operations], undo)];
}

/** Flows and meters for what is guarded anew or otherwise than before. */
function guards(bridge: string, items: readonly Item[], needs: Needs, mark: string): Plan {
    const guarded = items.flatMap((item): GuardedPort[] => {
        const { want, member } = item;
        const guard = guardOf(want, needs.isMetered(want));
        if (!guard.limit && !guard.security) return [];
        if (!member?.rows || !staysPut(item, bridge)) return [{ name: want.name, mark, ...guard }];
        const former = guardOf(member.state ?? {}, hasMeter(member.rows.port));
        return [{ name: want.name, mark, ...guard, former }];
    });
    if (guarded.length === 0) return [];
    const takesOperatorPath = items.some(({ want }) => want.takesOperatorPath);
    return [guardPorts(bridge, guarded, textOf(needs.bridge.fail_mode) === "secure", { takesOperatorPath })];
}
