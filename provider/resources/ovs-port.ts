/** A port of an Open vSwitch bridge: one interface of the same name, or several as a bond. The bridge may be anybody's. */
import { OvsPort, OvsPortOutputs } from "../../schemas/ovs-port";
import type { Host } from "../host";
import { managerCautions } from "../host/managers";
import { keyOf, numberOf, textOf } from "../host/ovsdb/columns";
import { absent, present, rowNamed } from "../host/ovsdb/operations";
import { flowNumberOf } from "../host/ovsdb/numbers";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { OWNER_KEY } from "../owner";
import { ovsdb, type Plan, type Step } from "../plan";
import type { Found, HostResource, Outputs } from "../resource";
import { downCautions } from "./down-cautions";
import { BOND_PRESETS, bondRow, bondState } from "./ovs-bond-rows";
import { faultOf } from "./ovs-fault";
import { guardOf, hasMeter, holdsMore, inForceOf, isGuarded, isHeldByFlows, isSecured } from "./ovs-ingress";
import { isLetGo, pluggedAgain, UNHEARD, unheardOf, untilLetGo } from "./ovs-link-lost";
import { bringUp, isMadeBySwitch, isSetDown, removeLeft, SET_DOWN } from "./ovs-link-up";
import { refuseHeld } from "./ovs-held";
import { unasked, untilMtuTold } from "./ovs-mtu";
import { numberClaim, numberFault, refuseDisplaced, renumbered } from "./ovs-numbers";
import { isOnTree, ON_TREE } from "./ovs-off-tree";
import { changedPort, linkNames, newPort, plug, rowsOf, unplug, type Change, type Rows } from "./ovs-port-change";
import { isShut, opened, shutAgain, shutLink, shutRows } from "./ovs-plugged-shut";
import { idleQueuesAt } from "./ovs-idle-queues";
import { needsOf, type Needs } from "./ovs-port-needs";
import { keepThrough } from "./ovs-port-path";
import { placeOf } from "./ovs-port-place";
import { conflictOf, interfacesOf, PORT_PRESETS, portState, typeOf } from "./ovs-port-rows";
import { requireColumns, type PortRows } from "./ovs-rows";
import { isLoose, LOOSE, numbered } from "./ovs-reserved";
import { POLICING_LOST, policedAgain, unpolicedOf } from "./ovs-policing";
import { liftedFrom, queueingOf, SHAPING_LOST, shapedAgain, shapingLost, unshapedAll } from "./ovs-shaping";
import { keepLinks, keepPlugged, pathCautions } from "./operator-guard";
import { peerCautions, untilPatched } from "./ovs-patch";
import { isAtOtherSocket } from "./ovs-socket";
import { untilForwarding } from "./ovs-spanning-tree";
import { pastSecured, securedCautions } from "./secured-cautions";
import { keepOthersOn } from "./stands-on";
import { guardPorts, strangeFault, strayFault, strayOf, swept, unguardPorts, unstray, type Guard } from "./table-zero";
import { isSecure } from "./takes-flows";
import { tunnelPlace } from "./ovs-tunnel";

interface PortHere extends Found<OvsPort> {
    view: Replica;
    rows: PortRows;
    /** Bridge that holds it; absent where none does. */
    holder: Seen | undefined;
    /** Its links of which the switch hears nothing. */
    unheard: Seen[];
    /** Whether its QoS stands in its row alone. */
    unshaped: boolean;
    /** Whether its policing does. */
    unpoliced: boolean;
    /** Whether its OpenFlow number is none that it asks for, in a sentence. */
    misnumbered: string | undefined;
    /** OpenFlow numbers at which flows of ours stand, and which it no longer has. */
    stray: number[];
    /** The open map as state knows it. */
    former: OvsPort["otherConfig"];
}

export const ovsPort: HostResource<OvsPort, PortHere> = {
    type: "kvmnet:ovs:Port",
    title: "OVS port",
    description:
        "A port of an Open vSwitch bridge: a tap or another device of the host, several of them as a bond, an internal one, " +
        "a patch to another bridge, a tunnel, or a guest's vhost-user NIC. " +
        "The device of a system port is somebody else's and stays when the port goes. " +
        "A port whose device is missing, or that Open vSwitch refuses, is kept in state with its words and repaired by the next update.",
    schema: OvsPort,
    cost: {
        name: "replace",
        bridge: "replace",
        type: "replace",
        vlanMode: "update",
        tag: "update",
        trunks: "update",
        cvlans: "update",
        options: "update",
        mac: "update",
        ofportRequest: "update",
        mtuRequest: "update",
        ingress: "update",
        portSecurity: "update",
        protected: "update",
        qos: "update",
        interfaces: "update",
        bondMode: "update",
        lacp: "update",
        lacpTime: "update",
        lacpFallbackAb: "update",
        bondUpdelay: "update",
        bondDowndelay: "update",
        otherConfig: "update",
        takesOperatorPath: "update",
    },
    replaces: (was, want) => (isAtOtherSocket(was, want) ? ["options"] : []),
    standsOn: ["interfaces"],
    presets: { ...PORT_PRESETS, ...BOND_PRESETS },
    outputs: OvsPortOutputs,
    follows: {
        // A bond has none.
        ofport: ({ ofportRequest, interfaces }) => [ofportRequest, interfaces === undefined],
        macInUse: ({ mac, interfaces }) => [mac, interfaces === undefined],
        mtu: ({ mtuRequest, interfaces }) => [mtuRequest, interfaces === undefined],
    },
    placesOf: (port) => [...linkNames(port).map((link) => `interface ${link}`), ...tunnelPlace(port)],

    async find(host, name, { known }) {
        const view = await host.switch();
        const port = view.byName("Port", name);
        if (!port) return undefined;
        const rows = { port, links: interfacesOf(view, port) };
        const holder = view.holderOf(port);
        const bridge = textOf(holder?.name) ?? "";
        const inForce = await inForceOf(host, bridge, [port]);
        const mark = keyOf(port.external_ids, OWNER_KEY);
        const stray = strayOf(inForce, mark ?? "", [flowNumberOf(rows.links[0]) ?? -1]);
        // Most ports have no QoS, and then links need not be read.
        const unshaped = queueingOf(view, rows) !== undefined && shapingLost(view, rows, await host.links());
        const unpoliced = (await unpolicedOf(host, view, [rows])).has(name);
        const isDown =
            known !== undefined && isMadeBySwitch(rows.links[0]) && isSetDown(rows.links[0], await host.links());
        const unheard = known === undefined ? [] : await unheardOf(host, holder, rows.links);
        const [link, ...more] = rows.links;
        const strange = isSecured(port) && link ? strangeFault(inForce, bridge, flowNumberOf(link) ?? -1) : undefined;
        const misnumbered = known === undefined || more.length > 0 ? undefined : numberFault(view, bridge, link);
        return {
            view,
            rows,
            unheard,
            misnumbered,
            unshaped,
            unpoliced,
            stray,
            holder,
            former: known?.otherConfig,
            state: {
                name,
                bridge,
                ...portState(view, rows, inForce, known),
                ...bondState(rows, known),
                type: link && (isLetGo(link) || isShut(link)) ? (known?.type ?? "system") : typeOf(link),
            },
            mark,
            objectId: port._uuid[1],
            outputs: outputsOf(rows),
            fault:
                faultsOf(rows, view) ??
                (isDown ? SET_DOWN : undefined) ??
                misnumbered ??
                (known !== undefined && isLoose(rows) ? LOOSE : undefined) ??
                (known !== undefined && isOnTree(rows) ? ON_TREE : undefined) ??
                (unheard.length > 0 ? UNHEARD : undefined) ??
                (unshaped ? SHAPING_LOST : undefined) ??
                (unpoliced ? POLICING_LOST : undefined) ??
                (stray.length > 0 ? strayFault(stray) : undefined) ??
                strange,
            beside: isSecured(port) ? pastSecured(view, bridge, [name], inForce.ahead) : [],
            conflict: conflictOf(rows, bridge),
        };
    },

    async create(host, declared, mark) {
        const subject = `OVS port ${declared.name}`;
        const view = await host.switch();
        const want = withNumber(host, view, declared);
        const needs = needsOf(host, view, subject, want.bridge, [want]);
        refuseHeld(view, subject, want);
        refuseDisplaced(view, subject, want.bridge, [want], mark);
        await keepLinks(host, subject, want, devicesOf(want), `the bridge ${want.bridge}`);
        const managed = await writable(host, subject, want, needs, mark);
        const { shut } = placeOf(want, managed, undefined, false);
        return [
            plugs(want, shut ? { ...managed, link: shutLink(shut) } : managed),
            ...renumbered(view, want.bridge, [want]),
            ...guards(want, needs, mark),
            ...opened(shut ? [shut] : []),
            ...up(want),
        ];
    },

    async update(host, found, declared, mark) {
        const subject = `OVS port ${declared.name}`;
        const { view, rows, unheard, unshaped, unpoliced, misnumbered, holder, state } = found;
        const want = withNumber(host, view, declared);
        const needs = needsOf(host, view, subject, want.bridge, [want]);
        refuseHeld(view, subject, want, rows.port);
        refuseDisplaced(view, subject, want.bridge, [want], mark);
        const managed = await writable(host, subject, want, needs, mark, found);
        const lift = liftedFrom(
            rows,
            rows.links.some(({ name }) => !(want.interfaces ?? [want.name]).includes(String(name))),
        );
        const moves = holder?.name !== want.bridge;
        const isWhole = !moves && unheard.length === 0 && !rows.links.some(isShut) && !misnumbered;
        const { staysPut, shut } = placeOf(want, managed, rows, isWhole);
        const { operations, undo } = shut
            ? changedPort(shutRows(rows), want, { ...managed, link: shutLink(shut) }, "")
            : changedPort(rows, want, managed, "");
        const there = moves ? [] : devicesOf(state);
        const come = devicesOf(want).filter((name) => !there.includes(name));
        await keepLinks(host, subject, want, come, `the bridge ${want.bridge}`);
        if (holder) await keepThrough(host, subject, want, [{ was: state, want, moves }]);
        const stays = staysPut ? guardOf(want, needs.isMetered(want)) : {};
        return [
            ...lift.steps,
            ...(shut ? shutAgain([rows]) : []),
            ...(holdsMore(rows.port, stays) ? unguards(found, mark, stays) : strays(found)),
            ...untilLetGo(want.bridge, rows.links),
            ...pluggedAgain(shut ? [] : unheard),
            ...shapedAgain(unshaped ? [rows] : []),
            ...policedAgain(unpoliced ? [rows] : []),
            ...(want.mtuRequest === undefined && holder && !moves ? unasked(view, holder, rows.links) : []),
            ovsdb(
                `sets the OVS port ${want.name}`,
                [
                    present("Bridge", want.bridge),
                    ...lift.again,
                    ...operations,
                    ...(moves && holder ? [unplug(holder._uuid, [rows.port._uuid])] : []),
                    ...(moves ? [plug(want.bridge, [rows.port._uuid])] : []),
                ],
                [
                    ...undo,
                    ...(moves ? [unplug(rowNamed("Bridge", want.bridge), [rows.port._uuid])] : []),
                    ...(moves && holder ? [plug(String(holder.name), [rows.port._uuid])] : []),
                ],
            ),
            ...renumbered(view, want.bridge, [want]),
            ...guards(want, needs, mark, staysPut ? guardOf(state, hasMeter(rows.port)) : undefined),
            ...opened(shut ? [shut] : []),
            ...up(want),
        ];
    },

    async delete(host, found, mark) {
        const { holder, state, rows } = found;
        const made = rows.links.filter(isMadeBySwitch).map(({ name }) => String(name));
        await keepOthersOn(host, `OVS port ${state.name}`, made, mark);
        if (holder) await keepPlugged(host, `OVS port ${state.name}`, state, linkNames(state));
        return [
            // A link that is shut has no limits of its own.
            ...(holder ? [...unshapedAll([rows]), ...shutAgain([rows])] : []),
            ...(isGuarded(rows.port) ? unguards(found, mark) : []),
            ...(holder
                ? [
                      ovsdb(`unplugs ${state.name} from ${String(holder.name)}`, [
                          unplug(holder._uuid, [rows.port._uuid]),
                      ]),
                      ...(await removeLeft(host, rows.links)),
                  ]
                : []),
        ];
    },

    async leftBehind(host, { known }) {
        const view = await host.switch();
        return known && isHeldByFlows(view.byName("Bridge", known.bridge), known) ? swept(view, known.bridge) : [];
    },

    claims: ({ name, bridge, type, interfaces, ofportRequest }) =>
        interfaces?.length
            ? [`plug of ${name}`, ...interfaces.map((link) => `plug of ${link}`)]
            : [
                  type === "internal" || type === "tap" ? `link ${name}` : `plug of ${name}`,
                  ...numberClaim(bridge, ofportRequest),
              ],

    newOf(was, want) {
        const isSecuredNow = want.portSecurity !== undefined && was.portSecurity === undefined;
        const isShapedNow = want.qos !== undefined && want.qos !== was.qos;
        const come = devicesOf(want).some((link) => !devicesOf(was).includes(link));
        return isSecuredNow || isShapedNow || come ? want : undefined;
    },

    async cautions(host, want) {
        const { name, bridge, portSecurity } = want;
        const devices = devicesOf(want);
        const own = [
            ...(await securedCautions(host, bridge, portSecurity ? [name] : [])),
            ...(await idleQueuesAt(host, bridge, [want])),
        ];
        if (devices.length > 0)
            return [
                ...own,
                ...(await managerCautions(host, devices, "this port")),
                ...(await downCautions(host, devices)),
                ...(await pathCautions(host, want, devices, bridge)),
            ];
        return [...own, ...(await peerCautions(host, [want]))];
    },

    async settle(host, want) {
        const { name, bridge, type, mtuRequest } = want;
        if (mtuRequest !== undefined) await untilMtuTold(host, linkNames(want));
        if (type === "patch") await untilPatched(host, [name]);
        await untilForwarding(host, `OVS port ${name}`, bridge, [name]);
    },
};

/** Links of the host that it plugs in. */
const devicesOf = ({ name, type, interfaces }: OvsPort): string[] => (type === "system" ? (interfaces ?? [name]) : []);

/** The rows that are wanted, which this version of Open vSwitch can hold. */
async function writable(
    host: Host,
    subject: string,
    want: OvsPort,
    needs: Needs,
    mark: string,
    found?: PortHere,
): Promise<Rows> {
    const { port, link } = rowsOf(want, {
        mark,
        qos: needs.qosFor(want, found?.rows.port),
        metered: needs.isMetered(want),
        there: found?.rows.port,
    });
    const bond = bondRow(want, found?.former);
    // Keys that are no longer declared may be ours now, and what is declared stays when ours go.
    const other_config = { ...bond.keys.other_config, ...port.keys.other_config, ...want.otherConfig };
    const rows = {
        port: { columns: { ...port.columns, ...bond.columns }, keys: { ...port.keys, other_config } },
        link,
    };
    await requireColumns(host, subject, "Port", [rows.port]);
    await requireColumns(host, subject, "Interface", [rows.link]);
    return rows;
}

/** Interfaces, port and its place in the bridge, all or nothing. */
export function pluggedPort(want: OvsPort, managed: Rows): Change {
    const fresh = newPort(want, managed, "");
    return {
        operations: [
            absent("Port", want.name),
            present("Bridge", want.bridge),
            ...fresh.operations,
            plug(want.bridge, [fresh.port]),
        ],
        undo: [unplug(rowNamed("Bridge", want.bridge), [rowNamed("Port", want.name)])],
    };
}

function plugs(want: OvsPort, managed: Rows): Step {
    const { operations, undo } = pluggedPort(want, managed);
    return ovsdb(`plugs ${want.name} into ${want.bridge}`, operations, undo);
}

/** The port with the number that it is to ask for. */
const withNumber = (host: Host, view: Replica, want: OvsPort): OvsPort =>
    numbered(host, view, want.bridge, [want])[0] ?? want;

/** Nobody else sets a link up that Open vSwitch makes. */
const up = ({ type, name }: OvsPort): Plan => (type === "internal" || type === "tap" ? [bringUp(name)] : []);

/** After the port is plugged, since a flow names its OpenFlow number. @param former what held before */
function guards(want: OvsPort, needs: Needs, mark: string, former?: Guard): Plan {
    const guard = { name: want.name, mark, ...guardOf(want, needs.isMetered(want)) };
    if (!guard.limit && !guard.security) return [];
    const secure = textOf(needs.bridge.fail_mode) === "secure";
    return [guardPorts(want.bridge, [{ ...guard, former }], secure, want)];
}

/**
 * Before the port goes, or its row forgets it; one without a number has no flow but those of a former one.
 *
 * @param stays what is to hold of it
 */
function unguards(found: PortHere, mark: string, stays: Guard = {}): Plan {
    const { view, holder, rows, state } = found;
    const ofport = flowNumberOf(rows.links[0]) ?? -1;
    const bridge = textOf(holder?.name);
    if (bridge === undefined || ofport <= 0) return strays(found);
    const was = { mark, ...guardOf(state, hasMeter(rows.port)) };
    const port = { name: state.name, ofport, was, stays };
    return [...strays(found), unguardPorts(bridge, [port], isSecure(view, bridge))];
}

/** Its flows carry the mark that its row has, whatever it is to become. */
function strays({ view, holder, stray, mark = "" }: PortHere): Plan {
    const bridge = textOf(holder?.name) ?? "";
    return unstray(bridge, stray, mark, isSecure(view, bridge));
}

function outputsOf({ links }: PortRows): Outputs {
    const [link, ...more] = links;
    const ofport = numberOf(link?.ofport);
    if (!link || more.length > 0) return {};
    return {
        ofport: ofport !== undefined && ofport > 0 ? ofport : undefined,
        macInUse: textOf(link.mac_in_use)?.toLowerCase(),
        mtu: numberOf(link.mtu),
    };
}

/** Every link of a bond is judged, and named. */
function faultsOf({ links }: PortRows, view: Replica): string | undefined {
    const faults = links.flatMap((link) => {
        const fault = faultOf(link, view);
        return fault === undefined ? [] : [links.length > 1 ? `${String(link.name)}: ${fault}` : fault];
    });
    return faults.length > 0 ? faults.join("; ") : undefined;
}
