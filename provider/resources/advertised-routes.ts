/**
 * What to warn of before a host forwards IPv6: the kernel then removes the default routes that routers advertised, of all
 * links, whichever link is to forward, but for those whose accept_ra is 2 (rt6_purge_dflt_routers in net/ipv6/route.c).
 */
import { keyText, sysctlPath, type Sysctl } from "../../schemas/sysctl";
import type { Host } from "../host";
import { readRoutes } from "../host/routes";

/** RTPROT_RA of linux/rtnetlink.h. */
const ADVERTISED = 9;
/** What a link has where nobody says otherwise; a daemon that does without the kernel sets 0, and puts its routes itself. */
const BY_THE_KERNEL = "1";

/** @param setting the one that is about to be made */
export async function forwardingCautions(host: Host, { key, value }: Sysctl): Promise<string[]> {
    if (!/^net\.ipv6\.conf\.(?!default\.).+\.forwarding$/.test(key) || Number(value) === 0) return [];
    const routes = (await readRoutes(host, true)).filter(
        ({ destination, protocol }) => destination === "::/0" && protocol === ADVERTISED,
    );
    const links = [...new Set(routes.flatMap(({ ways }) => ways.flatMap(({ link }) => link ?? [])))];
    const settings = links.map((link) => ({ link, own: keyText(`net/ipv6/conf/${link}/accept_ra`) ?? "" }));
    const accepting = await host.files.read(settings.map(({ own }) => sysctlPath(own)));
    return settings
        .filter((_, index) => accepting[index]?.trim() === BY_THE_KERNEL)
        .map(
            ({ link, own }) =>
                `sysctl ${key}: the default route over ${link} was advertised by a router, and the kernel removes it when it forwards. Set ${own} to 2 first, by a Sysctl that this one depends on.`,
        );
}
