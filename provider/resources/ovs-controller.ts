/** An OpenFlow controller of a bridge. */
import { OvsController, OvsControllerOutputs } from "../../schemas/ovs-controller";
import { Target } from "../../schemas/ovs-target";
import { IfName } from "../../schemas/units";
import { HostError, shownName } from "../host/errors";
import { declaredCookies } from "../host/flow-notes";
import { keyOf, textOf } from "../host/ovsdb/columns";
import type { Replica } from "../host/ovsdb/replica";
import { attachedRow, managedBy, oursFirst, stateBy, type Shape } from "./attached-row";
import { inBandCautions } from "./in-band";
import { permissionOf } from "./operator-guard";
import { keepLastController, keepOverController } from "./ovs-bridge-path";
import { isGuarded, portsThat } from "./ovs-ingress";
import { targetCautions } from "./ovs-manager";
import { missingBridge } from "./ovs-monitoring";
import { hasController, isPrimary } from "./takes-flows";

const SHAPE: Shape<OvsController> = {
    columns: {
        target: ["target", "text"],
        type: ["type", "text"],
        connectionMode: ["connection_mode", "text"],
        inactivityProbe: ["inactivity_probe", "number"],
        maxBackoff: ["max_backoff", "number"],
        localIp: ["local_ip", "text"],
        localNetmask: ["local_netmask", "text"],
        localGateway: ["local_gateway", "text"],
        asyncMessages: ["enable_async_messages", "flag"],
        rateLimit: ["controller_rate_limit", "number"],
        burstLimit: ["controller_burst_limit", "number"],
        queueSize: ["controller_queue_size", "number"],
    },
    otherConfig: { dscp: ["dscp", "number"] },
};

export const ovsController = attachedRow<OvsController>({
    type: "kvmnet:ovs:Controller",
    title: "OVS controller",
    description:
        "An OpenFlow controller of one Open vSwitch bridge. A primary controller decides the flows: Open vSwitch empties the " +
        "bridge's tables when the first one comes and when the last one goes, and kvmnet puts no flow there. So a bridge " +
        "with `Flows`, or with a port that has portSecurity or whose ingress limit is a meter, takes none. What the bridge does while the " +
        "controller is away is its failMode.",
    schema: OvsController,
    cost: {
        bridge: "replace",
        target: "replace",
        type: "update",
        connectionMode: "update",
        inactivityProbe: "update",
        maxBackoff: "update",
        localIp: "update",
        localNetmask: "update",
        localGateway: "update",
        asyncMessages: "update",
        rateLimit: "update",
        burstLimit: "update",
        queueSize: "update",
        dscp: "update",
        takesOperatorPath: "update",
    },
    presets: { takesOperatorPath: false },
    known: permissionOf,
    outputs: OvsControllerOutputs,
    hook: { table: "Controller", parent: "Bridge", column: "controller", key: "target" },
    idOf: ({ bridge, target }) => `${bridge}/${target}`,
    idForm: "BRIDGE/TARGET",
    checkId: (id) => {
        const [bridge, target] = partsOf(id);
        const fine = IfName.safeParse(bridge).success && Target.safeParse(target).success;
        return fine ? undefined : "write the bridge's name and the target, such as br0/ssl:10.0.0.5:6653";
    },
    claims: ({ bridge, target }) => [`controller ${target} of ${bridge}`],
    cautions: async (host, want) => [
        ...(await targetCautions(host, want.target, `the flows of ${want.bridge}`)),
        ...(await inBandCautions(host, want, want.bridge)),
    ],
    at: (view, id, mark) => {
        const [bridge, target] = partsOf(id);
        const parent = view.byName("Bridge", bridge);
        const rows = view.referred("Controller", parent?.controller).filter((row) => row.target === target);
        return { parent, row: oursFirst(rows, mark), place: { bridge } };
    },
    managed: (_view, want) => managedBy(SHAPE, want),
    state: (_view, row) => stateBy(SHAPE, row),
    told: ({ is_connected, role }) => ({ isConnected: is_connected === true, role: textOf(role) }),
    async judge(host, view, want, subject) {
        refuseClosed(view, want);
        if (!isPrimary(want.type, want.target)) return keepLastController(host, subject, want);
        refuseOverFlows(view, want);
        await keepOverController(host, subject, want, view);
    },
    judgeRemoval: keepLastController,
    missing: ({ bridge }) => missingBridge(bridge),
});

/** @throws HostError refused where flows of ours would be lost, as they are to the first primary controller */
function refuseOverFlows(view: Replica, { bridge, target }: OvsController): void {
    if (hasController(view, bridge)) return;
    const row = view.byName("Bridge", bridge);
    const guarded = portsThat(isGuarded, view, bridge);
    const reasons = [
        ...(declaredCookies(row).length > 0 ? ["Flows"] : []),
        ...(guarded ? [`ports whose ingress limit or portSecurity is flows (${guarded})`] : []),
    ];
    if (reasons.length === 0) return;
    throw new HostError(
        "refused",
        `OVS controller ${shownName(bridge)}/${target}`,
        `the bridge has ${reasons.join(" and ")}, and a primary controller would empty its tables`,
        "Remove them first, or give the controller the type service.",
    );
}

/** Where Open vSwitch runs, unless its database says otherwise (ovs-ctl(8) writes it there). */
const RUN_FOLDER = "/var/run/openvswitch";

/** @throws HostError refused for a socket that Open vSwitch would never open (bridge.c, as the path is spelled) */
function refuseClosed(view: Replica, { bridge, target }: OvsController): void {
    const [, way, path = ""] = /^(p?unix):(.*)$/.exec(target) ?? [];
    if (way === undefined) return;
    const folder = keyOf(view.root()?.external_ids, "rundir") ?? RUN_FOLDER;
    const start = way === "unix" ? `${folder}/` : `${folder}/${bridge}.`;
    if (path.startsWith(start) && (way === "unix" || !path.slice(start.length).includes("/"))) return;
    throw new HostError(
        "refused",
        `OVS controller ${shownName(bridge)}/${target}`,
        `Open vSwitch opens no socket there for a controller: only ${way}:${start}NAME`,
        `Give the socket such a name${way === "unix" ? "" : ", which begins with the bridge's"}.`,
    );
}

function partsOf(id: string): [bridge: string, target: string] {
    const at = id.indexOf("/");
    return [id.slice(0, Math.max(at, 0)), id.slice(at + 1)];
}
