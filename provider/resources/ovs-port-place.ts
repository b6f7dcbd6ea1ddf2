/** The place of a port at which flows hold it: its bridge, its link and its OpenFlow number. */
import { isSecured } from "./ovs-ingress";
import type { Shut } from "./ovs-plugged-shut";
import type { Rows, Wanted } from "./ovs-port-change";
import { keepsNumber } from "./ovs-reserved";
import type { PortRows } from "./ovs-rows";

/** How a port comes by a change to the place that it is to have. */
export interface Place {
    /** What flows hold of it stays: they name its OpenFlow number. */
    staysPut: boolean;
    /**
     * It passes nothing until its guards stand at its number; undefined for one that keeps that, or has none, or that
     * nothing has secured so far: that passes what it passed.
     */
    shut: Shut | undefined;
}

/**
 * @param rows    what is written
 * @param there   what is there; undefined where it is made
 * @param isWhole whether it stays on its bridge, and its link with it
 */
export function placeOf(
    { name, portSecurity, ofportRequest }: Wanted,
    { link }: Rows,
    there: PortRows | undefined,
    isWhole: boolean,
): Place {
    const [former] = there?.links ?? [];
    const staysPut = isWhole && keepsNumber(former, ofportRequest);
    const passesOn = isWhole && !(there && isSecured(there.port));
    return {
        staysPut,
        shut: portSecurity === undefined || staysPut || passesOn ? undefined : { name, link, there: former },
    };
}
