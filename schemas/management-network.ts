/** A bridge by which a host is managed, as a component is given it. */
import { z } from "zod";
import { InterfaceAddress, IpAddress, isLinkLocal, isV6, networkOf } from "./ip-text";
import { count, toggle } from "./link-parts";
import { LinuxBridgeFields } from "./linux-bridge";
import { withCrossCheck } from "./named";
import { IfName, Mtu, VlanId } from "./units";

const { mac } = LinuxBridgeFields.shape;

/** The fields without their rules, for schemas that add the uplink, which travels. */
export const ManagementNetworkFields = z.strictObject({
    name: IfName.describe("Name of the bridge on the host."),
    mac,
    mtu: Mtu.default(1500).describe(
        "MTU of the bridge and of the link of its VLAN [byte], at most the uplink's where vlan is given; absent is 1500, and for that link the uplink's. Changes live.",
    ),
    vlan: VlanId.optional().describe(
        "VLAN of the uplink that the network is [802.1Q id]: a link of its own is made for it and plugged in, so the uplink itself stays what it is. Absent plugs in the uplink.",
    ),
    addresses: z
        .array(InterfaceAddress, 'addresses is a list such as ["10.0.0.11/24"]')
        .min(1, "a management network has an address of the host; a bridge without one is a LinuxBridge")
        .refine((list) => new Set(list).size === list.length, { error: "addresses names one address twice" })
        .describe("Addresses of the host on the bridge, with their prefix lengths."),
    gateways: z
        .array(IpAddress, 'gateways is a list such as ["10.0.0.1"]')
        .default([])
        .describe("Routers of the default routes, at most one of IPv4 and one of IPv6; absent makes none."),
    metric: count("metric", 0, 4294967295, "(the lowest wins)")
        .optional()
        .describe("Metric of the default routes, the lowest wins; absent is the kernel's (IPv4 0, IPv6 1024)."),
    takesOperatorPath: toggle("takesOperatorPath")
        .default(false)
        .describe(
            "Whether it may take the path of an SSH connection to the host: plug in the link that it runs over, or lead what goes to its other end elsewhere. The connection may end by that; where it is false that is refused, and nothing of the link is changed.",
        ),
});

export const ManagementNetwork = withCrossCheck(ManagementNetworkFields, ({ addresses, gateways, metric }, say) => {
    if (!Array.isArray(gateways)) return;
    for (const [index, gateway] of gateways.entries()) {
        if (typeof gateway !== "string") continue;
        if (gateways.findIndex((other) => isV6(other) === isV6(gateway)) < index)
            say(["gateways", index], "there is one default route a family; keep one gateway of each");
        if (Array.isArray(addresses) && !isReached(gateway, addresses))
            say(["gateways", index], `${gateway} is in no network of the addresses; correct one of them`);
        if (isV6(gateway) && metric === 0)
            say(["metric"], "metric 0 means 1024 to IPv6; leave it out, or give another");
    }
});
export type ManagementNetworkInput = z.input<typeof ManagementNetworkFields>;

/** A link-local router is reached whatever the addresses are. */
const isReached = (gateway: string, addresses: readonly unknown[]): boolean =>
    isLinkLocal(gateway) ||
    addresses.some((address) => {
        if (typeof address !== "string" || isV6(address) !== isV6(gateway)) return false;
        return networkOf(`${gateway}/${address.split("/")[1]}`) === networkOf(address);
    });
