/** What another fail mode does to the flows of a bridge: it removes them all, and those that are put back decide what passes. */
import type { Host } from "../host";
import { flowText, groupText, meterText, type Flow } from "../host/flow-text";
import { valuesOf } from "../host/ovsdb/columns";
import { isHandingOn, SHARED_COOKIE } from "../host/pipeline";
import type { Action, Plan, Step } from "../plan";
import { look } from "./flow-tables";
import { shared } from "./table-zero";
import { hasController, isNewOpenflow } from "./takes-flows";

/**
 * Another fail mode empties a bridge: its flows, groups and meters are gone, whoever made them (Open vSwitch 3.1). They are
 * read before the step that changes the fail mode, and put back after it; and after its undo, which empties the bridge
 * again. Nothing where there are none, nor on a bridge that does not speak with us, which has none of ours.
 *
 * @param change the step that changes the fail mode
 * @param secure whether it is secure then
 * @throws HostError lost or refused where a FlowKeeper has not yet put back what it keeps
 */
export async function keptOverFailMode(host: Host, bridge: string, change: Step, secure: boolean): Promise<Plan> {
    const view = await host.switch();
    if (hasController(view, bridge) || !isNewOpenflow(valuesOf(view.byName("Bridge", bridge)?.protocols)))
        return [change];
    await host.openflow.kept.untilPutBack(bridge);
    const { flows, groups, meters } = await look(host, bridge);
    const lines = [
        ...meters.map((meter) => `meter put ${meterText(meter)}`),
        ...groups.map((group) => `group add_or_mod ${groupText(group)}`),
        ...flows
            .filter((flow) => flow.cookie !== SHARED_COOKIE && !isStandalones(flow))
            .map((flow) => `flow add cookie=${flow.cookie},${flowText(flow)}`),
    ];
    if (lines.length === 0) return [change];
    const back = (isSecure: boolean): Action => ({
        via: "openflow",
        bridge,
        bundle: [...lines, shared(isSecure)],
        whole: true,
    });
    return [
        { ...change, undo: [...(change.undo ?? []), back(!secure)] },
        {
            what: `puts back the flows of ${bridge}, which a change of its fail mode removes`,
            action: back(secure),
        },
    ];
}

/** Whether anything that stays when a bridge becomes secure may pass packets on: neither what only hands on to a user's flows, nor a drop. */
export async function passesByFlows(host: Host, bridge: string): Promise<boolean> {
    const view = await host.switch();
    if (!isNewOpenflow(valuesOf(view.byName("Bridge", bridge)?.protocols))) return false;
    return (await look(host, bridge)).flows.some(
        (flow) => flow.actions !== "drop" && !isStandalones(flow) && !isHandingOn(flow),
    );
}

/** The one flow that a standalone bridge puts into its tables by itself. */
const isStandalones = ({ cookie, table, priority, match }: Flow): boolean =>
    cookie === "0x0" && table === 0 && priority === 0 && match === "";
