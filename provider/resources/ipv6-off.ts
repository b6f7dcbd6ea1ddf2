/** What takes IPv6 from a link, with all its addresses, on the operator's path: a setting, or an MTU that is too small for it. */
import { isV6 } from "../../schemas/ip-text";
import { linkOfKey } from "../../schemas/sysctl";
import type { Host } from "../host";
import { readAddresses } from "../host/addresses";
import type { Way } from "../host/lookup";
import { keepOver, type Told } from "./operator-guard";

/** Smallest MTU of a link of IPv6 [byte] (IPV6_MIN_MTU, RFC 8200, 5). */
const LEAST_MTU = 1280;

/**
 * Before it is set, or its former value is given back (addrconf_disable_ipv6 in net/ipv6/addrconf.c).
 *
 * @param goes whether the resource goes by that @throws HostError refused
 */
export async function keepIpv6(
    host: Host,
    setting: Told & { key: string; value: string },
    goes = false,
): Promise<void> {
    const { key, value } = setting;
    if (!/^net\.ipv6\.conf\.(?!default\.).+\.disable_ipv6$/.test(key) || Number(value) === 0) return;
    const link = linkOfKey(key);
    const isHit = ({ operator, links }: Way) => isV6(operator.peer) && (link === undefined || links.includes(link));
    await keepOver(host, `sysctl ${key}`, setting, isHit, "which is to lose IPv6 and its addresses", goes);
}

/**
 * Before a link, or both ends of a pair, have another MTU (addrconf_notify in net/ipv6/addrconf.c). One below the link of a route counts, too: the
 * kernel lowers VLANs and bridges with what is below them, and what it leaves is larger than what passes there.
 *
 * @param from the MTU that it has [byte]  @param to the one that it is to have; undefined where it stays
 * @param goes whether the resource goes by that @throws HostError refused
 */
export async function keepIpv6Mtu(
    host: Host,
    subject: string,
    told: Told,
    links: readonly string[],
    from: number,
    to: number | undefined,
    goes = false,
): Promise<void> {
    if (to === undefined || to === from || to >= LEAST_MTU) return;
    const isHit = ({ operator, path }: Way) => isV6(operator.peer) && links.some((link) => path.has(link));
    const change = `which loses IPv6 when ${links.join(" or ")} has an MTU of ${to} byte, as that takes at least ${LEAST_MTU}`;
    await keepOver(host, subject, told, isHit, change, goes);
}

/** A sentence for each address that a link loses by its MTU. @param mtu the one that it is to have [byte] */
export async function mtuCautions(host: Host, link: string, mtu: number | undefined): Promise<string[]> {
    if (mtu === undefined || mtu >= LEAST_MTU) return [];
    return (await readAddresses(host))
        .filter((one) => one.link === link && one.scope === "global" && isV6(one.address))
        .map(
            ({ address }) =>
                `${link} loses its address ${address} for good: with an MTU of ${mtu} byte the kernel takes IPv6 from it, which needs ${LEAST_MTU}.`,
        );
}
