/**
 * What to warn of, or to refuse, before a host forwards IPv6: the kernel then removes the default routes that routers advertised, of all
 * links, whichever link is to forward, but for those whose accept_ra is 2 (rt6_purge_dflt_routers in net/ipv6/route.c).
 */
import { keyText, sysctlPath, type Sysctl } from "../../schemas/sysctl";
import type { Host } from "../host";
import { readWays } from "../host/operator-ways";
import { readRoutes } from "../host/routes";
import { connection, kept, SAY_FIRST, type Told } from "./operator-guard";

/** RTPROT_RA of linux/rtnetlink.h. */
const ADVERTISED = 9;
/** What a link has where nobody says otherwise; a daemon that does without the kernel sets 0, and puts its routes itself. */
const BY_THE_KERNEL = "1";

/** One default route that goes. */
interface Going {
    link: string;
    metric: number;
    /** The setting of its link with which it stays. */
    own: string;
}

/** @param setting the one that is about to be made */
export async function forwardingCautions(host: Host, setting: Sysctl): Promise<string[]> {
    const { key } = setting;
    const going = await routesGoing(host, setting);
    return [...new Map(going.map((one) => [one.link, one])).values()].map(
        ({ link, own }) =>
            `sysctl ${key}: the default route over ${link} was advertised by a router, and the kernel removes it when it forwards. ${staysWith(own)}, by a Sysctl that this one depends on.`,
    );
}

/**
 * Before the route by which packets go to an operator goes with it.
 *
 * @param setting the one that is about to be made, or given back  @param goes whether the resource goes by that
 * @throws HostError refused
 */
export async function keepAdvertised(
    host: Host,
    setting: Told & Pick<Sysctl, "key" | "value">,
    goes = false,
): Promise<void> {
    if (setting.takesOperatorPath || !forwards(setting)) return;
    const ways = (await readWays(host)).filter(({ destination, table }) => destination === "::/0" && table === "main");
    if (ways.length === 0) return;
    const going = await routesGoing(host, setting);
    for (const way of ways) {
        const lost = going.find(({ link, metric }) => way.links.includes(link) && way.metric === metric);
        if (lost)
            throw kept(
                `sysctl ${setting.key}`,
                `${connection(way)} goes over ${lost.link} by a default route that a router advertised, which the kernel removes when it forwards`,
                goes
                    ? `${SAY_FIRST} or set ${lost.own} to 2.`
                    : `${staysWith(lost.own)}, by a Sysctl that this one depends on, or takesOperatorPath: true if that is meant and you have another way to the host.`,
            );
    }
}

const staysWith = (own: string) => `Set ${own} to 2 first`;

const forwards = ({ key, value }: Pick<Sysctl, "key" | "value">): boolean =>
    /^net\.ipv6\.conf\.(?!default\.).+\.forwarding$/.test(key) && Number(value) !== 0;

async function routesGoing(host: Host, setting: Pick<Sysctl, "key" | "value">): Promise<Going[]> {
    if (!forwards(setting)) return [];
    const routes = (await readRoutes(host, true))
        .filter(({ destination, protocol }) => destination === "::/0" && protocol === ADVERTISED)
        .flatMap(({ ways, metric }) =>
            ways.flatMap(({ link }) =>
                link === undefined ? [] : [{ link, metric, own: keyText(`net/ipv6/conf/${link}/accept_ra`) ?? "" }],
            ),
        );
    const accepting = await host.files.read(routes.map(({ own }) => sysctlPath(own)));
    return routes.filter((_, index) => accepting[index]?.trim() === BY_THE_KERNEL);
}
