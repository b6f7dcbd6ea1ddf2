/** What to warn of where ports are secured: ways by which something passes beside their guards. */
import type { Host } from "../host";
import { parseFlows, type Flow } from "../host/flow-text";
import { numberOf } from "../host/ovsdb/columns";
import type { Replica } from "../host/ovsdb/replica";
import { portOf } from "../host/pipeline";
import { besideFlows } from "./in-band";
import { isAhead, WAY_PRIORITY } from "./table-zero";

export const securedCautions = async (host: Host, bridge: string, ports: readonly string[]): Promise<string[]> =>
    ports.length === 0 ? [] : [...(await besideFlows(host, bridge, ports)), ...(await pastGuards(host, bridge, ports))];

async function pastGuards(host: Host, bridge: string, ports: readonly string[]): Promise<string[]> {
    const view = await host.switch();
    if (!view.byName("Bridge", bridge)) return [];
    const flows = await host.read(host.openflow.reading("dump-flows", bridge), parseFlows);
    return pastSecured(view, bridge, ports, flows.filter(isAhead));
}

/**
 * What to warn of where flows of others are met before the guards of secured ports.
 *
 * @param ahead flows that are met before ways to guards
 */
export function pastSecured(view: Replica, bridge: string, ports: readonly string[], ahead: readonly Flow[]): string[] {
    if (ports.length === 0 || ahead.length === 0) return [];
    const secured = new Set(ports);
    const others = new Set(
        view
            .referred("Port", view.byName("Bridge", bridge)?.ports)
            .filter(({ name }) => !secured.has(String(name)))
            .flatMap(({ interfaces }) => view.referred("Interface", interfaces))
            .map(({ ofport }) => numberOf(ofport)),
    );
    const past = ahead.filter((flow) => !others.has(portOf(flow)));
    if (past.length === 0) return [];
    return [
        `Table 0 of ${bridge} holds ${past.length} flows that are not kvmnet's, with a priority of ${WAY_PRIORITY} or more: what they match may pass by portSecurity (${ports.slice(0, 10).join(", ")}), so that a guest says there that it is another. ` +
            `Give them a priority below ${WAY_PRIORITY}, or remove them (\`ovs-ofctl dump-flows ${bridge} table=0\` shows them).`,
    ];
}
