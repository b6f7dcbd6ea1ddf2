/** Guests that no portSecurity holds to anything. */
import { at } from "../inputs";
import { known } from "../known";
import type { Stack } from "../stack";

/**
 * How many they are, by their bridge: ports without it, and NICs that libvirt plugs in.
 *
 * @param held names of ports that something else holds to what is asked for  @throws NotKnown
 */
export function freeGuests(stack: Stack, held: ReadonlySet<unknown> = new Set()): Map<string, number> {
    const counts = new Map<string, number>();
    const add = (bridge: string | undefined) => {
        if (bridge !== undefined) counts.set(bridge, (counts.get(bridge) ?? 0) + 1);
    };
    for (const port of stack.ports())
        if (stack.isGuests(port) && !held.has(port.name) && known(at(port.props, "portSecurity")) === undefined)
            add(known(port.bridge));
    for (const { nic } of stack.nics())
        // An audit tells of such a NIC's port as well.
        if (typeof nic.tap !== "string" || !(held.has(nic.tap) || stack.portByName().has(nic.tap)))
            add(known(nic.said("bridge")));
    return counts;
}
