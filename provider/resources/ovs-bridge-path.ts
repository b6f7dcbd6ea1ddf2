/** What a change of a whole bridge of Open vSwitch takes from a connection that runs over it: it goes, or passes nothing for want of flows. */
import type { OvsController } from "../../schemas/ovs-controller";
import type { Host } from "../host";
import type { Replica } from "../host/ovsdb/replica";
import { keepCarried, keepPlugged, type Told } from "./operator-guard";
import { passesByFlows } from "./ovs-fail-mode";
import { hasController, isSecure } from "./takes-flows";

/** Every link that is plugged into a bridge, its own first. */
export function linksOn(view: Replica, bridge: string): string[] {
    const links = view.interfacesOn(view.byName("Bridge", bridge));
    return [...new Set([bridge, ...links.map(({ name }) => String(name))])];
}

/** Before a bridge becomes secure: from then on only flows pass anything, if no controller has put its own there. @throws HostError refused */
export async function keepOverSecure(
    host: Host,
    subject: string,
    told: Told & { name: string },
    view: Replica,
): Promise<void> {
    if (hasController(view, told.name) || (await passesByFlows(host, told.name))) return;
    const change = "whose bridge passes nothing with failMode secure, as it has no flow that passes";
    await keepCarried(host, subject, told, linksOn(view, told.name), change);
}

/**
 * Before a bridge gets its first primary controller, which empties its tables. Refused on a standalone bridge, too: it
 * switches by itself again only after 15 s, and not at all where the controller is there and puts nothing.
 *
 * @throws HostError refused
 */
export async function keepOverController(
    host: Host,
    subject: string,
    want: OvsController,
    view: Replica,
): Promise<void> {
    if (hasController(view, want.bridge)) return;
    const change =
        "whose bridge loses its flows to a first primary controller and passes nothing until that has put some there";
    await keepCarried(host, subject, want, linksOn(view, want.bridge), change);
}

/** Before a bridge loses its last primary controller, and with it all flows: one that is standalone switches by itself then. @throws HostError refused */
export async function keepLastController(host: Host, subject: string, controller: OvsController): Promise<void> {
    const { bridge, target } = controller;
    const view = await host.switch();
    if (!isSecure(view, bridge) || !hasController(view, bridge) || hasController(view, bridge, target)) return;
    const change =
        "whose bridge loses its flows with its last primary controller and passes nothing with failMode secure";
    await keepPlugged(host, subject, controller, linksOn(view, bridge), change);
}
