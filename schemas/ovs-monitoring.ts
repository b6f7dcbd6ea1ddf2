/** What a bridge tells collectors of its traffic (ovs-vswitchd.conf.db(5), tables sFlow, IPFIX and NetFlow). */
import { Address4, Address6 } from "ip-address";
import { z } from "zod";
import { count, toggle } from "./link-parts";
import { IfName } from "./units";

const COLLECTOR = "a collector is a numeric address with its UDP port, such as 10.0.0.9:6343 or [fd00::9]:6343";

const Collector = z.string(COLLECTOR).refine((text) => isCollector(text), { error: COLLECTOR });

function isCollector(text: string): boolean {
    const [, four, six, port] = /^(?:([\d.]+)|\[([0-9A-Fa-f:.]+)\]):(\d{1,5})$/.exec(text) ?? [];
    if (!port || Number(port) < 1 || Number(port) > 65535) return false;
    return four !== undefined ? Address4.isValid(four) : Address6.isValid(six ?? "");
}

const targets = (port: number) =>
    z
        .array(Collector, `targets is a list of collectors, such as ["10.0.0.9:${port}"]`)
        .min(1, `it needs at least one collector, such as "10.0.0.9:${port}"`)
        .overwrite((list) => [...new Set(list)].sort())
        .describe(`Collectors, each a numeric address with its UDP port (${port} is usual). Changes live.`);

const bridgeOf = (what: string) =>
    IfName.describe(`Bridge whose traffic is told; it has one ${what} export. A change replaces it.`);

const UINT32 = 4294967295;

/** The sFlow export of a bridge: samples of packets, and counters of ports. */
export const OvsSflow = z.strictObject({
    bridge: bridgeOf("sFlow"),
    targets: targets(6343),
    agent: z
        .string("agent is an interface or an IP address")
        .refine((text) => IfName.safeParse(text).success || Address4.isValid(text) || Address6.isValid(text), {
            error: "agent is the name of an interface, or an IP address without prefix, which the samples name as their source",
        })
        .optional()
        .describe(
            "Interface whose address the samples name as their source, or that address; absent takes the one that leads to the first collector. Without any, sFlow is silent. Changes live.",
        ),
    header: count("header", 1, 65535, "bytes")
        .optional()
        .describe("Bytes of a sampled packet that are sent; absent is 128. Changes live."),
    polling: count("polling", 0, 2147483647, "seconds")
        .optional()
        .describe("Time between two reports of the ports' counters [s]; 0 sends none, absent is 30. Changes live."),
    sampling: count("sampling", 1, 2147483647, "packets")
        .optional()
        .describe("One packet of so many is sampled; absent is 400. Changes live."),
});
export type OvsSflow = z.output<typeof OvsSflow>;

/** The IPFIX export of a bridge: flows, made of samples of its packets. */
export const OvsIpfix = z.strictObject({
    bridge: bridgeOf("IPFIX"),
    targets: targets(4739),
    sampling: count("sampling", 1, UINT32, "packets")
        .optional()
        .describe("One packet of so many is sampled; absent is 400. Changes live."),
    obsDomainId: count("obsDomainId", 0, UINT32, "(32 bits)")
        .optional()
        .describe("Observation domain id in each packet; absent is 0. Changes live."),
    obsPointId: count("obsPointId", 0, UINT32, "(32 bits)")
        .optional()
        .describe("Observation point id in each record; absent is 0. Changes live."),
    cacheActiveTimeout: count("cacheActiveTimeout", 0, 4200, "seconds")
        .optional()
        .describe(
            "Longest time that a record is gathered before it is sent [s]; absent is 0, which gathers nothing. Changes live.",
        ),
    cacheMaxFlows: count("cacheMaxFlows", 0, UINT32, "records")
        .optional()
        .describe("Records that are gathered at a time; absent is 0, which gathers nothing. Changes live."),
    statsInterval: count("statsInterval", 1, 3600, "seconds")
        .optional()
        .describe(
            "Time between two reports of the exporter itself [s], where this version of Open vSwitch has it; absent is 600. Changes live.",
        ),
    templateInterval: count("templateInterval", 1, 3600, "seconds")
        .optional()
        .describe(
            "Time between two sendings of the templates [s], where this version of Open vSwitch has it; absent is 600. Changes live.",
        ),
    tunnelSampling: toggle("tunnelSampling")
        .optional()
        .describe("Whether records tell tunnel headers (enable-tunnel-sampling); absent is true. Changes live."),
    inputSampling: toggle("inputSampling")
        .optional()
        .describe(
            "Whether packets are sampled where they enter (enable-input-sampling, which Open vSwitch before 3.2 takes for its contrary); absent is true. Changes live.",
        ),
    outputSampling: toggle("outputSampling")
        .optional()
        .describe(
            "Whether packets are sampled where they leave (enable-output-sampling, which Open vSwitch before 3.2 takes for its contrary); absent is true. Changes live.",
        ),
    virtualObsId: z
        .string("virtualObsId is text")
        .regex(/^[\x21-\x7e]{1,254}$/, { error: "virtualObsId has 1 to 254 printable ASCII characters without spaces" })
        .optional()
        .describe(
            "Text that each record carries (virtual_obs_id): where in a virtual network it was seen. Changes live.",
        ),
});
export type OvsIpfix = z.output<typeof OvsIpfix>;

/** The NetFlow (version 5) export of a bridge: IPv4 flows when they end. */
export const OvsNetflow = z.strictObject({
    bridge: bridgeOf("NetFlow"),
    targets: targets(2055),
    engineId: count("engineId", 0, 255, "(8 bits)")
        .optional()
        .describe("Engine id in each message; absent is the datapath's index. Changes live."),
    engineType: count("engineType", 0, 255, "(8 bits)")
        .optional()
        .describe("Engine type in each message; absent is the datapath's index. Changes live."),
    activeTimeout: count("activeTimeout", 0, 2147483647, "seconds")
        .default(0)
        .describe("Time after which a flow that goes on is told [s]; 0 is 600 s. Changes live."),
    addIdToInterface: toggle("addIdToInterface")
        .default(false)
        .describe(
            "Put 7 bits of the engine id into the interface numbers, for collectors that cannot tell the bridges of one host; at most 508 ports then. Changes live.",
        ),
});
export type OvsNetflow = z.output<typeof OvsNetflow>;
