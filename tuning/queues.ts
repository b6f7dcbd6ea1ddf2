/** Queue pairs of a virtio NIC. */
import type { TuningInput } from "../schemas/tuning";
import { LIMITS } from "./backends";
import { chosenByUser, type Tuned } from "./value";

/** More queue pairs than this are chosen by measurement only. */
const MOST_QUEUES_UNMEASURED = 8;
/** A guest has about this many MSI-X vectors (Nova spec libvirt-virtiomq). */
export const MOST_VECTORS = 200;

const DRIVER =
    'Linux drivers/net/virtio_net.c, "Enable multiqueue by default"; kernel Documentation/networking/scaling.rst';

/** MSI-X vectors of one NIC [count]: one a ring, one for its settings and one for its control queue. */
export const vectorsOf = (queues: number): number => 2 * queues + 2;

/** Most queue pairs that leave room for the vectors of all NICs [count], at least 1. */
const mostByVectors = (nics: number): number => Math.max(1, Math.floor((MOST_VECTORS / nics - 2) / 2));

/** Queue pairs where nobody chose [count], of a NIC that is alone on its tap unless more is said. */
export function usualQueues(
    vcpus: number,
    { backend = "tap", nics = 1, xdp = false }: Partial<Pick<TuningInput, "backend" | "nics" | "xdp">> = {},
): number {
    const most = Math.min(LIMITS[backend].queues, mostByVectors(nics));
    const plain = Math.max(1, Math.min(vcpus, MOST_QUEUES_UNMEASURED, most));
    // XDP has a transmit queue a CPU beside the usual ones, or shares those under a lock: some more bring nothing.
    return xdp && 2 * vcpus <= most ? 2 * vcpus : plain;
}

export function tuneQueues(input: TuningInput): Tuned<number> {
    const { vcpus, backend, profile, nics, xdp, guestOs } = input;
    if (input.queues !== undefined) return withCost(chosen(input.queues, input), nics);
    if (profile === "density")
        return withCost(
            {
                value: 1,
                reason: `In profile density each NIC has one queue pair: ${nics === 1 ? "it needs" : `${nics} NICs need`} ${nics * vectorsOf(1)} vectors and the least memory.`,
                source: "Nova spec libvirt-virtiomq: queues cost memory and vectors",
                rule: "queues-max",
            },
            nics,
        );
    const useful = xdp ? 2 * vcpus : vcpus;
    const byVectors = mostByVectors(nics);
    const value = usualQueues(vcpus, { backend, nics, xdp });
    return withCost(
        {
            value,
            reason: reasonOf(input, useful, byVectors, value) + osNote(guestOs, value),
            source: DRIVER,
            rule: "queues-missing",
        },
        nics,
    );
}

/** What the user chose stays; what of it comes to nothing is said. */
function chosen(queues: number, { vcpus, xdp, nics }: TuningInput): Tuned<number> {
    const useful = xdp ? 2 * vcpus : vcpus;
    const vectors = nics * vectorsOf(queues);
    const idle = queues > useful ? ` ${vcpus} vCPUs use at most ${useful} queue pairs; the others stay idle.` : "";
    const many =
        vectors > MOST_VECTORS ? ` ${vectors} MSI-X vectors are more than the about ${MOST_VECTORS} of a guest.` : "";
    const { reason, ...value } = chosenByUser(queues);
    return { ...value, reason: reason + idle + many, rule: "queues-over-vcpu" };
}

function reasonOf({ vcpus, xdp, nics }: TuningInput, useful: number, byVectors: number, value: number): string {
    if (!xdp && value === byVectors && value < useful && value < MOST_QUEUES_UNMEASURED)
        return `${nics} NICs share about ${MOST_VECTORS} MSI-X vectors, and each queue pair takes two: ${value} a NIC is what fits.`;
    if (xdp && value < useful)
        return `XDP wants a transmit queue a CPU on top of the usual ones, ${useful} queue pairs for ${vcpus} vCPUs, which do not fit here: with ${value} it shares transmit queues under a lock (virtnet_xdp_set in drivers/net/virtio_net.c).`;
    if (xdp)
        return `XDP wants a transmit queue a CPU on top of the usual ones: ${vcpus} vCPUs use up to ${useful} queue pairs, and ${value} are taken.`;
    return `A Linux guest uses min(online vCPUs, queues) queue pairs: ${vcpus} vCPUs use at most ${vcpus}, and more than ${MOST_QUEUES_UNMEASURED} pay only where measured.`;
}

const osNote = (guestOs: TuningInput["guestOs"], value: number) =>
    guestOs === "windows" && value > 1 ? " In Windows, RSS must be on in the driver's settings as well." : "";

function withCost(tuned: Tuned<number>, nics: number): Tuned<number> {
    const { value } = tuned;
    return {
        ...tuned,
        cost: {
            vectors: nics * vectorsOf(value),
            ...(value > 1
                ? { cpu: `up to ${value} vhost or I/O threads at work at a time a NIC; one stream gains nothing` }
                : {}),
        },
    };
}
