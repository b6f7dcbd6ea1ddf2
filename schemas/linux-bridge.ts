/** A bridge of the kernel, in the words of ip-link(8) and bridge(8). */
import { z } from "zod";
import { checkVlans, hasVlans, vlanFields } from "./bridge-vlans";
import { count, seconds, toggle } from "./link-parts";
import { withCrossCheck, type Say } from "./named";
import { takesOperatorPath } from "./operator-path";
import { IfName, Mac, Mtu } from "./units";

/** Addresses 01-80-C2-00-00-00 to -02 are never forwarded (net/bridge/br_private.h BR_GROUPFWD_RESTRICTED). */
const GROUP_FWD_RESTRICTED = 0x7;

/** The fields without their rules, for schemas that leave one out. */
export const LinuxBridgeFields = z.strictObject({
    name: IfName.describe("Name of the bridge; a change replaces it."),
    mac: Mac.optional().describe(
        "MAC address; absent derives a stable one from the name, so that it never jumps when a port joins. Changes live.",
    ),
    mtu: Mtu.default(1500).describe("MTU [byte]. Changes live."),
    stp: toggle("stp")
        .default(false)
        .describe(
            "Spanning tree. A port that joins is silent for twice forwardDelay when on, and is done when it forwards. Changes live.",
        ),
    forwardDelay: seconds("forwardDelay", 0, 30)
        .optional()
        .describe(
            "Time that a port listens, and again that it learns, before it forwards under spanning tree [s], 0 to 30, at least 2 with stp; " +
                "absent is the kernel's 15. For bridges of guests 2 to 4 is usual. Changes live.",
        ),
    helloTime: seconds("helloTime", 1, 10)
        .optional()
        .describe("Time between spanning tree hellos of the root bridge [s]; absent is the kernel's 2. Changes live."),
    maxAge: seconds("maxAge", 6, 40)
        .optional()
        .describe("Time after which a silent root bridge counts as gone [s]; absent is the kernel's 20. Changes live."),
    priority: count("priority", 0, 65535, "(the lowest becomes the root bridge)")
        .optional()
        .describe("Spanning tree priority, the lowest wins; absent is the kernel's 32768. Changes live."),
    ageingTime: seconds("ageingTime", 0, 1_000_000)
        .optional()
        .describe(
            "Time that a learnt MAC address is remembered [s]; 0 floods like a hub; absent is the kernel's 300. Changes live.",
        ),
    vlanFiltering: toggle("vlanFiltering")
        .optional()
        .describe(
            "Whether ports carry only their VLANs; absent is the kernel's false: tags pass unseen. The kernel must be built with CONFIG_BRIDGE_VLAN_FILTERING. Changes live.",
        ),
    defaultPvid: count("defaultPvid", 0, 4094, "(0 gives a new port no VLAN)")
        .optional()
        .describe(
            "VLAN that a port carries untagged where none is declared for it; 0 for none; absent is the kernel's 1. Changes live.",
        ),
    ...vlanFields(
        "the bridge's own port, by which the host takes part,",
        "Where none of pvid, tagged and untagged is given, it carries defaultPvid.",
    ),
    multicastSnooping: toggle("multicastSnooping")
        .optional()
        .describe(
            "Whether multicast goes only to ports that asked for it (IGMP, MLD); absent is the kernel's true. Changes live.",
        ),
    multicastQuerier: toggle("multicastQuerier")
        .optional()
        .describe(
            "Whether the bridge asks for multicast members itself, for networks without a router that does; absent is the kernel's false. Changes live.",
        ),
    groupFwdMask: count("groupFwdMask", 0, 65535, "(bit N forwards 01:80:c2:00:00:0N)")
        .refine((mask) => (mask & GROUP_FWD_RESTRICTED) === 0, {
            error: "groupFwdMask cannot hold bits 0 to 2 (spanning tree, pause frames, LACP): the kernel never forwards these",
        })
        .optional()
        .describe(
            "Link-local groups that are forwarded, as a mask: bit N stands for 01:80:c2:00:00:0N, so 16384 forwards LLDP; absent is the kernel's 0. Changes live.",
        ),
    takesOperatorPath: takesOperatorPath(
        "may begin or end to filter VLANs, take one from its own port or its default, or be removed, while an SSH connection to the host runs over it",
    ),
});

type Fields = Omit<z.output<typeof LinuxBridgeFields>, "name">;

/** What must hold across the fields of a bridge. */
export function checkBridge(bridge: Fields, say: Say): void {
    if (bridge.stp === true && typeof bridge.forwardDelay === "number" && bridge.forwardDelay < 2)
        say(["forwardDelay"], "forwardDelay is 2 to 30 s with stp; the kernel takes less only without it");
    if (bridge.multicastQuerier === true && bridge.multicastSnooping === false)
        say(["multicastQuerier"], "a querier needs multicastSnooping; remove multicastSnooping: false");
    if ((hasVlans(bridge) || bridge.defaultPvid !== undefined) && bridge.vlanFiltering !== true)
        say(
            ["vlanFiltering"],
            "defaultPvid, pvid, tagged and untagged need vlanFiltering: true, else the bridge ignores VLANs",
        );
    checkVlans(bridge, say);
}

/** One Linux bridge. */
export const LinuxBridge = withCrossCheck(LinuxBridgeFields, checkBridge);
export type LinuxBridge = z.output<typeof LinuxBridge>;
