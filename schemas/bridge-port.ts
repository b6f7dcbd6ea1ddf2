/** A link plugged into a Linux bridge, in the words of bridge(8). */
import { z } from "zod";
import { checkVlans, vlanFields } from "./bridge-vlans";
import { LinkName } from "./ip-text";
import { count, toggle } from "./link-parts";
import { withCrossCheck } from "./named";
import { takesOperatorPathAsPort } from "./operator-path";
import { IfName } from "./units";

const flag = (name: string, told: string, preset: boolean) =>
    toggle(name).optional().describe(`${told}; absent is the kernel's ${preset}. Changes live.`);

/** The fields without their rules, for schemas that leave one out. */
export const BridgePortFields = z.strictObject({
    name: LinkName.describe(
        "Link to plug, of any kind and anybody's; it is set up. A change replaces the port, not the link.",
    ),
    bridge: IfName.describe("Linux bridge that it is plugged into; a change replaces the port."),
    ...vlanFields(
        "the port",
        "Where none of pvid, tagged and untagged is given, the port carries the bridge's defaultPvid. It holds on a bridge with vlanFiltering.",
    ),
    isolated: flag("isolated", "Whether the port exchanges nothing with other isolated ports", false),
    learning: flag("learning", "Whether MAC addresses are learnt from what arrives", true),
    floodUnicast: flag("floodUnicast", "Whether frames for unknown MAC addresses leave here", true),
    floodMulticast: flag("floodMulticast", "Whether multicast that nobody asked for leaves here", true),
    floodBroadcast: flag("floodBroadcast", "Whether broadcasts leave here", true),
    guard: flag("guard", "Whether spanning tree frames that arrive here disable the port, as from a guest", false),
    hairpin: flag("hairpin", "Whether a frame may leave where it came in", false),
    cost: count("cost", 1, 65535, "(the cheapest path wins)")
        .optional()
        .describe(
            "Spanning tree path cost; absent leaves what the kernel derives from the link's speed. Changes live; without it again the link is unplugged for a moment.",
        ),
    priority: count("priority", 0, 63, "(the lowest wins)")
        .optional()
        .describe("Spanning tree priority of the port; absent is the kernel's 32. Changes live."),
    takesOperatorPath: takesOperatorPathAsPort,
});

/** One link plugged into a Linux bridge. */
export const BridgePort = withCrossCheck(BridgePortFields, checkVlans);
export type BridgePort = z.output<typeof BridgePort>;
