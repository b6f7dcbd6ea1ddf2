/** One port of an Open vSwitch bridge, with one interface of the same name, or several as a bond. */
import { z } from "zod";
import { count, toggle } from "./link-parts";
import { entriesOf, withCrossCheck, type Say } from "./named";
import { InterfaceTypeOf, SwitchedName } from "./ovs-interface";
import { openMap } from "./ovs-maps";
import { checkPatch, checkPort, OFF_TREE, OWN_PORT, portFields } from "./ovs-port-parts";
import { sparseObject } from "./sparse";
import { IfName } from "./units";

/** Fields of a port that bonds several links. */
export const bondFields = {
    interfaces: z
        .array(SwitchedName, { error: 'interfaces is an array of links of the host, such as ["eth0", "eth1"]' })
        .overwrite((list) => [...list].sort())
        .optional()
        .describe(
            "Links of the host that the port bonds, two or more; absent is the one of the port's name. Changes live.",
        ),
    bondMode: z
        .enum(["active-backup", "balance-slb", "balance-tcp"], {
            error: "a bond mode is active-backup, balance-slb or balance-tcp",
        })
        .optional()
        .describe("How a bond shares its links; balance-tcp needs lacp; absent is active-backup. Changes live."),
    lacp: z
        .enum(["active", "passive", "off"], { error: "lacp is active, passive or off" })
        .optional()
        .describe("Link aggregation control protocol; absent is off. Changes live."),
    lacpTime: z
        .enum(["fast", "slow"], { error: "lacpTime is fast (every second) or slow (every 30 s)" })
        .optional()
        .describe("How often LACP is heard; absent is slow. Changes live."),
    lacpFallbackAb: toggle("lacpFallbackAb")
        .optional()
        .describe("Whether a bond whose partner speaks no LACP works as active-backup; absent is false. Changes live."),
    bondUpdelay: count("bondUpdelay", 0, 2147483647, "milliseconds")
        .optional()
        .describe("Time that a link must be up before it is used [ms]; absent is 0. Changes live."),
    bondDowndelay: count("bondDowndelay", 0, 2147483647, "milliseconds")
        .optional()
        .describe("Time that a link must be down before it is given up [ms]; absent is 0. Changes live."),
};

const PortFields = sparseObject({
    name: SwitchedName.describe("Name of the port and its interface; a change replaces the port."),
    bridge: IfName.describe("Bridge that the port belongs to; a change replaces the port."),
    type: InterfaceTypeOf.default("system").describe(
        "system plugs a device that exists on the host, such as a tap; internal and tap make one; patch leads to another bridge; dpdkvhostuserclient to a guest's vhost-user NIC; vxlan, geneve and gre are tunnels. A change replaces the port.",
    ),
    ...portFields,
    ...bondFields,
    otherConfig: openMap("otherConfig", { "lacp-time": "lacpTime", "lacp-fallback-ab": "lacpFallbackAb" })
        .optional()
        .describe(
            'More keys of the port\'s other_config, such as { "bond-primary": "eth0" }. Only the keys given here are managed: others stay as they are. Changes live.',
        ),
});

type Fields = z.output<typeof PortFields>;

export const OvsPort = withCrossCheck(PortFields, (port, say) => {
    checkPort(port, say);
    checkBond(port, "interfaces", say);
    if (port.portSecurity !== undefined) checkOffTree(port.otherConfig, say);
    if (port.name !== undefined && port.name === port.bridge) say(["name"], OWN_PORT);
    checkPatch(port.name, port, say);
});
export type OvsPort = z.output<typeof OvsPort>;

/** A guest whose port takes part in spanning tree can become its root, whatever holds it by flows. */
function checkOffTree(otherConfig: Fields["otherConfig"], say: Say): void {
    for (const [key, value] of entriesOf(otherConfig))
        if (OFF_TREE.some((off) => off === key) && value !== "false")
            say(
                ["otherConfig", key],
                `a port with portSecurity takes no part in spanning tree, so ${key} is "false"; remove the key, or portSecurity`,
            );
}

/**
 * What must hold across the fields of a port that may be a bond.
 *
 * @param listed the property that names its links
 */
export function checkBond(
    { name, type = "system", interfaces, ...port }: Pick<Fields, "name"> & Partial<Fields>,
    listed: string,
    say: Say,
): void {
    if (!Array.isArray(interfaces) || interfaces.length === 0) {
        for (const key of ["bondMode", "bondUpdelay", "bondDowndelay", "lacpFallbackAb"] as const)
            if (port[key] !== undefined) say([key], `${key} is for a bond; name its links in ${listed}`);
    } else {
        if (interfaces.length < 2) say([listed], "a bond has two links or more; for one, use its name as the port's");
        if (new Set(interfaces).size < interfaces.length) say([listed], "a bond names each link once");
        if (interfaces.includes(name)) say([listed], "a bond has a name of its own, not that of one of its links");
        if (type !== "system") say(["type"], "a bond is made of links of the host; remove type");
        if (port.ingress !== undefined) say(["ingress"], "a bond has no ingress limit; limit the ports of the guests");
        if (port.portSecurity !== undefined)
            say(["portSecurity"], "many guests are behind a bond; secure the ports of the guests");
        if (port.ofportRequest !== undefined)
            say(["ofportRequest"], "each link of a bond has an OpenFlow port number of its own; remove ofportRequest");
    }
    if (port.bondMode === "balance-tcp" && port.lacp !== "active" && port.lacp !== "passive")
        say(["lacp"], "bondMode balance-tcp needs lacp active or passive");
    if (port.lacpTime !== undefined && port.lacp !== "active" && port.lacp !== "passive")
        say(["lacpTime"], "lacpTime needs lacp active or passive");
}

/** What only the host knows of a port. */
export const OvsPortOutputs = z.object({
    ofport: z.int().optional().describe("OpenFlow port number; absent on a bond, whose links have one each."),
    macInUse: z.string().optional().describe("MAC address of the interface; absent on a bond and on what has none."),
    mtu: z.int().optional().describe("MTU of the interface [byte]; absent on a bond and on what has none."),
});
