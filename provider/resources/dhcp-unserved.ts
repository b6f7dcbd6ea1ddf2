/** What a DHCP server is told to give and nobody gets, because of the addresses that its interface has. */
import { networkOfRange, type DhcpRange, type DhcpServer } from "../../schemas/dhcp";
import { isV6, isWithin, lengthOf, networkOf } from "../../schemas/ip-text";

/**
 * Sentences for a person; none where all is served.
 *
 * @param own   the addresses of its interface with their prefix lengths
 * @param where the host
 */
export function unserved(
    { interface: link, ranges, reservations }: DhcpServer,
    own: readonly string[],
    where: string,
): string[] {
    const isFar = (one: string) => !own.some((address) => isWithin(one, networkOf(address)));
    const single = [
        ...ranges.flatMap(({ start, end = start }) => (isV6(start) ? [] : [start, end])),
        ...Object.values(reservations).flatMap(({ address, ipv6Address }) => [address ?? [], ipv6Address ?? []].flat()),
    ];
    const idle = ranges.filter((range) => isV6(range.start) && !isServed(range, own));
    const short = idle.flatMap((range) => {
        const lengths = own.filter((address) => isWithin(range.start, networkOf(address))).map(lengthOf);
        const longer = lengths.filter((length) => length > lengthOf(networkOfRange(range)));
        return longer.length > 0 ? [{ range, needed: Math.min(...longer) }] : [];
    });
    const strange = idle.filter((range) => !short.some((one) => one.range === range)).map(networkOfRange);
    const lost = [...new Set([...single.filter(isFar), ...strange])];
    return [
        ...(lost.length === 0
            ? []
            : [
                  `${link} on ${where} has no address in the network of ${lost.join(", ")}, so nobody gets ` +
                      "one from there; give it one with kvmnet:host:Address.",
              ]),
        ...short.map(
            ({ range, needed }) =>
                `${link} on ${where} has an address of prefix length ${needed}, and the range from ${range.start} is of ` +
                `${networkOfRange(range)}, so nobody gets an address of it; set its prefixLength to ${needed}.`,
        ),
    ];
}

/** Whether dnsmasq finds an address for the range: one in its network, with a prefix that is no longer (complete_context6 in dhcp6.c). */
const isServed = (range: DhcpRange, own: readonly string[]): boolean =>
    own.some((address) => {
        const network = networkOfRange(range);
        return lengthOf(address) <= lengthOf(network) && isWithin(address.split("/")[0] ?? "", network);
    });
