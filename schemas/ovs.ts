/** What Open vSwitch holds for us: bridges and ports. Columns and words are those of ovs-vswitchd.conf.db(5). */
import { z } from "zod";
import { withCrossCheck } from "./named";
import { IfName, Mac, VlanId, VlanList } from "./units";

/** One Open vSwitch bridge. */
export const OvsBridge = z.strictObject({
    name: IfName.describe("Name of the bridge and of its internal port; a change replaces the bridge."),
    datapathType: z
        .enum(["system", "netdev"], 'a datapath type is "system" (the kernel\'s) or "netdev" (userspace)')
        .default("system")
        .describe("Datapath: system (kernel) or netdev (userspace, for DPDK and labs); a change replaces the bridge."),
    failMode: z
        .enum(
            ["standalone", "secure"],
            'a fail mode is "standalone" (a learning switch) or "secure" (only flows forward)',
        )
        .default("standalone")
        .describe("Without a controller: standalone forwards like a learning switch, secure forwards by flows alone."),
    mac: Mac.optional().describe("MAC address of the bridge; absent lets Open vSwitch choose the lowest of its ports."),
});
export type OvsBridge = z.output<typeof OvsBridge>;
export type OvsBridgeInput = z.input<typeof OvsBridge>;

const PortFields = z.strictObject({
    name: IfName.describe("Name of the port and its interface; a change replaces the port."),
    bridge: IfName.describe("Bridge that the port belongs to; a change replaces the port."),
    type: z
        .enum(
            ["system", "internal"],
            'an interface type is "system" (a device of the host, such as a tap) or "internal"',
        )
        .default("system")
        .describe("system plugs a device that exists on the host; internal makes one; a change replaces the port."),
    vlanMode: z
        .enum(["access", "trunk", "native-tagged", "native-untagged"], {
            error: "a VLAN mode is access, trunk, native-tagged or native-untagged",
        })
        .optional()
        .describe("Absent means access with tag, else trunk. Changes live."),
    tag: VlanId.optional().describe("Access or native VLAN [802.1Q id]. Changes live."),
    trunks: VlanList.optional().describe(
        'VLANs that a trunk carries, such as ["10", "20-29"]; absent on a trunk means every VLAN. Changes live.',
    ),
});

/** One port of an Open vSwitch bridge, with one interface of the same name. */
export const OvsPort = withCrossCheck(PortFields, ({ vlanMode, tag, trunks }, say) => {
    if (vlanMode === "access" && tag === undefined) say(["tag"], "an access port needs tag, a VLAN id from 1 to 4094");
    if (vlanMode === "access" && trunks?.length)
        say(["trunks"], "an access port carries one VLAN; remove trunks or use vlanMode trunk");
    if (vlanMode === "trunk" && tag !== undefined)
        say(["tag"], "a trunk has no tag; use vlanMode native-tagged or native-untagged for a native VLAN");
    if (vlanMode === undefined && tag !== undefined && trunks?.length)
        say(["vlanMode"], "tag and trunks together need vlanMode native-tagged or native-untagged");
    if ((vlanMode === "native-tagged" || vlanMode === "native-untagged") && tag === undefined)
        say(["tag"], `vlanMode ${vlanMode} needs tag, the native VLAN`);
});
export type OvsPort = z.output<typeof OvsPort>;
export type OvsPortInput = z.input<typeof OvsPort>;
