/** By which links the outer packets of tunnels leave the host. */
import { addressText } from "../../schemas/ip-text";
import type { Host } from "./index";
import type { Link } from "./links";
import { askRoutes, linksOfAnswer } from "./route-get";
import { readRoutes } from "./routes";

/** Links of these kinds send what goes over them inside other packets. */
const TUNNELS = new Set([
    ...["vxlan", "geneve", "gre", "gretap", "ip6gre", "ip6gretap", "erspan", "ip6erspan"],
    ...["ipip", "sit", "ip6tnl", "vti", "vti6", "xfrm", "wireguard", "ovpn", "ppp"],
]);

/** A tun is a program's, most often that of a VPN; a tap is a guest's. */
export const isTunnel = ({ kind = "", tap }: Link): boolean => TUNNELS.has(kind) || (kind === "tun" && !tap);

/** The links of the default routes. */
export async function defaultLinks(host: Host): Promise<string[]> {
    const routes = (await Promise.all([readRoutes(host, false), readRoutes(host, true)])).flat();
    return routes
        .filter(({ destination, table }) => table === "main" && ["0.0.0.0/0", "::/0"].includes(destination))
        .flatMap(({ ways }) => ways.flatMap(({ link }) => link ?? []));
}

/**
 * Below each tunnel the link that it is bound to, or those of the route to its other end. One that does not tell its end,
 * as those of WireGuard and of programs, may go by any: the default routes' are what most go by.
 */
export async function readCarriers(host: Host, tunnels: readonly Link[]): Promise<Map<string, string[]>> {
    const asked = tunnels.flatMap((link) => {
        const question = boundTo(link) === undefined ? questionOf(link) : undefined;
        return question === undefined ? [] : [{ name: link.name, question }];
    });
    const answers = await askRoutes(
        host,
        asked.map(({ question }) => question),
    );
    const answered = new Map(
        asked.flatMap(({ name }, index): [string, string[]][] => {
            const answer = answers[index];
            const links = answer ? linksOfAnswer(answer) : [];
            // Where the kernel has no answer now, it may go by any.
            return links.length > 0 ? [[name, links]] : [];
        }),
    );
    const isTold = (link: Link) => link.elsewhere || boundTo(link) !== undefined || answered.has(link.name);
    const untold = tunnels.every(isTold) ? [] : await defaultLinks(host);
    return new Map(
        tunnels.map((link) => {
            const { name, elsewhere } = link;
            const bound = boundTo(link);
            if (elsewhere) return [name, []];
            return [name, bound === undefined ? (answered.get(name) ?? untold) : [bound]];
        }),
    );
}

/** Only a VXLAN link names it among its own. */
const boundTo = ({ parent, data }: Link): string | undefined => (typeof data.link === "string" ? data.link : parent);

function questionOf({ elsewhere, data }: Link): string | undefined {
    if (elsewhere) return undefined;
    const remote = addressOf(data.remote ?? data.remote6);
    const local = addressOf(data.local ?? data.local6);
    if (remote === undefined) return undefined;
    return [remote, ...(local === undefined ? [] : ["from", local])].join(" ");
}

/** Undefined for none, which is printed as `any`. */
const addressOf = (printed: unknown) => (typeof printed === "string" ? addressText(printed) : undefined);
