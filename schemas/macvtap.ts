/** A tap that is a MAC address of its own on a NIC. */
import { z } from "zod";
import { LinkName } from "./ip-text";
import { linkFields, TapQueueLength } from "./link-parts";
import { withCrossCheck } from "./named";
import { takesOperatorPath } from "./operator-path";

const common = linkFields("macvtap");
const Fields = z.strictObject({
    ...common,
    link: LinkName.describe("Link that it stands on; it is set up. A change replaces the macvtap."),
    mode: z
        .enum(["bridge", "private", "vepa", "passthru"], {
            error: "a macvtap mode is bridge, private, vepa or passthru; bridge is usual",
        })
        .describe(
            "Who may talk to whom: bridge (those on one link among each other), private (none), vepa (by a switch that sends frames back), " +
                "passthru (one alone, with the link's own MAC address: the host gets nothing more by that link). It must be chosen: the kernel's vepa needs such a switch. " +
                "The host itself and its macvtaps do not hear each other. A change replaces the macvtap.",
        ),
    txQueueLength: TapQueueLength.optional().describe(
        "Transmit queue [packets], at most 524288; absent leaves the kernel's. Changes live.",
    ),
    mtu: common.mtu.describe(
        "MTU [byte], at most that of the link below; absent leaves that one's at the time it is made. Changes live.",
    ),
    mac: common.mac.describe(
        "MAC address, the one that the guest's NIC has; absent leaves the kernel's, and in the mode passthru it is the link's own (macvlan_common_newlink in drivers/net/macvlan.c). Changes live.",
    ),
    takesOperatorPath: takesOperatorPath(
        "may, in the mode passthru, take a link over which an SSH connection to the host runs, or be removed or made anew while one runs over itself",
    ),
});

export const Macvtap = withCrossCheck(Fields, ({ name, link, mode, mac }, say) => {
    if (name !== undefined && name === link) say(["link"], "a macvtap stands on another link; name that one");
    if (mode === "passthru" && mac !== undefined)
        say(["mac"], "in the mode passthru a macvtap has the MAC address of its link; leave mac out");
});
export type Macvtap = z.output<typeof Macvtap>;

/** What only the host knows of a macvtap. */
export const MacvtapOutputs = z.object({
    device: z.string().describe("Character device that a guest's NIC opens, such as /dev/tap12."),
});
