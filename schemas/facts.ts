/** What the functions tell of a host, its links and one NIC. */
import { z } from "zod";
import { LinkName } from "./ip-text";
import { Channels, Coalesce } from "./link-tuning";

const Rings = z
    .object({
        rx: z.int().optional().describe("Receive ring in use [descriptors]."),
        tx: z.int().optional().describe("Transmit ring in use [descriptors]."),
        rxMax: z.int().optional().describe("Largest receive ring that the hardware takes [descriptors]."),
        txMax: z.int().optional().describe("Largest transmit ring that the hardware takes [descriptors]."),
    })
    .meta({ token: "host:Rings" });

const ChannelFacts = z
    .object({
        now: Channels.describe("Channels in use [count]."),
        most: Channels.describe("Most that the hardware takes [count]."),
    })
    .meta({ token: "host:ChannelFacts" });

const PcieLink = z
    .object({
        generation: z.int().describe("PCI Express generation that the link runs at."),
        lanes: z.int().describe("Lanes that the link runs with."),
        maxGeneration: z.int().optional().describe("Highest generation that the device can."),
        maxLanes: z.int().optional().describe("Most lanes that the device can."),
        capacity: z
            .number()
            .describe("Payload that it carries in each direction at most, before packet headers [Gbit/s]."),
    })
    .meta({ token: "host:PcieLink" });

const LinkFactsFields = {
    name: z.string().describe("Name of the link."),
    index: z.int().describe("Number of the link while it lives."),
    kind: z
        .string()
        .optional()
        .describe("Kind of a link that software made (bridge, tun, veth, ...); absent on hardware."),
    mac: z.string().optional().describe("MAC address."),
    mtu: z.int().describe("MTU [byte]."),
    up: z.boolean().describe("Whether it is set up."),
    carrier: z.boolean().describe("Whether it has a carrier."),
    master: z.string().optional().describe("Bridge, bond or switch that it is plugged into."),
    owner: z.string().optional().describe("Mark of the resource that made it; absent where kvmnet did not."),
    managers: z
        .array(z.string())
        .optional()
        .describe(
            "Who else manages it: systemd-networkd, NetworkManager, ifupdown, libvirt, Docker. Absent where none of them does.",
        ),
    driver: z.string().optional().describe("Driver of the hardware."),
    busAddress: z.string().optional().describe("Address on the bus, such as 0000:3b:00.0."),
    speed: z.int().optional().describe("Speed [Mbit/s]; absent where the link has none or knows none."),
    duplex: z.string().optional().describe("full or half; absent where it is not known."),
    numaNode: z.int().optional().describe("NUMA node that the hardware is at; absent where the host has one only."),
    pcie: PcieLink.optional().describe("PCI Express link to the hardware; absent on other hardware and none."),
    rings: Rings.optional().describe("Rings, as `ethtool -g` tells them; absent where the driver has none."),
    channels: ChannelFacts.optional().describe(
        "Channels, as `ethtool -l` tells them; absent where the driver has none.",
    ),
};

export const LinkFacts = z.object(LinkFactsFields).meta({ token: "host:LinkFacts" });
export type LinkFacts = z.output<typeof LinkFacts>;

export const GetLinksInputs = z.strictObject({
    physical: z
        .boolean("physical is true or false")
        .default(false)
        .describe("Whether only links of hardware are told."),
});
export type GetLinksInputs = z.output<typeof GetLinksInputs>;

export const GetLinksOutputs = z.object({
    links: z.array(LinkFacts).describe("Links of the host, in the order of their numbers."),
});
export type GetLinksOutputs = z.output<typeof GetLinksOutputs>;

export const GetNicInputs = z.strictObject({ name: LinkName.describe("Name of the link.") });
export type GetNicInputs = z.output<typeof GetNicInputs>;

const FeatureFacts = z
    .object({
        active: z.boolean().describe("Whether it is on."),
        fixed: z.boolean().describe("Whether the driver has it so and it cannot be changed."),
    })
    .meta({ token: "host:FeatureFacts" });

export const GetNicOutputs = z.object({
    ...LinkFactsFields,
    driverVersion: z.string().optional().describe("Version of the driver."),
    firmware: z.string().optional().describe("Version of the firmware."),
    rxQueues: z.int().describe("Receive queues [count]."),
    txQueues: z.int().describe("Transmit queues [count]."),
    virtualFunctions: z.int().optional().describe("SR-IOV virtual functions in use; absent where it has none."),
    virtualFunctionsMax: z.int().optional().describe("SR-IOV virtual functions that the hardware can."),
    coalesce: Coalesce.optional().describe("Coalescing, as `ethtool -c` tells it; absent where the driver has none."),
    features: z
        .record(z.string(), FeatureFacts)
        .optional()
        .describe("Offloads and other features by the names that `ethtool -k` prints."),
    rpsCpus: z.array(z.string()).optional().describe("CPUs that share the packets of each receive queue."),
    xpsCpus: z.array(z.string()).optional().describe("CPUs that send by each transmit queue."),
});
export type GetNicOutputs = z.output<typeof GetNicOutputs>;

export const GetHostInputs = z.strictObject({});
export type GetHostInputs = z.output<typeof GetHostInputs>;

const Hugepages = z
    .object({
        size: z.int().describe("Size of a page [byte]."),
        total: z.int().describe("Pages that are set aside [count]."),
        free: z.int().describe("Pages that nobody uses [count]."),
    })
    .meta({ token: "host:Hugepages" });

const NumaNode = z
    .object({
        node: z.int().describe("Number of the node."),
        cpus: z.string().describe('CPUs of the node, such as "0-15,32-47".'),
    })
    .meta({ token: "host:NumaNode" });

export const GetHostOutputs = z.object({
    kernel: z.string().describe("Version of the running kernel, such as 6.1.0-18-amd64."),
    architecture: z.string().describe("Architecture, such as x86_64."),
    cpus: z.string().describe('CPUs that are on, such as "0-31".'),
    memory: z.int().describe("Memory [byte]."),
    numaNodes: z.array(NumaNode).optional().describe("NUMA nodes; absent where the kernel tells none."),
    hugepages: z.array(Hugepages).optional().describe("Huge pages by size; absent where the kernel has none."),
    kvm: z.boolean().describe("Whether guests can run by KVM: /dev/kvm is there."),
    nestedKvm: z
        .boolean()
        .optional()
        .describe("Whether guests may have KVM themselves; absent where that is not known."),
    vhostNet: z.boolean().describe("Whether the kernel can move guests' packets itself: /dev/vhost-net is there."),
    vhostVsock: z.boolean().describe("Whether guests can talk to the host by sockets: /dev/vhost-vsock is there."),
    tun: z.boolean().describe("Whether taps can be made: /dev/net/tun is there."),
    managers: z
        .array(z.string())
        .optional()
        .describe("Who manages links of the host beside kvmnet; absent where nobody does."),
});
export type GetHostOutputs = z.output<typeof GetHostOutputs>;
