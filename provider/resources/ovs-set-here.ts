/** What is on a host of a port set: its ports and taps, by the mark that they carry or because state knows them. */
import type { OvsPortSet, PortOfSet } from "../../schemas/ovs-port-set";
import { IfName } from "../../schemas/units";
import type { Host } from "../host";
import { shownName } from "../host/errors";
import type { Link } from "../host/links";
import { keyOf, numberOf, textOf } from "../host/ovsdb/columns";
import { flowNumberOf } from "../host/ovsdb/numbers";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { belonging, OWNER_KEY, ownerFrom } from "../owner";
import type { Found, Own } from "../resource";
import { sameValue } from "../wire";
import { faultOf } from "./ovs-fault";
import { inForceOf, isGuarded, isHeldByFlows, isSecured } from "./ovs-ingress";
import { isUnheard, linksNow, UNHEARD } from "./ovs-link-lost";
import { isMadeBySwitch, isSetDown, SET_DOWN } from "./ovs-link-up";
import { numberFault } from "./ovs-numbers";
import { isOnTree, ON_TREE } from "./ovs-off-tree";
import { NOTHING_IN_FORCE, readGuards, strangeFault, strayFault, strayOf, type InForce } from "./table-zero";
import { conflictOf, interfacesOf, portState, standsAlone, typeOf } from "./ovs-port-rows";
import { isLoose, LOOSE } from "./ovs-reserved";
import type { PortRows } from "./ovs-rows";
import { askedOf, missing, type Asked } from "./ovs-set-asked";
import { tapsHere, type TapHere } from "./ovs-set-taps";
import { POLICING_LOST, unpolicedOf } from "./ovs-policing";
import { SHAPING_LOST, shapingLost } from "./ovs-shaping";
import { pastSecured } from "./secured-cautions";

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
    /** Whether its policing does. */
    unpoliced: boolean;
    /** Whether the switch holds on to a former link of its name. */
    unheard: boolean;
    /** Whether state knows that it may take an operator's path. */
    takesOperatorPath?: boolean | undefined;
    /** As it is declared; absent where the port is not on the set's bridge. */
    state?: PortOfSet;
}

export interface SetHere extends Found<OvsPortSet> {
    view: Replica;
    links: ReadonlyMap<string, Link>;
    members: ReadonlyMap<string, Member>;
    /** OpenFlow numbers at which flows of ours stand, and which none of its ports has. */
    stray: number[];
}

/** A member as it was made of rows, of its link and of what was known: each stays as it is. */
interface Judged {
    interface: Seen;
    link: Link | undefined;
    known: PortOfSet;
    bridge: string;
    mark: string;
    member: Member;
}
/**
 * Members that their rows and links tell alone, by the port's row, in whose place another comes where it changes: a set is
 * looked at before and after each change, and most of its ports are the same.
 */
const judged = new WeakMap<Seen, Judged>();

/** Nothing there of it is undefined; a set that state knows is there while its bridge is. */
export async function setHere(host: Host, id: string, own: Own<OvsPortSet>): Promise<SetHere | undefined> {
    const [view, links] = await Promise.all([host.switch(), host.links()]);
    const look = new Look(view, links, id, own);
    const { bridge, asked, members } = look;
    look.atPorts();
    await look.atUnheard(host);
    await look.atUnpoliced(host);
    await look.atTaps(host);

    const row = view.byName("Bridge", bridge);
    const conflicts = [...look.conflicts, ...missing(view, asked, members)];
    if (members.size === 0 && conflicts.length === 0 && !(own.known && row)) return undefined;
    const inForce = look.lacksGuarded(row)
        ? await readGuards(host, bridge)
        : await inForceOf(host, bridge, row ? look.unjudged() : []);
    const { state, ofports, faults } = look.atStates(inForce);
    const stray = strayOf(inForce, own.mark, guardedOf(members, bridge));
    if (stray.length > 0) faults.push(strayFault(stray));
    const all = [...members.values()].every(({ marked }) => marked);
    return {
        view,
        links,
        members,
        stray,
        state: { bridge, ports: state },
        ...markOf(all, own.mark, own.formerMark),
        outputs: { ofports },
        beside: pastSecured(view, bridge, securedOf(members, bridge), inForce.ahead),
        ...(faults.length > 0 ? { fault: listed(faults) } : {}),
        ...(conflicts.length > 0 ? { conflict: listed(conflicts) } : {}),
    };
}

/** Judges the members that their rows and links tell alone, before the switch has said what it knows of them. */
export async function lookedAhead(host: Host, id: string, own: Own<OvsPortSet>): Promise<void> {
    const [view, links] = await Promise.all([host.switch(), host.links()]);
    const look = new Look(view, links, id, own);
    look.atPorts();
    await look.atTaps(host);
    look.atStates(NOTHING_IN_FORCE);
}

/** One look at what a host has of a set, port by port. */
class Look {
    readonly asked: Asked | undefined;
    readonly bridge: string;
    /** What state knows of each port. */
    readonly declared: ReadonlyMap<string, PortOfSet>;
    readonly members = new Map<string, Member>();
    readonly conflicts: string[] = [];

    constructor(
        private readonly view: Replica,
        private readonly links: ReadonlyMap<string, Link>,
        id: string,
        private readonly own: Own<OvsPortSet>,
    ) {
        const { known } = own;
        this.asked = known ? undefined : askedOf(id);
        this.bridge = known?.bridge ?? this.asked?.bridge ?? id;
        this.declared = new Map(Object.entries(known?.ports ?? {}));
    }

    atPorts(): void {
        for (const port of this.view.all("Port")) {
            const member = this.memberOf(port);
            if (member) this.members.set(member.name, member);
        }
    }

    private memberOf(port: Seen): Member | undefined {
        const { view, bridge, asked } = this;
        const before = judged.get(port);
        if (before && this.stands(before, port)) {
            const now = this.view.row("Interface", before.interface._uuid[1]);
            if (now === before.interface) return before.member;
            if (now && differsByTold(before.interface, now)) return this.takenUp(before, port, now);
        }
        const name = String(port.name);
        const carried = keyOf(port.external_ids, OWNER_KEY);
        const isOwn = this.isOurs(name, carried);
        const holder = view.holderOf(port);
        if (!isOwn && !this.isAsked(name, holder)) return undefined;
        const rows = { port, links: interfacesOf(view, port) };
        const why = isOwn ? undefined : strangerBecause(rows, bridge, carried);
        if (why !== undefined) {
            if (asked?.names !== "all") this.conflicts.push(`${shownName(name)}: ${why}`);
            return undefined;
        }
        return {
            name,
            rows,
            marked: carried === this.own.mark,
            unshaped: shapingLost(view, rows, this.links),
            unpoliced: false,
            unheard: rows.links.some((link) => isUnheard(holder, link, this.links)),
            takesOperatorPath: this.declared.get(name)?.takesOperatorPath,
            ...(holder ? { holder } : {}),
        };
    }

    /** A member of whose interface the switch has said more since it was judged. */
    private takenUp(before: Judged, port: Seen, now: Seen): Member {
        const { view, links } = this;
        const rows = { port, links: [now] };
        const unheard = isUnheard(before.member.holder, now, links);
        const member = { ...before.member, rows, unheard, unshaped: shapingLost(view, rows, links) };
        judged.set(port, { ...before, interface: now, member });
        return member;
    }

    /** Whether the switch holds on to a former link is looked at twice, but for what the step at hand has plugged. */
    async atUnheard(host: Host): Promise<void> {
        for (const member of this.members.values()) member.unheard &&= !host.isTakenUp(member.name);
        const unheard = [...this.members.values()].filter((member) => member.unheard);
        if (unheard.length === 0) return;
        const links = await linksNow(host);
        for (const member of unheard)
            member.unheard = member.rows?.links.some((link) => isUnheard(member.holder, link, links)) ?? false;
    }

    /** Neither a row nor a link tells it, so it is looked at each time. */
    async atUnpoliced(host: Host): Promise<void> {
        const rows = [...this.members.values()].flatMap((member) => member.rows ?? []);
        const unpoliced = await unpolicedOf(host, this.view, rows);
        for (const member of this.members.values()) member.unpoliced = unpoliced.has(member.name);
    }

    /** Whether all that a member was made of is as it was, but for its interface's row; its port's row is. */
    private stands({ member, link, known, bridge, mark }: Judged, port: Seen): boolean {
        return (
            mark === this.own.mark &&
            bridge === this.bridge &&
            this.links.get(member.name) === link &&
            this.view.holderOf(port)?._uuid[1] === member.holder?._uuid[1] &&
            sameValue(known, this.declared.get(member.name))
        );
    }

    private isOurs(name: string, carried = ""): boolean {
        const { mark, formerMark } = this.own;
        return carried === mark || (formerMark !== undefined && carried === formerMark && this.declared.has(name));
    }

    private isAsked(name: string, holder: Seen | undefined): boolean {
        const { asked } = this;
        return asked !== undefined && holder?.name === asked.bridge && (asked.names === "all" || asked.names.has(name));
    }

    /** The taps that belong to it and are not judged yet. */
    private ownTaps(): Link[] {
        const found: Link[] = [];
        for (const link of this.links.values()) if (this.isOwnTap(link)) found.push(link);
        return found;
    }

    private isOwnTap({ name, alias, tap, data }: Link): boolean {
        if (tap === undefined || this.members.get(name)?.state) return false;
        const { mark } = this.own;
        const row = this.members.get(name)?.rows?.links[0];
        // A tap that Open vSwitch itself opened, for an internal port, is not one that somebody made.
        if (alias === undefined && isMadeBySwitch(row)) return false;
        if (this.isOurs(name, alias === mark ? mark : ownerFrom(alias)?.mark)) return true;
        return (
            data.persist === true &&
            alias === undefined &&
            this.asked !== undefined &&
            this.members.has(name) &&
            typeOf(row) === "system"
        );
    }

    async atTaps(host: Host): Promise<void> {
        const taps = await tapsHere(host, this.ownTaps(), (name) => this.declared.get(name)?.tap);
        for (const [name, tap] of taps) {
            const member = this.members.get(name) ?? {
                name,
                marked: true,
                unshaped: false,
                unpoliced: false,
                unheard: false,
                takesOperatorPath: this.declared.get(name)?.takesOperatorPath,
            };
            this.members.set(name, { ...member, tap, marked: member.marked && tap.link.alias === this.own.mark });
        }
    }

    /** Whether a port is gone of which flows held something. */
    lacksGuarded(bridge: Seen | undefined): boolean {
        if (!bridge) return false;
        for (const [name, port] of this.declared)
            if (!this.members.get(name)?.rows && isHeldByFlows(bridge, port)) return true;
        return false;
    }

    /** Ports of which flows may hold something. */
    unjudged(): Seen[] {
        const found: Seen[] = [];
        for (const { rows, state } of this.members.values()) if (rows && !state) found.push(rows.port);
        return found;
    }

    /** What the ports on the set's bridge are like. */
    atStates(inForce: InForce) {
        const state: Record<string, PortOfSet> = {};
        const ofports: Record<string, number> = {};
        const faults: string[] = [];
        for (const member of this.members.values()) {
            const { name, rows, holder } = member;
            if (!rows || holder?.name !== this.bridge) continue;
            state[name] = member.state ??= this.stateOf(member, rows, inForce);
            const ofport = numberOf(rows.links[0]?.ofport) ?? -1;
            if (ofport > 0) ofports[name] = ofport;
            const fault = this.faultOf(member, rows, inForce);
            if (fault !== undefined) faults.push(`port ${name}: ${fault}`);
        }
        return { state, ofports, faults };
    }

    private stateOf(member: Member, rows: PortRows, inForce: InForce): PortOfSet {
        const { name, tap, marked } = member;
        const known = this.declared.get(name);
        const [row] = rows.links;
        const link = this.links.get(name);
        // A link that somebody else has marked may count as ours where a former mark is known.
        if (row && marked && known && standsAlone(rows) && (tap || !link?.alias)) {
            const { bridge, own } = this;
            judged.set(rows.port, {
                interface: row,
                link,
                known,
                bridge,
                mark: own.mark,
                member,
            });
        }
        return { ...portState(this.view, rows, inForce, known), ...(tap ? { tap: tap.state } : {}) };
    }

    private faultOf(
        { tap, unheard, unshaped, unpoliced }: Member,
        rows: PortRows,
        inForce: InForce,
    ): string | undefined {
        const {
            port,
            links: [link],
        } = rows;
        return (
            faultOf(link, this.view) ??
            (tap && this.own.known && !tap.link.up ? "its tap is set down" : undefined) ??
            (this.own.known && isSetDown(link, this.links) ? SET_DOWN : undefined) ??
            (this.own.known ? numberFault(this.view, this.bridge, link) : undefined) ??
            (this.own.known && isLoose(rows) ? LOOSE : undefined) ??
            (this.own.known && isOnTree(rows) ? ON_TREE : undefined) ??
            (this.own.known && unheard ? UNHEARD : undefined) ??
            (unshaped ? SHAPING_LOST : undefined) ??
            (unpoliced ? POLICING_LOST : undefined) ??
            (isSecured(port) ? strangeFault(inForce, this.bridge, flowNumberOf(link) ?? -1) : undefined)
        );
    }
}

/** What the switch says of an interface when it takes it up: no part of how it is declared, where no MTU is asked for. */
const TOLD = new Set(["ofport", "error", "ifindex", "mac_in_use", "mtu"]);

function differsByTold(was: Seen, now: Seen): boolean {
    if (numberOf(now.mtu_request) !== undefined) return false;
    for (const column in now) if (now[column] !== was[column] && column !== "_uuid" && !TOLD.has(column)) return false;
    return true;
}

/** OpenFlow numbers of members of which flows hold something. */
const guardedOf = (members: ReadonlyMap<string, Member>, bridge: string): number[] =>
    [...members.values()].flatMap(({ rows, holder }) =>
        rows && holder?.name === bridge && isGuarded(rows.port) ? [flowNumberOf(rows.links[0]) ?? -1] : [],
    );

/** Names of members that are secured. */
const securedOf = (members: ReadonlyMap<string, Member>, bridge: string): string[] =>
    [...members.values()].flatMap(({ name, rows, holder }) =>
        rows && holder?.name === bridge && isSecured(rows.port) ? [name] : [],
    );

/** Ports that a rename has left with the former mark are ours by that one. */
const markOf = (all: boolean, mark: string, formerMark: string | undefined): { mark?: string } =>
    all ? { mark } : formerMark ? { mark: formerMark } : {};

/** Why a port cannot be taken into a set. */
function strangerBecause(rows: PortRows, bridge: string, carried: string | undefined): string | undefined {
    const whose = belonging(carried);
    if (whose !== undefined) return whose;
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
