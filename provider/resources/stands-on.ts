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

/** Who removes links has just looked at them [ms]. */
const FRESH_MS = 1_000;

/**
 * Before links are removed.
 *
 * @param names of what is removed by one resource: both ends of a veth pair, taps of a port set
 * @throws HostError refused while a link stands there that the stack of this mark did not make
 */
export async function keepOthersOn(host: Host, subject: string, names: readonly string[], mark: string): Promise<void> {
    if (names.length === 0) return;
    const going = new Set(names);
    const others = [...(await host.at({ maxAgeMs: FRESH_MS }).links()).values()].flatMap((link) => {
        const below = belowOf(link);
        return below !== undefined && going.has(below) && !sameStack(link.alias, mark)
            ? [`${shownName(link.name)} on ${shownName(below)}`]
            : [];
    });
    if (others.length === 0) return;
    throw new HostError(
        "refused",
        subject,
        `links stand on it that this stack did not make (${others.slice(0, 20).join(", ")}) and that would go with it, so nothing was changed`,
        "Remove these links first.",
    );
}

/** The link with which another goes, in this network namespace. */
function belowOf({ kind = "", parent, data, elsewhere }: Link): string | undefined {
    if (elsewhere || !GOES_ALONG.has(kind)) return undefined;
    return kind === "vxlan" && typeof data.link === "string" ? data.link : parent;
}
