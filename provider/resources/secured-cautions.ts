/** What to warn of before ports are secured: ways by which something passes beside their guards. */
import type { Host } from "../host";
import { parseFlows, type Flow } from "../host/flow-text";
import { numberOf } from "../host/ovsdb/columns";
import { isOurs, portOf } from "../host/pipeline";
import { besideFlows } from "./in-band";
import { WAY_PRIORITY } from "./table-zero";

export const securedCautions = async (host: Host, bridge: string, ports: readonly string[]): Promise<string[]> =>
    ports.length === 0 ? [] : [...(await besideFlows(host, bridge, ports)), ...(await pastGuards(host, bridge, ports))];

/** Flows of others that a frame meets before those that lead it to the guards of its port, or perhaps so. */
async function pastGuards(host: Host, bridge: string, ports: readonly string[]): Promise<string[]> {
    const view = await host.switch();
    const row = view.byName("Bridge", bridge);
    if (!row) return [];
    const flows = await host.read(host.openflow.reading("dump-flows", bridge), parseFlows);
    const others = new Set(
        view
            .referred("Port", row.ports)
            .filter(({ name }) => !ports.includes(String(name)))
            .flatMap(({ interfaces }) => view.referred("Interface", interfaces))
            .map(({ ofport }) => numberOf(ofport)),
    );
    const past = flows.filter((flow) => isBefore(flow) && !others.has(portOf(flow)));
    if (past.length === 0) return [];
    return [
        `Table 0 of ${bridge} holds ${past.length} flows that are not kvmnet's, with a priority of ${WAY_PRIORITY} or more: what they match may pass by portSecurity (${ports.slice(0, 10).join(", ")}), so that a guest says there that it is another. ` +
            `Give them a priority below ${WAY_PRIORITY}, or remove them (\`ovs-ofctl dump-flows ${bridge} table=0\` shows them).`,
    ];
}

/** What the host itself sends into its bridge is no guest's. */
const isBefore = (flow: Flow): boolean =>
    flow.table === 0 &&
    flow.priority >= WAY_PRIORITY &&
    flow.actions !== "drop" &&
    !/\bin_port=LOCAL\b/.test(flow.match) &&
    !isOurs(flow);
