/** The sFlow export of a bridge. */
import { OvsSflow } from "../../schemas/ovs-monitoring";
import { exportOf } from "./ovs-monitoring";

export const ovsSflow = exportOf<OvsSflow>("sflow", {
    type: "kvmnet:ovs:Sflow",
    title: "sFlow export of the OVS bridge",
    description:
        "The sFlow export of one Open vSwitch bridge: samples of packets and counters of ports, sent to collectors.",
    schema: OvsSflow,
    cost: {
        bridge: "replace",
        targets: "update",
        agent: "update",
        header: "update",
        polling: "update",
        sampling: "update",
    },
    presets: { header: 128, polling: 30, sampling: 400 },
    table: "sFlow",
    port: 6343,
    shape: {
        columns: {
            targets: ["targets", "list"],
            agent: ["agent", "text"],
            header: ["header", "number"],
            polling: ["polling", "number"],
            sampling: ["sampling", "number"],
        },
    },
});
