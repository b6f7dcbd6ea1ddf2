/** An OpenFlow controller of a bridge (ovs-vswitchd.conf.db(5), table Controller). */
import { z } from "zod";
import { count, toggle } from "./link-parts";
import { withCrossCheck } from "./named";
import { takesOperatorPath } from "./operator-path";
import { ConnectionMode, Dscp, InactivityProbe, MaxBackoff, Target } from "./ovs-target";
import { IfName } from "./units";

const Ipv4 = (property: string) =>
    z.ipv4(`${property} is an IPv4 address, such as 192.168.0.123`).describe("IPv4 address.");

const ControllerFields = z.strictObject({
    bridge: IfName.describe("Bridge that it controls; a change replaces the controller."),
    target: Target.describe(
        "How it is reached: ssl:HOST:PORT (with `Tls`), tcp:HOST:PORT, or pssl:PORT:ADDRESS and ptcp:PORT:ADDRESS to wait for it; port 6653 where none is given. " +
            "On the host itself: unix:FILE and punix:FILE, where Open vSwitch opens only files of its run directory, usually unix:/var/run/openvswitch/NAME and punix:/var/run/openvswitch/BRIDGE.NAME. " +
            "With tcp and ptcp everybody on the way can read and change the flows, and ptcp without an address listens on every IPv4 address of the host. A change replaces the controller.",
    ),
    type: z
        .enum(
            ["primary", "service"],
            "a controller is primary (it decides the flows) or service (it looks in now and then)",
        )
        .optional()
        .describe(
            "primary takes charge of the bridge's flows, service is for maintenance; absent is primary for ssl and tcp, service for pssl and ptcp. A first primary controller empties the bridge's tables. Changes live.",
        ),
    connectionMode: ConnectionMode.optional().describe(
        "in-band goes through this bridge, which lets the controller's own packets pass, and with them ARP that `portSecurity` would refuse; absent is in-band. Changes live.",
    ),
    inactivityProbe: InactivityProbe.optional().describe(
        "Silence after which the switch asks whether the controller is there [ms]; 0 never asks, absent is 5000. Changes live.",
    ),
    maxBackoff: MaxBackoff.optional().describe(
        "Longest pause between two tries to connect [ms]; absent is 8000. Changes live.",
    ),
    localIp: Ipv4("localIp").optional().describe("In-band: IPv4 address for the bridge's own port. Changes live."),
    localNetmask: Ipv4("localNetmask").optional().describe("In-band: netmask of localIp. Changes live."),
    localGateway: Ipv4("localGateway").optional().describe("In-band: gateway for the bridge's own port. Changes live."),
    asyncMessages: toggle("asyncMessages")
        .optional()
        .describe("Whether the switch sends messages unasked from the start; absent is true. Changes live."),
    rateLimit: count("rateLimit", 100, 2147483647, "packets a second")
        .optional()
        .describe("Most packets that go to the controller [packet/s]; absent is no limit. Changes live."),
    burstLimit: count("burstLimit", 25, 2147483647, "packets")
        .optional()
        .describe("Packets that wait when rateLimit holds them back; absent is a quarter of rateLimit. Changes live."),
    queueSize: count("queueSize", 1, 512, "packets")
        .optional()
        .describe("Packets that wait for a slow connection; absent is 100. Changes live."),
    dscp: Dscp.optional().describe("DSCP of the connection's packets; absent is 48. Changes live."),
    takesOperatorPath: takesOperatorPath(
        "may empty the tables of a bridge over which an SSH connection to the host runs, as a first primary controller does, and the last one of a secure bridge when it goes",
    ),
});

/** One OpenFlow controller of one bridge. */
export const OvsController = withCrossCheck(ControllerFields, (controller, say) => {
    const { burstLimit, rateLimit, localIp, localNetmask, localGateway, connectionMode } = controller;
    if (burstLimit !== undefined && rateLimit === undefined)
        say(["burstLimit"], "burstLimit needs rateLimit, which makes packets wait");
    if (localIp === undefined && (localNetmask ?? localGateway) !== undefined)
        say(["localIp"], "localNetmask and localGateway count only with localIp");
    if (connectionMode === "out-of-band" && (localIp ?? localNetmask ?? localGateway) !== undefined)
        say(["connectionMode"], "localIp, localNetmask and localGateway are for connectionMode in-band");
});
export type OvsController = z.output<typeof OvsController>;

/** What only the host knows of a controller. */
export const OvsControllerOutputs = z.object({
    isConnected: z.boolean().describe("Whether it is connected."),
    role: z.string().optional().describe("Its authority over the bridge: master, other or slave, in OpenFlow's words."),
});
