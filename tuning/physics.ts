/** What wires, rings and slots carry: arithmetic that every reason rests on. */

/** Preamble, start delimiter and gap between two frames on Ethernet [byte] (IEEE 802.3). */
const BETWEEN_FRAMES = 20;

/** Smallest and usual largest frame on the wire with its checksum [byte] (IEEE 802.3). */
export const SMALLEST_FRAME = 64;
export const USUAL_FRAME = 1518;

/**
 * Frames that a link carries [1/s] (RFC 5180, appendix A.1).
 *
 * @param rate  [bit/s]  @param frame with checksum, without preamble and gap [byte]
 */
export const framesPerSecond = (rate: number, frame: number): number => rate / ((frame + BETWEEN_FRAMES) * 8);

/**
 * How long a ring holds what arrives while nobody reads it [s].
 *
 * @param ring descriptors [count]; one frame takes one, or more of them above the buffer's size
 */
export const ringSpan = (ring: number, rate: number, frame: number): number => ring / framesPerSecond(rate, frame);

/** Share of a link's rate that is TCP's payload: 52 bytes of IPv4 and TCP header with timestamps, 38 of Ethernet, a frame. */
export const tcpGoodput = (mtu: number): number => Math.max(0, mtu - 52) / (mtu + 38);

/** Bit rate a lane [bit/s] and share left by the line code, by PCIe generation (PCI-SIG base specifications). */
const LANES: Readonly<Record<number, { rate: number; code: number }>> = {
    1: { rate: 2.5e9, code: 8 / 10 },
    2: { rate: 5e9, code: 8 / 10 },
    3: { rate: 8e9, code: 128 / 130 },
    4: { rate: 16e9, code: 128 / 130 },
    5: { rate: 32e9, code: 128 / 130 },
};

export const PCIE_GENERATIONS: readonly number[] = Object.keys(LANES).map(Number);

/** Header, sequence, checksum and framing of one packet with a 64-bit address on PCIe 3 and newer [byte]. */
const TLP_OVERHEAD = 26;

/**
 * What a slot carries each way [bit/s]: after its line code, and after the headers of packets with that payload.
 *
 * @param payload largest payload of one packet [byte]; 256 is usual on servers
 */
export function pcieCapacity(generation: number, lanes: number, payload = 256) {
    const lane = LANES[generation];
    if (!lane) throw new RangeError(`PCIe generations are ${PCIE_GENERATIONS.join(", ")} (got ${generation})`);
    const ceiling = lane.rate * lane.code * lanes;
    return { ceiling, effective: (ceiling * payload) / (payload + TLP_OVERHEAD) };
}

/** A duration for people: `69 us`, `1.26 ms`, `2 s`. */
export function shownSeconds(seconds: number): string {
    const [factor, unit] = seconds < 1e-3 ? [1e6, "us"] : seconds < 1 ? [1e3, "ms"] : [1, "s"];
    return `${significant(seconds * factor)} ${unit}`;
}

/** A rate for people: `812,744 frames/s` stays whole, `63 Gbit/s` has three digits. */
export function shownRate(bitsPerSecond: number): string {
    const [factor, unit] =
        bitsPerSecond >= 1e9 ? [1e9, "Gbit/s"] : bitsPerSecond >= 1e6 ? [1e6, "Mbit/s"] : [1e3, "kbit/s"];
    return `${significant(bitsPerSecond / factor)} ${unit}`;
}

const significant = (value: number) => String(Number(value.toPrecision(3)));
