/** The NetFlow export of a bridge. */
import { OvsNetflow } from "../../schemas/ovs-monitoring";
import { exportOf } from "./ovs-monitoring";

export const ovsNetflow = exportOf<OvsNetflow>("netflow", {
    type: "kvmnet:ovs:Netflow",
    title: "NetFlow export of the OVS bridge",
    description:
        "The NetFlow (version 5) export of one Open vSwitch bridge: IPv4 flows, sent to collectors when they end, and now and then while they go on.",
    schema: OvsNetflow,
    cost: {
        bridge: "replace",
        targets: "update",
        engineId: "update",
        engineType: "update",
        activeTimeout: "update",
        addIdToInterface: "update",
    },
    // A negative time is the usual one, which 0 is, too (Open vSwitch vswitchd/bridge.c, bridge_configure_netflow).
    inOurWords: (state) => ({ ...state, activeTimeout: Math.max(0, state.activeTimeout ?? 0) }),
    table: "NetFlow",
    shape: {
        columns: {
            targets: ["targets", "list"],
            engineId: ["engine_id", "number"],
            engineType: ["engine_type", "number"],
            activeTimeout: ["active_timeout", "number"],
            addIdToInterface: ["add_id_to_interface", "flag"],
        },
    },
});
