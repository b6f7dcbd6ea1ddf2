/** What a change of a whole bridge of Open vSwitch takes from a connection that runs over it: it goes, or passes nothing for want of flows. */
import type { OvsController } from "../../schemas/ovs-controller";
import type { Host } from "../host";
import { shownName } from "../host/errors";
import { connectionText } from "../host/operators";
import type { Replica } from "../host/ovsdb/replica";
import { passingUnasked, tracing } from "../host/switch-ways";
import { keepCarried, keepPlugged, kept, SAY_THAT, type Told } from "./operator-guard";
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
    if (told.takesOperatorPath || hasController(view, told.name)) return;
    if (!(await passesByFlows(host, told.name))) {
        const change = "whose bridge passes nothing with failMode secure, as it has no flow that passes";
        return keepCarried(host, subject, told, linksOn(view, told.name), change);
    }
    const probe = await passingUnasked(host, told.name);
    if (probe)
        throw kept(
            subject,
            `${connectionText(probe.operator)} runs through it, where what comes in at ${shownName(probe.from)} passes by no flow that stays with failMode secure`,
            `\`ovs-appctl ${tracing(probe).join(" ")}\` tells what becomes of such a packet. Give it a flow. ${SAY_THAT}, or connect over another link.`,
        );
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
