/** A bridge of Open vSwitch. */
import { z } from "zod";
import { count, toggle } from "./link-parts";
import { withCrossCheck, type Say } from "./named";
import { takesOperatorPath } from "./operator-path";
import { SwitchedName } from "./ovs-interface";
import { openMap } from "./ovs-maps";
import { IfName, Mac, Mtu } from "./units";

const OPENFLOW = ["OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13", "OpenFlow14", "OpenFlow15"] as const;

/** Keys of a bridge's `other_config` that have a property of their own. */
const TYPED_KEYS = {
    hwaddr: "mac",
    "datapath-id": "datapathId",
    "stp-priority": "stpPriority",
    "stp-forward-delay": "stpForwardDelay",
    "stp-hello-time": "stpHelloTime",
    "stp-max-age": "stpMaxAge",
    "rstp-priority": "rstpPriority",
    "rstp-forward-delay": "rstpForwardDelay",
    "rstp-max-age": "rstpMaxAge",
    "mac-table-size": "macTableSize",
    "mac-aging-time": "macAgingTime",
    "mcast-snooping-aging-time": "mcastSnoopingAgingTime",
    "mcast-snooping-table-size": "mcastSnoopingTableSize",
};

const DATAPATH_ID = "a datapath id has exactly 16 hexadecimal digits and is not all zero, such as 000052540000aa01";

/** The fields without their rules, for schemas that leave one out. */
export const OvsBridgeFields = z.strictObject({
    name: SwitchedName.describe("Name of the bridge and of its internal port; a change replaces the bridge."),
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
        .describe(
            "Without a controller: standalone forwards like a learning switch, secure forwards by flows alone and passes nothing until `Flows` has some, and stays so while a port has `portSecurity`. Changes live.",
        ),
    mac: Mac.optional().describe(
        "MAC address of the bridge; absent pins a stable one when the bridge is made, since Open vSwitch would otherwise take the lowest of its ports and change it when one joins. Changes live.",
    ),
    datapathId: z
        .string(DATAPATH_ID)
        .regex(/^(?!0{16}$)[0-9a-f]{16}$/i, { error: DATAPATH_ID })
        .overwrite((id) => id.toLowerCase())
        .optional()
        .describe("OpenFlow datapath id, 16 hexadecimal digits; absent derives it from the MAC address. Changes live."),
    protocols: z
        .array(z.enum(OPENFLOW, `an OpenFlow protocol is one of ${OPENFLOW.join(", ")}`), {
            error: 'protocols is an array such as ["OpenFlow13"]',
        })
        .overwrite((list) => [...new Set(list)].sort())
        .optional()
        .describe("OpenFlow versions that controllers may speak; absent is all of them. Changes live."),
    stp: toggle("stp")
        .optional()
        .describe(
            "Spanning tree (802.1D-1998); excludes rstp; absent is false. A port that joins is silent for twice stpForwardDelay. A guest can become the root, but for one whose port has portSecurity: that takes no part. Changes live.",
        ),
    stpPriority: count("stpPriority", 0, 65535, "(the lowest becomes the root bridge)")
        .optional()
        .describe("Spanning tree priority, the lowest wins; absent is 32768. Changes live."),
    stpForwardDelay: count("stpForwardDelay", 4, 30, "seconds")
        .optional()
        .describe(
            "Time that a port listens, and again that it learns [s], at least stpMaxAge / 2 + 1; absent is 15. Changes live.",
        ),
    stpHelloTime: count("stpHelloTime", 1, 10, "seconds")
        .optional()
        .describe(
            "Time between hellos [s], of which stpMaxAge is at least 2 * (stpHelloTime + 1); absent is 2. Changes live.",
        ),
    stpMaxAge: count("stpMaxAge", 6, 40, "seconds")
        .optional()
        .describe("Time after which a silent root bridge counts as gone [s]; absent is 20. Changes live."),
    rstp: toggle("rstp")
        .optional()
        .describe(
            "Rapid spanning tree (802.1D-2004); excludes stp; absent is false. A guest can become the root, but for one whose port has portSecurity: that takes no part. Changes live.",
        ),
    rstpPriority: count("rstpPriority", 0, 61440, "in steps of 4096")
        .multipleOf(4096, "rstpPriority is a multiple of 4096: the standard has no others, and 32768 is usual")
        .optional()
        .describe("Priority in steps of 4096, the lowest becomes the root bridge; absent is 32768. Changes live."),
    rstpForwardDelay: count("rstpForwardDelay", 4, 30, "seconds")
        .optional()
        .describe(
            "Longest time from discarding to forwarding, per step [s], at least rstpMaxAge / 2 + 1; absent is 15. Changes live.",
        ),
    rstpMaxAge: count("rstpMaxAge", 6, 40, "seconds")
        .optional()
        .describe("Age at which information of the root bridge is dropped [s]; absent is 20. Changes live."),
    mcastSnooping: toggle("mcastSnooping")
        .optional()
        .describe("Whether multicast goes only to ports that asked for it (IGMP, MLD); absent is false. Changes live."),
    mcastSnoopingAgingTime: count("mcastSnoopingAgingTime", 15, 3600, "seconds")
        .optional()
        .describe("Time that a member is remembered [s]; absent is 300. Changes live."),
    mcastSnoopingTableSize: count("mcastSnoopingTableSize", 10, 1_000_000, "groups")
        .optional()
        .describe("Groups that are remembered at most; absent is 2048. Changes live."),
    macTableSize: count("macTableSize", 10, 1_000_000, "MAC addresses")
        .optional()
        .describe("MAC addresses that are learnt at most; absent is 8192. Changes live."),
    macAgingTime: count("macAgingTime", 15, 3600, "seconds")
        .optional()
        .describe("Time that a learnt MAC address is remembered [s]; absent is 300. Changes live."),
    mtuRequest: Mtu.optional().describe(
        "MTU of the bridge's internal port [byte]; absent follows the smallest of its ports, also once it no longer asks for another. Changes live.",
    ),
    uplinks: z
        .array(IfName, { error: 'uplinks is an array of names of ports, such as ["eth0"]' })
        .overwrite((list) => [...new Set(list)].sort())
        .optional()
        .describe(
            "Names of its ports that lead out of the host: for rules and readers only, `Port` plugs them. Changes live.",
        ),
    otherConfig: openMap("otherConfig", TYPED_KEYS)
        .optional()
        .describe(
            'More keys of the bridge\'s other_config, such as { "forward-bpdu": "true" }. Only the keys given here are managed: others stay as they are. Changes live.',
        ),
    externalIds: openMap("externalIds", {})
        .optional()
        .describe(
            "Keys of the bridge's external_ids, which Open vSwitch itself ignores. Only the keys given here are managed: others stay as they are. Changes live.",
        ),
    takesOperatorPath: takesOperatorPath(
        "may go, or become secure without flows that pass it, while an SSH connection to the host runs over it",
    ),
});

type Fields = Omit<z.output<typeof OvsBridgeFields>, "name">;

/** What must hold across the fields of a bridge. */
export function checkOvsBridge(bridge: Fields, say: Say): void {
    if (bridge.stp === true && bridge.rstp === true)
        say(["rstp"], "stp and rstp exclude each other; keep rstp, which converges faster, and remove stp");
    checkTimers(bridge, "stp", say);
    checkTimers(bridge, "rstp", say);
    checkHello(bridge, say);
}

/** IEEE 802.1D, 8.10.2; Open vSwitch follows it in silence, by a longer delay or by none that was asked for. */
function checkTimers(bridge: Fields, kind: "stp" | "rstp", say: Say): void {
    const [delay = 15, age = 20] = [bridge[`${kind}ForwardDelay`], bridge[`${kind}MaxAge`]];
    if (typeof delay === "number" && typeof age === "number" && delay < age / 2 + 1)
        say(
            [`${kind}ForwardDelay`],
            `${kind}ForwardDelay ${delay} needs ${kind}MaxAge to be ${2 * (delay - 1)} or less; for guests 4 and 6 are usual`,
        );
}

/** The same of hellos: a root bridge counts as gone when two of them and a second are over. */
function checkHello({ stpHelloTime: hello = 2, stpMaxAge: age = 20 }: Fields, say: Say): void {
    if (typeof hello === "number" && typeof age === "number" && age < 2 * (hello + 1))
        say(["stpHelloTime"], `stpHelloTime ${hello} needs stpMaxAge to be ${2 * (hello + 1)} or more`);
}

/** One Open vSwitch bridge. */
export const OvsBridge = withCrossCheck(OvsBridgeFields, checkOvsBridge);
export type OvsBridge = z.output<typeof OvsBridge>;

/** What only the host knows of a bridge. */
export const OvsBridgeOutputs = z.object({
    macInUse: z.string().optional().describe("MAC address that the bridge has."),
    datapathIdInUse: z.string().optional().describe("OpenFlow datapath id that the bridge has, 16 hexadecimal digits."),
});
