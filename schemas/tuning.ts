/** What a NIC is tuned for: the facts that a person knows of guest, link and host. */
import { z } from "zod";
import { CpuList, TuningProfile } from "./tuning-words";
import { GuestRing, Mtu, PcieGeneration, PcieLanes, Queues, Rate } from "./units";

const count = (what: string, most: number) =>
    z
        .int(`${what} is a whole number from 1 to ${most}`)
        .min(1, `${what} is at least 1`)
        .max(most, `${what} is at most ${most}`);

export const TuningInput = z.strictObject({
    vcpus: count("vcpus", 4096).describe("Virtual CPUs of the guest [count]."),
    guestOs: z
        .enum(["linux", "windows", "bsd", "other"], { error: "guestOs is linux, windows, bsd or other" })
        .default("linux")
        .describe("What runs in the guest."),
    backend: z
        .enum(["tap", "tcg", "vhost-user", "vdpa", "macvtap", "sriov"], {
            error: "a backend is tap (with vhost-net), tcg (a tap under emulation), vhost-user, vdpa, macvtap or sriov",
        })
        .default("tap")
        .describe("Who moves the packets on the host."),
    rate: Rate.default("10Gbit").describe("Rate of the link that the guest shares."),
    nics: count("nics", 64).default(1).describe("Alike NICs of the guest [count]."),
    profile: TuningProfile.default("default"),
    mtu: Mtu.default(1500).describe("MTU of the guest's network [byte]."),
    frame: z
        .int("frame is a whole number of bytes from 64 to 65535")
        .min(64, "an Ethernet frame has at least 64 bytes")
        .max(65535, "a frame has at most 65535 bytes")
        .optional()
        .describe("Usual frame with its checksum [byte]; absent means the largest of the MTU."),
    stallMs: z
        .number("stallMs is a number of milliseconds")
        .positive("stallMs is above 0")
        .max(1000, "stallMs is at most 1000")
        .optional()
        .describe("Longest time that the guest may be off its CPU without losing a frame [ms]."),
    xdp: z
        .boolean("xdp is true or false")
        .default(false)
        .describe("Whether the guest runs XDP, which wants a queue a CPU more."),
    sendsTcp: z
        .boolean("sendsTcp is true or false")
        .default(false)
        .describe("Whether the guest itself sends TCP over a network with loss or deep buffers."),
    host: z
        .strictObject({
            cpus: CpuList.describe("CPUs of the host's NUMA node that the guest runs on."),
            threadsPerCore: z
                .literal([1, 2], { error: "threadsPerCore is 1 or 2" })
                .default(1)
                .describe("Hardware threads a core [count]; siblings are taken as CPU n and n + half."),
        })
        .optional()
        .describe("The host's CPUs, where pinning is wanted."),
    uplink: z
        .strictObject({
            rate: Rate.describe("Rate of the physical NIC."),
            rxRingMax: count("rxRingMax", 65536).optional().describe("Largest receive ring of the NIC (`ethtool -g`)."),
            txRingMax: count("txRingMax", 65536).optional().describe("Largest transmit ring of the NIC."),
            channelsMax: count("channelsMax", 1024).optional().describe("Most channels of the NIC (`ethtool -l`)."),
            pcieGeneration: PcieGeneration.optional().describe("PCIe generation of its slot."),
            pcieLanes: PcieLanes.optional().describe("PCIe lanes of its slot."),
            guests: count("guests", 10000).default(1).describe("Guests of this rate behind the NIC [count]."),
        })
        .optional()
        .describe("The physical NIC that leads out."),
    queues: Queues.optional().describe("Queue pairs, where the user chose."),
    rxRing: GuestRing.optional().describe("Receive ring, where the user chose."),
    txRing: GuestRing.optional().describe("Transmit ring, where the user chose."),
});
export type TuningInput = z.output<typeof TuningInput>;
