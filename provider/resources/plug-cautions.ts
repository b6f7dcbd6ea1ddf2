/** What to warn of before a link is plugged in somewhere: addresses that nobody reaches any more, and who else has it. */
import { z } from "zod";
import type { Host } from "../host";
import { parseList } from "../host/links";
import { managerCautions } from "../host/managers";

const Addressed = z.object({
    ifname: z.string(),
    addr_info: z.array(z.object({ local: z.string().default("?") })).default([]),
});

/**
 * A sentence for each link that somebody else manages, or that has addresses: the kernel gives what arrives at it to
 * the link that it is plugged into.
 *
 * @param whole what it is plugged into, for the sentence: `bond`
 * @param plug  what is made, for the sentence: `bond bond0: its member`
 * @param next  who may have the address instead
 */
export async function plugCautions(
    host: Host,
    whole: string,
    plug: string,
    links: readonly string[],
    next = whole,
): Promise<string[]> {
    if (links.length === 0) return [];
    const [addresses, managers] = await Promise.all([
        host.read(["ip", "-json", "address", "show", "scope", "global"], (text) =>
            parseList(text, Addressed, "addresses", "`ip -json address`"),
        ),
        managerCautions(host, links, "this plug"),
    ]);
    const addressed = addresses
        .filter(({ ifname, addr_info }) => links.includes(ifname) && addr_info.length > 0)
        .map(
            ({ ifname, addr_info: [first] }) =>
                `${plug} ${ifname} has the address ${first?.local}, which works no more while it is in the ${whole}. Give it to the ${next}.`,
        );
    return [...addressed, ...managers];
}
