/** The sFlow export of a bridge. */
import { addressText, isV6 } from "../../schemas/ip-text";
import { OvsSflow } from "../../schemas/ovs-monitoring";
import { exportOf } from "./ovs-monitoring";

/** UDP port of a collector that names none. */
const USUAL_PORT = 6343;

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
    inOurWords: (state) => ({ ...state, targets: state.targets?.map(withPort).sort() }),
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

/** `10.0.0.9:6343`, `[fd00::9]:6343`, for what may be an address alone. */
function withPort(target: string): string {
    const address = addressText(target.replace(/^\[(.*)\]$/, "$1"));
    if (address === undefined) return target;
    return `${isV6(address) ? `[${address}]` : address}:${USUAL_PORT}`;
}
