/** Receive and transmit rings of a virtio NIC. */
import type { TuningInput } from "../schemas/tuning";
import { bitsPerSecond } from "../schemas/amounts";
import { LIMITS } from "./backends";
import { framesPerSecond, ringSpan, shownRate, shownSeconds, SMALLEST_FRAME } from "./physics";
import { chosenByUser, type Tuned } from "./value";

/** Ring sizes that QEMU takes [descriptors] (hw/net/virtio-net.c). */
export const GUEST_RINGS = [256, 512, 1024] as const;
export type GuestRingSize = (typeof GUEST_RINGS)[number];
export const isGuestRing = (size: number): boolean => (GUEST_RINGS as readonly number[]).includes(size);

const QEMU_RX = "QEMU hw/net/virtio-net.c VIRTIO_NET_RX_QUEUE_MIN_SIZE and _MAX_SIZE";
const QEMU_TX = "QEMU hw/net/virtio-net.c virtio_net_max_tx_queue_size";

/** A posted receive buffer is at most one page (Linux drivers/net/virtio_net.c get_mergeable_buf_len). */
const PAGE = 4096;

/**
 * Memory of one split ring [byte]: 16 a descriptor, 2 and 8 an entry of the two rings beside it, 12 for their heads
 * (virtio 1.2, 2.7).
 */
export const ringBytes = (descriptors: number): number => 26 * descriptors + 12;

/**
 * Smallest ring that holds what arrives while the guest does not run, or the largest there is.
 *
 * @param rate [bit/s]  @param stall [s]  @param frame with checksum [byte]
 */
export function ringFor(rate: number, stall: number, frame: number): { ring: GuestRingSize; needed: number } {
    const needed = Math.ceil(framesPerSecond(rate, frame) * stall);
    return { ring: GUEST_RINGS.find((size) => size >= needed) ?? 1024, needed };
}

const BY_PROFILE: Readonly<Record<TuningInput["profile"], GuestRingSize>> = {
    default: 1024,
    throughput: 1024,
    latency: 512,
    density: 256,
    "legacy-lab": 1024,
};

/** The usual frame of this network [byte]. */
const frameOf = ({ frame, mtu }: TuningInput): number => frame ?? Math.max(SMALLEST_FRAME, mtu + 18);

export function tuneRxRing(input: TuningInput, queues: number): Tuned<number> {
    const rate = bitsPerSecond(input.rate);
    const frame = frameOf(input);
    const cost = (ring: number) => ({ bytes: input.nics * queues * (ringBytes(ring) + ring * PAGE) });
    if (input.rxRing !== undefined) return { ...chosenByUser(input.rxRing), cost: cost(input.rxRing) };
    const covers = (ring: number) =>
        `${ring} descriptors cover ${shownSeconds(ringSpan(ring, rate, frame))} of ${shownRate(rate)} at ${frame}-byte frames, ` +
        `${shownSeconds(ringSpan(ring, rate, SMALLEST_FRAME))} at ${SMALLEST_FRAME} bytes`;
    if (input.stallMs === undefined) {
        const ring = BY_PROFILE[input.profile];
        const why =
            ring === 1024
                ? "the most that QEMU takes"
                : `the choice of profile ${input.profile}, ${input.profile === "latency" ? "since a longer ring may add delay" : "since each entry holds a buffer of up to a page"}`;
        return {
            value: ring,
            reason: `${covers(ring)}; ${why}.`,
            source: QEMU_RX,
            rule: "ring-undersized",
            cost: cost(ring),
        };
    }
    const { ring, needed } = ringFor(rate, input.stallMs / 1000, frame);
    const fits =
        needed <= ring
            ? `a stall of ${input.stallMs} ms brings ${needed} frames`
            : `a stall of ${input.stallMs} ms brings ${needed} frames, more than any ring of QEMU holds: shorten the stall (pinning) or spread the load over queues`;
    return {
        value: ring,
        reason: `${covers(ring)}; ${fits}.`,
        source: QEMU_RX,
        rule: "ring-undersized",
        cost: cost(ring),
    };
}

export function tuneTxRing(input: TuningInput, queues: number): Tuned<number> {
    const { title, txRing: most } = LIMITS[input.backend];
    const cost = (ring: number) => ({ bytes: input.nics * queues * ringBytes(ring) });
    if (input.txRing !== undefined && input.txRing <= most)
        return { ...chosenByUser(input.txRing), cost: cost(input.txRing) };
    const value = most === 256 || input.profile === "density" ? 256 : BY_PROFILE[input.profile];
    const reason =
        most === 256
            ? "QEMU fixes the transmit ring at 256 descriptors for a tap; more needs vhost-user or vDPA."
            : `With ${title} QEMU takes up to ${most} descriptors; ${value} is the choice of profile ${input.profile}.`;
    const ignored =
        input.txRing === undefined ? "" : ` The ${input.txRing} that was asked for would not arrive in the guest.`;
    return { value, reason: reason + ignored, source: QEMU_TX, rule: "ring-tx-backend", cost: cost(value) };
}
