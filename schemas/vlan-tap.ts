/** A tap with its port on a switch: the VLANs that it carries, and what a guest behind it may do. */
import { z } from "zod";
import { withCrossCheck } from "./named";
import { IngressLimit, PortSecurity } from "./ovs-port-parts";
import { checkQos } from "./ovs-qos";
import { Tap } from "./tap";
import { bitsPerSecond, bytes } from "./amounts";
import { IfName, Label, Rate, Size } from "./units";
import { checkVlanNames, VlanName, VlanNames } from "./vlan-names";

const Trunk = z
    .strictObject({
        vlans: VlanNames.describe(
            'VLANs that the guest gets with a tag: names out of the switch\'s VLANs where the switch is a component of the same program, ids and ranges, such as ["web", "20-29"]. Changes live.',
        ),
        native: VlanName.optional().describe("VLAN that the guest gets without a tag; absent is none. Changes live."),
    })
    .meta({ token: "index:Trunk" })
    .describe("VLANs of a guest that tells them apart by tags; never all of them.");

const RateLimit = z
    .strictObject({
        toGuest: Rate.optional().describe(
            "What the guest may receive, by linux-htb on the tap, on either datapath; more waits and is then dropped.",
        ),
        fromGuest: Rate.optional().describe(
            "What the guest may send, in whole kbit/s: by policing on the kernel datapath, by an OpenFlow meter on the userspace datapath, where policing limits nothing; more is dropped.",
        ),
        burst: Size.optional().describe(
            "What a guest may send at once above fromGuest; absent is 80 % of what the rate lets through in a second, and at least 1 MB.",
        ),
    })
    .meta({ token: "index:RateLimit" })
    .describe("Rates of a guest's NIC. Changes live.");

/** The fields without their rules. */
export const VlanTapFields = Tap.omit({ takesOperatorPath: true }).extend({
    name: IfName.describe("Name on the host."),
    vlan: VlanName.optional().describe(
        "Access VLAN: a name out of the switch's VLANs where the switch is a component of the same program, or an id. Exactly one of vlan and trunk. Changes live.",
    ),
    trunk: Trunk.optional(),
    rateLimit: RateLimit.optional(),
    portSecurity: PortSecurity.optional(),
    qos: Label.optional().describe(
        "QoS class of the switch, where it is a component of the same program, or the name of a `Qos`, that shapes what the guest receives; excludes rateLimit.toGuest. Changes live.",
    ),
});
type Fields = z.output<typeof VlanTapFields>;

/** @param vlans VLANs by name of the switch that it is plugged into; none where it is not known */
export const VlanTapOf = (vlans: Record<string, number>) =>
    withCrossCheck(VlanTapFields, ({ vlan, trunk, rateLimit, qos }: Fields, say) => {
        if ((vlan === undefined) === (trunk === undefined))
            say(["vlan"], "a tap has exactly one of vlan (access) and trunk; else it would carry every VLAN");
        if (vlan !== undefined) checkVlanNames(vlan, vlans, ["vlan"], say);
        if (typeof trunk === "object" && trunk !== null) {
            checkVlanNames(trunk.vlans, vlans, ["trunk", "vlans"], say);
            if (trunk.native !== undefined) checkVlanNames(trunk.native, vlans, ["trunk", "native"], say);
            if (Array.isArray(trunk.vlans) && trunk.vlans.length === 0)
                say(["trunk", "vlans"], "a trunk without VLANs would carry every one; list at least one");
        }
        if (typeof rateLimit !== "object" || rateLimit === null) return;
        const { toGuest, fromGuest, burst } = rateLimit;
        if (toGuest === undefined && fromGuest === undefined)
            say(["rateLimit"], "it limits nothing: set toGuest, fromGuest or both");
        if (burst !== undefined && fromGuest === undefined)
            say(["rateLimit", "burst"], "burst belongs to fromGuest; set that, too");
        if (toGuest !== undefined && qos !== undefined)
            say(["qos"], "rateLimit.toGuest makes a QoS of its own; remove one of the two");
        if (toGuest !== undefined)
            checkQos({ type: "linux-htb", maxRate: toGuest }, (_, message) => say(["rateLimit", "toGuest"], message));
        if (typeof fromGuest === "string" && bitsPerSecond(fromGuest) > 0)
            for (const { message } of IngressLimit.shape.rate.safeParse(fromGuest).error?.issues ?? [])
                say(["rateLimit", "fromGuest"], message);
        if (typeof burst === "string" && bytes(burst) > 0)
            for (const { message } of IngressLimit.shape.burst.safeParse(burst).error?.issues ?? [])
                say(["rateLimit", "burst"], message);
    });
export type VlanTapInput = z.input<typeof VlanTapFields>;
