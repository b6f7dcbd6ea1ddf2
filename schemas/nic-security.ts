/** As whom a guest may send by one of its NICs: a port's security, where it follows from the NIC. */
import { z } from "zod";
import { addressText } from "./ip-text";
import { PortSecurity } from "./ovs-port-parts";

const { mac, addresses } = PortSecurity.shape;

export const NicSecurity = z
    .strictObject({
        mac: mac.optional().describe("The only MAC address that it may send from; absent is the NIC's own."),
        addresses: addresses.describe(
            "IP addresses that it may send from beside the NIC's `address`, such as one that guests share; without both it may send from every one. A family of which none is given is refused, and DHCP passes.",
        ),
    })
    .meta({ token: "index:NicSecurity" })
    .describe(
        "As whom the guest may send by a NIC on a switch with portSecurity: what comes from another MAC or IP address is dropped. {} takes all from the NIC. Changes live.",
    );
export type NicSecurity = z.output<typeof NicSecurity>;

/**
 * What the NIC's port is told.
 *
 * @param nic its MAC address, and its address with the prefix length where it has one
 */
export function securityOf(
    { mac, addresses = [] }: NicSecurity,
    nic: { mac: string; address: string | undefined },
): PortSecurity {
    const own = nic.address?.split("/")[0];
    const all = [...new Set([...(own === undefined ? [] : [addressText(own) ?? own]), ...addresses])].sort();
    return { mac: mac ?? nic.mac, ...(all.length > 0 ? { addresses: all } : {}) };
}
