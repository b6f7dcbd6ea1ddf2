/** What a host's Open vSwitch is and has, as `getOvs` answers. */
import { z } from "zod";

const Port = z
    .object({
        name: z.string().describe("Name of the port."),
        interfaces: z.array(z.string()).describe("Names of its interfaces: more than one is a bond."),
        type: z.string().describe("Type of its first interface, such as system, internal, patch or vxlan."),
        ofport: z.int().optional().describe("OpenFlow number of its first interface; absent where it does not work."),
        error: z.string().optional().describe("What Open vSwitch says is wrong with one of its interfaces."),
        vlanMode: z.string().optional().describe("VLAN mode, where one is set."),
        tag: z.int().optional().describe("Access or native VLAN [802.1Q id]."),
        trunks: z
            .array(z.string())
            .describe(
                'VLANs that it carries, such as ["10", "20-29"]; 0 stands for frames without a tag; empty where none are named, so that a trunk carries every one.',
            ),
        owner: z.string().optional().describe("Owner mark, where a resource of this package made it."),
    })
    .meta({ token: "ovs:PortFacts" })
    .describe("One port of a bridge.");

const Bridge = z
    .object({
        name: z.string().describe("Name of the bridge."),
        datapathType: z.string().describe("system (kernel) or netdev (userspace)."),
        datapathVersion: z.string().optional().describe("Version of its datapath, as Open vSwitch tells it."),
        failMode: z.string().describe("standalone or secure."),
        protocols: z.array(z.string()).describe("OpenFlow versions that it allows; empty is all."),
        controllers: z.array(z.string()).describe("Targets of its controllers."),
        ports: z.array(Port).describe("Its ports by name, without its own."),
        owner: z.string().optional().describe("Owner mark, where a resource of this package made it."),
    })
    .meta({ token: "ovs:BridgeFacts" })
    .describe("One bridge.");

export const GetOvsInputs = z.strictObject({});
export type GetOvsInputs = z.output<typeof GetOvsInputs>;

export const GetOvsOutputs = z.object({
    version: z
        .string()
        .optional()
        .describe("Version of Open vSwitch, such as 3.1.0; absent where neither its database nor its daemon tells it."),
    datapathTypes: z.array(z.string()).describe("Datapath types that it supports, such as netdev and system."),
    interfaceTypes: z.array(z.string()).describe("Interface types that it supports, such as internal, vxlan and dpdk."),
    dpdkVersion: z.string().optional().describe("Version of DPDK that it is built with; absent where it has none."),
    dpdkInitialized: z.boolean().describe("Whether DPDK runs in it."),
    otherConfig: z
        .record(z.string(), z.string())
        .describe("Settings of the switch as a whole: other_config of its root row."),
    managers: z.array(z.string()).describe("Targets of its managers."),
    bridges: z.array(Bridge).describe("Its bridges by name."),
});
export type GetOvsOutputs = z.output<typeof GetOvsOutputs>;
