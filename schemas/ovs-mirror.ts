/** A mirror of an Open vSwitch bridge (ovs-vswitchd.conf.db(5), table Mirror). */
import { z } from "zod";
import { count, toggle } from "./link-parts";
import { withCrossCheck } from "./named";
import { IfName, Label, VlanId, VlanList } from "./units";

const ports = (property: string, what: string) =>
    z
        .array(IfName, `${property} is a list of names of ports, such as ["tap-web0"]`)
        .overwrite((list) => [...new Set(list)].sort())
        .default([])
        .describe(`${what} Ports of this bridge, by name. Changes live.`);

const MirrorFields = z.strictObject({
    bridge: IfName.describe("Bridge whose packets are mirrored; a change replaces the mirror."),
    name: Label.describe("Name of the mirror, its own in the bridge; a change replaces the mirror."),
    selectAll: toggle("selectAll").default(false).describe("Mirror what enters or leaves at any port. Changes live."),
    selectSourcePorts: ports("selectSourcePorts", "Mirror what arrives at these ports (select_src_port)."),
    selectDestinationPorts: ports("selectDestinationPorts", "Mirror what leaves at these ports (select_dst_port)."),
    selectVlans: VlanList.default([]).describe(
        'Of what is selected, only packets in these VLANs, such as ["10", "20-29"]; absent takes every VLAN. Changes live.',
    ),
    outputPort: IfName.optional().describe(
        "Port of this bridge that gets the copies; it carries nothing else while it does. Exactly one of outputPort and outputVlan. Changes live.",
    ),
    outputVlan: VlanId.optional().describe(
        "VLAN that gets the copies, at every port that carries it (RSPAN). Physical switches on the way must not learn MAC addresses in it, else they lose the guests. Changes live.",
    ),
    snaplen: count("snaplen", 14, 65535, "bytes")
        .optional()
        .describe("Longest copy [byte]; what is longer is cut. Absent copies whole packets. Changes live."),
});

/** One mirror of one bridge. */
export const OvsMirror = withCrossCheck(MirrorFields, (mirror, say) => {
    const { selectAll, selectSourcePorts, selectDestinationPorts, outputPort, outputVlan } = mirror;
    const selected = [...listOf(selectSourcePorts), ...listOf(selectDestinationPorts)];
    if (selectAll !== true && selected.length === 0)
        say(
            ["selectAll"],
            "it selects no packet: set selectAll, or name ports in selectSourcePorts or selectDestinationPorts",
        );
    if (selectAll === true && selected.length > 0)
        say(["selectAll"], "selectAll selects every port already; remove it, or remove the lists of ports");
    if ((outputPort === undefined) === (outputVlan === undefined))
        say(["outputPort"], "a mirror has exactly one output: set either outputPort or outputVlan");
    if (outputPort !== undefined && selected.includes(outputPort))
        say(["outputPort"], "the port that gets the copies cannot be mirrored too; choose another port");
});
export type OvsMirror = z.output<typeof OvsMirror>;

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
