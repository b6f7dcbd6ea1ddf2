/** A connection of the switch database (ovs-vswitchd.conf.db(5), table Manager). */
import { z } from "zod";
import { ConnectionMode, Dscp, InactivityProbe, MaxBackoff, Target } from "./ovs-target";

/** One connection through which the switch database can be read and written. */
export const OvsManager = z.strictObject({
    target: Target.describe(
        "Who may manage the switch: ssl:HOST:PORT (with `Tls`) or tcp:HOST:PORT to connect to a manager, pssl:PORT:ADDRESS or ptcp:PORT:ADDRESS to listen; port 6640 where none is given. " +
            "Whoever it reaches is master of the switch. With tcp and ptcp nobody is asked who they are, and ptcp without an address listens on every IPv4 address of the host. A change replaces the manager.",
    ),
    connectionMode: ConnectionMode.optional().describe(
        "in-band goes through a bridge of this switch, which lets these packets pass, and with them ARP that `portSecurity` would refuse; absent is in-band. Changes live.",
    ),
    inactivityProbe: InactivityProbe.optional().describe(
        "Silence after which the other side is asked whether it is there [ms]; 0 never asks, absent is 5000. Changes live.",
    ),
    maxBackoff: MaxBackoff.optional().describe(
        "Longest pause between two tries to connect [ms]; absent is 8000. Changes live.",
    ),
    dscp: Dscp.optional().describe("DSCP of the connection's packets; absent is 48. Changes live."),
});
export type OvsManager = z.output<typeof OvsManager>;

/** What only the host knows of a manager. */
export const OvsManagerOutputs = z.object({
    isConnected: z.boolean().describe("Whether somebody is connected through it."),
});
