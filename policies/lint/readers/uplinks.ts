/** Which ports of a bridge lead out of its host: no format says it in so many words. */
import { NotKnown } from "../../known";

export interface PossibleUplink {
    name: string;
    /** Undefined where nothing that was read tells. */
    leadsOut: boolean | undefined;
    /** Whether it says which VLANs it carries: what is behind such a port matters less. */
    saysVlans: boolean;
}

const NAMED_PHYSICAL = /^(en|eth|ib|bond|team|wl|p\d+p)\d?/;
const NAMED_GUEST = /^(tap|vnet|vhu|veth|fwln|fwpr|qvo|macvtap|dpdkvhost)/;

/** Whether a link leads out, as far as its name tells. */
export function leadsOutByName(name: string): boolean | undefined {
    if (NAMED_GUEST.test(name)) return false;
    return NAMED_PHYSICAL.test(name) ? true : undefined;
}

/** The uplinks of a bridge. Where of a port nothing tells, and it lists no VLANs, nobody knows. */
export function uplinksAmong(ports: readonly PossibleUplink[]): string[] | NotKnown {
    const open = ports.find(({ leadsOut, saysVlans }) => leadsOut === undefined && !saysVlans);
    if (open)
        return new NotKnown(
            `whether ${/^[\w.-]{1,15}$/.test(open.name) ? open.name : "a port"} is an uplink is not told`,
        );
    // A set has no order of its own, and findings should not change theirs.
    return ports.flatMap(({ name, leadsOut }) => (leadsOut === true ? [name] : [])).sort();
}
