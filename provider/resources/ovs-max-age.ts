/** The maximum age of rapid spanning tree, which the switch takes up before the delay that belongs to it. */
import type { OvsBridge } from "../../schemas/ovs-bridge";
import { present } from "../host/ovsdb/operations";
import { ovsdb, type Plan } from "../plan";

/** What Open vSwitch has where nothing is said [s]. */
const [USUAL_AGE, USUAL_DELAY] = [20, 15];

/**
 * After a change of a bridge: an age that its delay so far does not allow is left out without a word, and taken up with the
 * next change of the database, whatever that is.
 *
 * @see Open vSwitch ofproto/ofproto-dpif.c set_rstp and lib/rstp.c rstp_set_bridge_max_age__
 */
export function ageTakenUp(was: OvsBridge, want: OvsBridge): Plan {
    const delay = (was.rstp === true ? was.rstpForwardDelay : undefined) ?? USUAL_DELAY;
    if (want.rstp !== true || (want.rstpMaxAge ?? USUAL_AGE) <= 2 * (delay - 1)) return [];
    return [ovsdb(`has ${want.name} take its maximum age up`, [present("Bridge", want.name)])];
}
