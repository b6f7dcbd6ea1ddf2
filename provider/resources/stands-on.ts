/** Links of others that stand on one of ours: the kernel removes them with it. */
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import type { Link } from "../host/links";
import { sameStack } from "../owner";

/**
 * Kinds that go with the link below them: at its NETDEV_UNREGISTER in net/8021q/vlan.c, drivers/net/macvlan.c, macsec.c,
 * ipvlan/ipvlan_main.c and vxlan/vxlan_core.c. A tunnel that is bound to a link stays.
 */
const GOES_ALONG = new Set(["vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec", "vxlan"]);

/**
 * Before links are removed.
 *
 * @param names of what is removed as one: both ends of a veth pair
 * @throws HostError refused while a link stands there that the stack of this mark did not make
 */
export async function keepOthersOn(host: Host, subject: string, names: readonly string[], mark: string): Promise<void> {
    const others = [...(await host.links()).values()]
        .filter((link) => {
            const below = belowOf(link);
            return below !== undefined && names.includes(below) && !sameStack(link.alias, mark);
        })
        .map(({ name }) => shownName(name));
    if (others.length === 0) return;
    throw new HostError(
        "refused",
        subject,
        `on it stand links that this stack did not make (${others.slice(0, 20).join(", ")}) and that would go with it, so it is not removed`,
        "Remove these links first.",
    );
}

/** The link with which another goes, in this network namespace. */
function belowOf({ kind = "", parent, data, elsewhere }: Link): string | undefined {
    if (elsewhere || !GOES_ALONG.has(kind)) return undefined;
    return kind === "vxlan" && typeof data.link === "string" ? data.link : parent;
}
