/** What a host was told of its neighbours, read in bulk by `ip -json neighbour` (iproute2 6.1). */
import { z } from "zod";
import { addressText } from "../../schemas/ip-text";
import type { Host } from "./index";
import { parseList } from "./links";

/** One entry. */
export interface NeighborSeen {
    link: string;
    address: string;
    mac?: string;
    protocol: number;
}

const IpNeighbor = z.object({
    dst: z.string(),
    dev: z.string(),
    lladdr: z.string().optional(),
    protocol: z.coerce.number().catch(0),
});

/** @throws HostError bug on what is not the output of `ip -json neighbour` */
function parseNeighbors(text: string): NeighborSeen[] {
    return parseList(text, IpNeighbor, "neighbours", "`ip -json neighbour`").map(({ dst, dev, lladdr, protocol }) => ({
        link: dev,
        address: addressText(dst) ?? dst,
        mac: lladdr?.toLowerCase(),
        protocol,
    }));
}

/** MAC addresses that the host knows, whoever told it, by `LINK ADDRESS`. */
export const readMacs = async (host: Host): Promise<ReadonlyMap<string, string>> =>
    new Map(
        (await host.read(["ip", "-N", "-json", "neighbour", "show"], parseNeighbors)).flatMap(
            ({ link, address, mac }): [string, string][] => (mac === undefined ? [] : [[`${link} ${address}`, mac]]),
        ),
    );

/** @param proxy those that this host answers for, instead of those whose MAC address it was told */
export const readNeighbors = (host: Host, proxy: boolean): Promise<NeighborSeen[]> =>
    host.read(
        ["ip", "-N", "-json", "neighbour", "show", ...(proxy ? ["proxy"] : ["nud", "permanent"])],
        parseNeighbors,
    );
