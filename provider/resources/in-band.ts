/**
 * What to warn of where a way into the switch is in-band: beside all flows, ovs-vswitchd then lets ARP with the host and
 * with the other side pass, and what comes from the other side's address, at every port alike ("In-Band Control" in the
 * design notes of Open vSwitch, https://docs.openvswitch.org/en/latest/topics/design/).
 */
import { isActive } from "../../schemas/target-text";
import type { Host } from "../host";
import { keyOf, textOf } from "../host/ovsdb/columns";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { isSecured, portsThat } from "./ovs-ingress";

/** A manager or controller, as far as it decides whether it is in-band. */
interface Way {
    target: string;
    connectionMode?: string;
}

const isInBand = ({ target, connectionMode }: Way): boolean => isActive(target) && connectionMode !== "out-of-band";

/** Whether a bridge never lets anything pass for what is in-band. */
const isClosed = (bridge: Seen): boolean => keyOf(bridge.other_config, "disable-in-band") === "true";

/** Before a manager or controller is made. @param bridge the one that a controller is for; a manager is for all */
export async function inBandCautions(host: Host, way: Way, bridge?: string): Promise<string[]> {
    if (!isInBand(way)) return [];
    const view = await host.switch();
    return view.all("Bridge").flatMap((row) => {
        const name = String(row.name);
        const ports = isClosed(row) ? undefined : portsThat(isSecured, view, name);
        return ports !== undefined && (bridge ?? name) === name ? [warning(way.target, name, ports)] : [];
    });
}

/** Before ports are secured. */
export async function besideFlows(host: Host, bridge: string, ports: readonly string[]): Promise<string[]> {
    const view = await host.switch();
    const row = view.byName("Bridge", bridge);
    if (!row || isClosed(row)) return [];
    return waysTo(view, row)
        .filter(isInBand)
        .map(({ target }) => warning(target, bridge, ports.slice(0, 10).join(", ")));
}

const waysTo = (view: Replica, bridge: Seen): Way[] =>
    [...view.referred("Manager", view.root()?.manager_options), ...view.referred("Controller", bridge.controller)].map(
        ({ target, connection_mode: mode }) => ({ target: String(target), connectionMode: textOf(mode) }),
    );

const warning = (target: string, bridge: string, ports: string): string =>
    `${target} is in-band: Open vSwitch lets ARP with this host and with that address pass beside all flows, so that portSecurity at ${bridge} (${ports}) does not keep a guest from saying there that it is another. ` +
    'Set connectionMode out-of-band, or give the bridge the otherConfig { "disable-in-band": "true" }.';
