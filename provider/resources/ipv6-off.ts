/** A setting that takes IPv6 from a link, with all its addresses (addrconf_disable_ipv6 in net/ipv6/addrconf.c), on the operator's path. */
import { isV6 } from "../../schemas/ip-text";
import { linkOfKey } from "../../schemas/sysctl";
import type { Host } from "../host";
import { keepOver, type Told } from "./operator-guard";

/**
 * Before it is set, or its former value is given back.
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
    const isHit = (peer: string, links: readonly string[]) =>
        isV6(peer) && (link === undefined || links.includes(link));
    await keepOver(host, `sysctl ${key}`, setting, isHit, "which is to lose IPv6 and its addresses", goes);
}
