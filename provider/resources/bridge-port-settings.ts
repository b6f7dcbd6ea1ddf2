/** What a port of a Linux bridge may be set to, beside its VLANs. */
import type { BridgePort } from "../../schemas/bridge-port";
import { plain, yesNo, type Settings } from "./link-settings";

export const PORT_SETTINGS: Settings<BridgePort> = {
    isolated: yesNo("isolated", false),
    learning: yesNo("learning", true),
    floodUnicast: yesNo("flood", true),
    floodMulticast: yesNo("mcast_flood", true),
    floodBroadcast: yesNo("bcast_flood", true),
    guard: yesNo("guard", false),
    hairpin: yesNo("hairpin", false),
    // By the link's speed, until it is set (net/bridge/br_if.c port_cost, of several releases).
    cost: { ...plain<number>("cost"), usual: [1, 2, 3, 4, 5, 19, 100] },
    priority: plain<number>("priority", 32),
};
