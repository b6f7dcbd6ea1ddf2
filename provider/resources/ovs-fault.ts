/** Whether ovs-vswitchd really plugged an interface: the database says "done" for devices that do not exist. */
import { keyOf, numberOf, textOf } from "../host/ovsdb/columns";
import type { Row } from "../host/ovsdb/operations";
import type { Replica } from "../host/ovsdb/replica";
import { quoted } from "../host/errors";
import { isShut, SHUT } from "./ovs-plugged-shut";

/** Types that stand for a link of the host. */
const DEVICES = /^(system|internal|tap)?$/;

/**
 * What is wrong with an interface, in the switch's words; undefined when it has an OpenFlow port and no error. A patch
 * whose peer is nowhere yet is whole: of two ends one is made first.
 */
export function faultOf(row: Row | undefined, view?: Replica): string | undefined {
    if (row && isShut(row)) return SHUT;
    const error = textOf(row?.error);
    if (error && row?.type === "patch" && !view?.byName("Interface", keyOf(row.options, "peer") ?? ""))
        return undefined;
    if (error) return `Open vSwitch says: ${quoted(error)}`;
    const port = numberOf(row?.ofport);
    if (port === undefined) return "ovs-vswitchd has not taken it up yet; check that it runs";
    if (port <= 0) return "ovs-vswitchd could not open the device";
    return isLinkGone(row) ? "its link is gone: somebody deleted it" : undefined;
}

/** Whether somebody deleted the link that the switch still holds on to: what is no device of the host always has this index. */
export const isLinkGone = (row: Row | undefined): boolean =>
    numberOf(row?.ifindex) === 0 && DEVICES.test(textOf(row?.type) ?? "");
