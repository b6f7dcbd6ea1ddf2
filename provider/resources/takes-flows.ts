/** Whether a bridge takes flows of ours, and what of it decides how they work: its controller, its protocols, its fail mode. */
import { isPassive } from "../../schemas/target-text";
import { HostError, shownName } from "../host/errors";
import { declaredCookies } from "../host/flow-notes";
import type { Flow } from "../host/flow-text";
import { textOf } from "../host/ovsdb/columns";
import type { Replica } from "../host/ovsdb/replica";
import type { BridgeFlows } from "../host/pipeline";

/**
 * A controller owns the flows of its bridge, so we put none there.
 *
 * @param need what would be one: `its ingress limit is a flow`
 * @throws HostError refused where the bridge has a controller
 */
export function requireNoController(view: Replica, bridge: string, subject: string, need: string): void {
    if (!hasController(view, bridge)) return;
    throw new HostError(
        "refused",
        subject,
        `the bridge ${shownName(bridge)} has a controller, which decides its flows, and ${need}`,
        "Set it at the controller, or remove the controller from the bridge.",
    );
}

/** Whether a bridge with these protocols speaks with us; without any it speaks all. */
export const isNewOpenflow = (protocols: readonly unknown[]): boolean =>
    protocols.length === 0 || protocols.some((protocol) => /^OpenFlow1[345]$/.test(String(protocol)));

/** @throws HostError refused for a bridge whose OpenFlow is too old for meters and bundles of ours */
export function requireNewOpenflow(subject: string, bridge: string, protocols: readonly unknown[]): void {
    if (isNewOpenflow(protocols)) return;
    throw new HostError(
        "refused",
        subject,
        `the protocols of the bridge ${shownName(bridge)} are ${protocols.join(", ")}, and what ingress, portSecurity, Flows and a FlowKeeper put there needs OpenFlow13 or newer`,
        "Add OpenFlow14 to the bridge's protocols, or leave protocols out, which allows every version.",
    );
}

/** Whether a controller decides the flows of its bridge; a service controller only looks in now and then. */
export const isPrimary = (type: string | undefined, target: string): boolean =>
    (type ?? (isPassive(target) ? "service" : "primary")) === "primary";

/** Whether somebody else decides the flows of a bridge. @param but target of a controller that does not count */
export const hasController = (view: Replica, bridge: string, but?: string): boolean =>
    view
        .referred("Controller", view.byName("Bridge", bridge)?.controller)
        .some(({ type, target }) => target !== but && isPrimary(textOf(type), String(target)));

/** A bridge's flows with what the database says of them. */
export const bridgeFlows = (view: Replica, bridge: string, flows: Flow[]): BridgeFlows => ({
    flows,
    cookies: declaredCookies(view.byName("Bridge", bridge)),
    secure: isSecure(view, bridge),
});

/** Whether a bridge passes nothing without a flow. */
export const isSecure = (view: Replica, bridge: string): boolean =>
    textOf(view.byName("Bridge", bridge)?.fail_mode) === "secure";
