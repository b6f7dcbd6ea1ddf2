/** The addresses of a host's links, read in bulk by `ip -json address` (iproute2 6.1). */
import { z } from "zod";
import { addressText } from "../../schemas/ip-text";
import type { Host } from "./index";
import { parseList } from "./links";

/** One address of one link, in our spelling. */
export interface AddressSeen {
    link: string;
    /** Index of the link. */
    index: number;
    /** Address with prefix length: `10.0.0.11/24`; with a peer the length is that of the peer's network. */
    address: string;
    peer?: string;
    broadcast?: string;
    label?: string;
    scope: string;
    metric?: number;
    /** Remaining times [s]; absent is forever. */
    validLifetime?: number;
    preferredLifetime?: number;
    /** What `ip` says of it: `tentative`, `dadfailed`, `noprefixroute`, ... */
    flags: ReadonlySet<string>;
}

const FOREVER = 4294967295;
const time = z.number().default(FOREVER);

const IpAddressEntry = z.looseObject({
    local: z.string(),
    prefixlen: z.number(),
    address: z.string().optional(),
    broadcast: z.string().optional(),
    label: z.string().optional(),
    scope: z.string().default("global"),
    metric: z.number().optional(),
    valid_life_time: time,
    preferred_life_time: time,
});

const IpLinkEntry = z.object({
    ifname: z.string(),
    ifindex: z.number(),
    addr_info: z.array(z.union([IpAddressEntry, z.strictObject({})])).default([]),
});

/** @throws HostError bug on what is not the output of `ip -json address` */
function parseAddresses(text: string): AddressSeen[] {
    return parseList(text, IpLinkEntry, "addresses", "`ip -json address`").flatMap(({ ifname, ifindex, addr_info }) =>
        addr_info.flatMap((entry) => ("local" in entry ? [seen(ifname, ifindex, IpAddressEntry.parse(entry))] : [])),
    );
}

export const readAddresses = (host: Host): Promise<AddressSeen[]> =>
    host.read(["ip", "-json", "address", "show"], parseAddresses);

function seen(link: string, index: number, entry: z.output<typeof IpAddressEntry>): AddressSeen {
    const { local, prefixlen, address, broadcast, label, scope, metric } = entry;
    const remaining = (seconds: number) => (seconds === FOREVER ? undefined : seconds);
    return {
        link,
        index,
        address: `${addressText(local) ?? local}/${prefixlen}`,
        peer: address === undefined ? undefined : (addressText(address) ?? address),
        broadcast,
        label,
        scope,
        metric,
        validLifetime: remaining(entry.valid_life_time),
        preferredLifetime: remaining(entry.preferred_life_time),
        flags: new Set(Object.keys(entry).filter((key) => entry[key] === true)),
    };
}
