/** Links on which another stands that takes what arrives at them: the kernel plugs none of them in. */
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";

/** Kinds that do (netdev_rx_handler_register, drivers/net/macvlan.c and ipvlan/ipvlan_main.c): the kernel tells of them only by EBUSY. */
const TAKES_ALL = new Set(["macvlan", "macvtap", "ipvlan", "ipvtap"]);

/** Before a link is set down to be plugged in. @param into for the sentence: `the bridge br0` @throws HostError conflict */
export async function refuseHeld(host: Host, subject: string, name: string, into: string): Promise<void> {
    const holder = [...(await host.links()).values()].find(
        ({ parent, kind, elsewhere }) => parent === name && !elsewhere && TAKES_ALL.has(kind ?? ""),
    );
    if (!holder) return;
    throw new HostError(
        "conflict",
        subject,
        `the ${holder.kind} ${shownName(holder.name)} stands on ${name}, and the kernel plugs no such link into ${into}`,
        `Remove ${shownName(holder.name)}, or let it stand on ${into} instead.`,
    );
}
