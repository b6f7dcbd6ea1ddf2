/** The physical NIC behind the guests: its rings and channels, and whether link and slot carry what they are promised. */
import type { TuningInput } from "../schemas/tuning";
import { bitsPerSecond } from "../schemas/amounts";
import { pcieCapacity, ringSpan, shownRate, shownSeconds, USUAL_FRAME } from "./physics";
import { sharedOut } from "./placement";
import type { Tuned } from "./value";

export interface UplinkTuning {
    rxRing: Tuned<number | null>;
    txRing: Tuned<number | null>;
    channels: Tuned<number | null>;
    /** Rate of all guests over the rate of the link. */
    oversubscription: Tuned<number>;
    /** What the slot carries [bit/s]; null where it is not known. */
    slot: Tuned<number | null>;
}

/** The usual ring of a busy physical NIC [descriptors]; the hardware's maximum where that is less. */
const PHYSICAL_RING = 4096;
const RINGS = "ethtool(8) -g, -G: a physical NIC's rings; 4096 and 8192 are sizes of these, not of a guest's";

export function tuneUplink(input: TuningInput, uplink: NonNullable<TuningInput["uplink"]>): UplinkTuning {
    const rate = bitsPerSecond(uplink.rate);
    const shared = input.host && sharedOut(input, input.host);
    const ring = (most: number | undefined, which: string): Tuned<number | null> =>
        most === undefined
            ? {
                  value: null,
                  reason: `The largest ${which} ring of the NIC is not known; \`ethtool -g\` tells it.`,
                  source: RINGS,
              }
            : {
                  value: Math.min(PHYSICAL_RING, most),
                  reason: `${Math.min(PHYSICAL_RING, most)} of at most ${most} descriptors cover ${shownSeconds(ringSpan(Math.min(PHYSICAL_RING, most), rate, USUAL_FRAME))} of ${shownRate(rate)} at ${USUAL_FRAME}-byte frames; more may only add delay.`,
                  source: RINGS,
                  cost: { bytes: Math.min(PHYSICAL_RING, most) * 2048 },
              };
    return {
        rxRing: ring(uplink.rxRingMax, "receive"),
        txRing: ring(uplink.txRingMax, "transmit"),
        channels: channelsOf(uplink.channelsMax, shared),
        oversubscription: oversubscriptionOf(input, uplink.guests, rate),
        slot: slotOf(uplink, rate),
    };
}

function channelsOf(most: number | undefined, host: ReturnType<typeof sharedOut> | undefined): Tuned<number | null> {
    const source = "kernel Documentation/networking/scaling.rst: the smallest number of queues that does not overflow";
    if (most === undefined)
        return { value: null, reason: "The NIC's channels are not known; `ethtool -l` tells them.", source };
    const cores = host?.packets.cores.length;
    const value = Math.min(most, cores ?? most);
    return {
        value,
        reason:
            cores === undefined
                ? `All ${most} channels, since the host's CPUs are not told.`
                : `A channel for each of ${cores} cores of the NIC's node${host?.fits ? " that no vCPU has to itself" : ""}, out of ${most}; for interrupts a sibling thread brings nothing.`,
        source,
    };
}

function oversubscriptionOf({ rate, nics }: TuningInput, guests: number, link: number): Tuned<number> {
    const promised = bitsPerSecond(rate) * nics * guests;
    return {
        value: promised / link,
        reason: `${guests === 1 ? "One guest is" : `${guests} guests are`} promised ${shownRate(promised)} over a link of ${shownRate(link)}.`,
        source: "arithmetic of the declared rates",
        rule: "uplink-oversubscribed",
    };
}

function slotOf({ pcieGeneration, pcieLanes }: NonNullable<TuningInput["uplink"]>, rate: number): Tuned<number | null> {
    const source = "PCI Express base specifications: line code and packet headers";
    if (pcieGeneration === undefined || pcieLanes === undefined)
        return { value: null, reason: "The slot's generation and lanes are not told.", source };
    const { ceiling, effective } = pcieCapacity(pcieGeneration, pcieLanes);
    return {
        value: effective,
        reason: `PCIe ${pcieGeneration} x${pcieLanes} carries ${shownRate(ceiling)} after its line code and ${shownRate(effective)} after packet headers, ${effective >= rate ? "enough" : "too little"} for ${shownRate(rate)}.`,
        source,
        rule: "pcie-undersized",
    };
}
