/** An Open vSwitch bridge: a row in the switch database, and the link of the same name that comes with it. */
import { OvsBridge, OvsBridgeOutputs } from "../../schemas/ovs-bridge";
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import { declaredCookies } from "../host/flow-notes";
import { KEEPER_KEY } from "../host/flow-snapshot";
import { keyOf, numberOf, textOf } from "../host/ovsdb/columns";
import { absent, named, ofRow, rowNamed, set, type Operation } from "../host/ovsdb/operations";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { OWNER_KEY, sameStack } from "../owner";
import { ovsdb } from "../plan";
import type { Found, HostResource } from "../resource";
import { BRIDGE_PRESETS, bridgeRow, bridgeState, localRow, macInUse, pinFor, type FormerMaps } from "./ovs-bridge-rows";
import { keptOverFailMode } from "./ovs-fail-mode";
import { faultOf, isLinkGone } from "./ovs-fault";
import { isGuarded, isSecured, portsThat } from "./ovs-ingress";
import { keepPlugged, permissionOf } from "./operator-guard";
import { keepOverSecure, linksOn } from "./ovs-bridge-path";
import { hungByOthers } from "./ovs-hung";
import { bringUp, isSetDown, removeLeft, SET_DOWN } from "./ovs-link-up";
import { ageTakenUp } from "./ovs-max-age";
import { unasked, untilMtuTold } from "./ovs-mtu";
import { changedRow } from "./ovs-port-change";
import { requireColumns, rowOf, type Managed } from "./ovs-rows";
import { untilForwarding } from "./ovs-spanning-tree";
import { keepOthersOn } from "./stands-on";
import { isSecure, requireNewOpenflow } from "./takes-flows";

interface BridgeHere extends Found<OvsBridge> {
    view: Replica;
    row: Seen;
    /** The bridge's own interface. */
    local: Seen | undefined;
    /** The open maps as state knows them. */
    former: FormerMaps;
}

export const ovsBridge: HostResource<OvsBridge, BridgeHere> = {
    type: "kvmnet:ovs:Bridge",
    title: "OVS bridge",
    description:
        "A bridge of Open vSwitch, with its internal port up and a MAC address that stays. " +
        "Controllers, mirrors, flows and exports of it are resources of their own, and keys of its maps that are not declared here stay as they are. " +
        "It is not removed while it holds ports, mirrors, controllers, exports or flows, or carries links, that its stack did not make.",
    schema: OvsBridge,
    cost: {
        name: "replace",
        datapathType: "replace",
        failMode: "update",
        mac: "update",
        datapathId: "update",
        protocols: "update",
        stp: "update",
        stpPriority: "update",
        stpForwardDelay: "update",
        stpHelloTime: "update",
        stpMaxAge: "update",
        rstp: "update",
        rstpPriority: "update",
        rstpForwardDelay: "update",
        rstpMaxAge: "update",
        mcastSnooping: "update",
        mcastSnoopingAgingTime: "update",
        mcastSnoopingTableSize: "update",
        macTableSize: "update",
        macAgingTime: "update",
        mtuRequest: "update",
        uplinks: "update",
        otherConfig: "update",
        externalIds: "update",
        takesOperatorPath: "update",
    },
    presets: { ...BRIDGE_PRESETS, takesOperatorPath: false },
    outputs: OvsBridgeOutputs,
    follows: {
        macInUse: ({ mac }) => mac,
        // Where none is declared, Open vSwitch takes it from the address.
        datapathIdInUse: ({ mac, datapathId }) => datapathId ?? [mac],
    },

    async find(host, name, { known }) {
        const view = await host.switch();
        const row = view.byName("Bridge", name);
        if (!row) return undefined;
        const local = view.byName("Interface", name);
        const isDown = known !== undefined && isSetDown(local, await host.links());
        return {
            view,
            row,
            local,
            former: { otherConfig: known?.otherConfig, externalIds: known?.externalIds },
            state: { ...bridgeState(row, local, known), ...permissionOf(known) },
            mark: keyOf(row.external_ids, OWNER_KEY),
            objectId: row._uuid[1],
            outputs: { macInUse: macInUse(row, local), datapathIdInUse: textOf(row.datapath_id) },
            fault: bridgeFault(row, local) ?? (isDown ? SET_DOWN : undefined),
        };
    },

    async create(host, want, mark) {
        if ((await host.links()).has(want.name))
            throw new HostError(
                "conflict",
                `OVS bridge ${want.name}`,
                "a link of that name is there already, and it is no OVS bridge",
                "Choose another name, or remove the link.",
            );
        const managed = bridgeRow(want, mark, pinFor(await host.switch(), want.name));
        await writable(host, want, managed);
        return [
            ovsdb(
                `makes the OVS bridge ${want.name}`,
                addBridge(want, managed),
                dropBridge(rowNamed("Bridge", want.name)),
            ),
            bringUp(want.name),
        ];
    },

    async update(host, { view, row, local, former, state }, want, mark) {
        const managed = bridgeRow(want, mark, pinFor(view, want.name, row), former);
        await writable(host, want, managed);
        const changes = [
            changedRow("Bridge", row, managed),
            ...(local ? [changedRow("Interface", local, localRow(want))] : []),
        ];
        const secure = want.failMode === "secure";
        if (!secure) refuseOpenPorts(view, want.name);
        const hasFlows = declaredCookies(row).length > 0 || keyOf(row.external_ids, KEEPER_KEY) !== undefined;
        if (hasFlows || view.referred("Port", row.ports).some(isGuarded))
            requireNewOpenflow(`OVS bridge ${want.name}`, want.name, want.protocols ?? []);
        if (secure && state.failMode !== "secure") await keepOverSecure(host, `OVS bridge ${want.name}`, want, view);
        const change = ovsdb(
            `sets the OVS bridge ${want.name}`,
            changes.flatMap(({ operations }) => operations),
            changes.flatMap(({ undo }) => undo),
        );
        return [
            ...(want.mtuRequest === undefined && local ? unasked(view, row, [local]) : []),
            ...(state.failMode === want.failMode ? [change] : await keptOverFailMode(host, want.name, change, secure)),
            ...ageTakenUp(state, want),
            bringUp(want.name),
        ];
    },

    async delete(host, { row, local, state }, mark) {
        const view = await host.switch();
        const foreign = view
            .referred("Port", row.ports)
            .filter((port) => port.name !== state.name && !sameStack(keyOf(port.external_ids, OWNER_KEY), mark))
            .map((port) => shownName(String(port.name)));
        if (foreign.length > 0)
            throw new HostError(
                "refused",
                `OVS bridge ${state.name}`,
                `it holds ports that this stack did not make (${foreign.slice(0, 20).join(", ")}), so it is not removed`,
                "Remove or move these ports first.",
            );
        const hung = hungByOthers(view, row, mark);
        if (hung.length > 0)
            throw new HostError(
                "refused",
                `OVS bridge ${state.name}`,
                `on it is what this stack did not make (${hung.slice(0, 20).join(", ")}) and what would go with it, so it is not removed`,
                "Remove that first, by the stack or person that made it.",
            );
        await keepOthersOn(host, `OVS bridge ${state.name}`, [state.name], mark);
        await keepPlugged(host, `OVS bridge ${state.name}`, state, linksOn(view, state.name), "which is to be removed");
        return [
            ovsdb(`removes the OVS bridge ${state.name}`, removeBridge(row)),
            ...(await removeLeft(host, local ? [local] : [])),
        ];
    },

    claims: ({ name }) => [`link ${name}`],

    /** Where spanning tree was just switched on, the ports that are there learn first. */
    async settle(host, { name, stp, rstp, mtuRequest }) {
        if (mtuRequest !== undefined) await untilMtuTold(host, [name]);
        if (!stp && !rstp) return;
        const view = await host.switch();
        const ports = view.referred("Port", view.byName("Bridge", name)?.ports).map((port) => String(port.name));
        await untilForwarding(host, `OVS bridge ${name}`, name, ports);
    },
};

async function writable(host: Host, want: OvsBridge, managed: Managed): Promise<void> {
    await requireColumns(host, `OVS bridge ${want.name}`, "Bridge", [managed]);
    await requireColumns(host, `OVS bridge ${want.name}`, "Interface", [localRow(want)]);
}

/** @throws HostError refused where a restarted switch would let guests send as whom they like */
function refuseOpenPorts(view: Replica, name: string): void {
    const ports = portsThat(isSecured, view, name);
    if (ports === undefined || !isSecure(view, name)) return;
    throw new HostError(
        "refused",
        `OVS bridge ${name}`,
        `its failMode is secure and it has ports with portSecurity (${ports}); standalone, it would pass everything after a restart of ovs-vswitchd until their flows are back`,
        "Leave failMode secure, or remove portSecurity from these ports first, in a run of its own.",
    );
}

/** All or nothing: the bridge, its internal port and interface, and its place in the root row. */
function addBridge(want: OvsBridge, managed: Managed): Operation[] {
    const { name, datapathType } = want;
    const row = { name, datapath_type: datapathType, ports: named("port"), ...rowOf(managed) };
    const local = { name, type: "internal", ...rowOf(localRow(want)) };
    return [
        absent("Bridge", name),
        { op: "insert", table: "Interface", "uuid-name": "interface", row: local },
        { op: "insert", table: "Port", "uuid-name": "port", row: { name, interfaces: named("interface") } },
        { op: "insert", table: "Bridge", "uuid-name": "bridge", row },
        { op: "mutate", table: "Open_vSwitch", where: [], mutations: [["bridges", "insert", set(named("bridge"))]] },
    ];
}

/** Guarded by the ports that were judged: whoever adds one meanwhile does not lose it. */
function removeBridge(row: Seen): Operation[] {
    const where = ofRow(row._uuid);
    return [
        {
            op: "wait",
            timeout: 0,
            table: "Bridge",
            where,
            columns: ["ports"],
            until: "==",
            rows: [{ ports: row.ports }],
        },
        ...dropBridge(row._uuid),
    ];
}

/** Its ports, interfaces and the rest go with it. */
const dropBridge = (bridge: unknown): Operation[] => [
    { op: "mutate", table: "Open_vSwitch", where: [], mutations: [["bridges", "delete", set(bridge)]] },
];

/** A bridge whose datapath is missing gets neither port number nor error. */
function bridgeFault(row: Seen, link: Seen | undefined): string | undefined {
    if (isLinkGone(link))
        return "its own link is gone: somebody deleted it; restart ovs-vswitchd, which makes it again";
    const missing = textOf(row.datapath_type) !== "netdev" && link !== undefined && numberOf(link.ofport) === undefined;
    if (!missing || textOf(link.error)) return faultOf(link);
    return 'its datapath "system" did not come up; load the kernel module openvswitch, or set datapathType to netdev';
}
