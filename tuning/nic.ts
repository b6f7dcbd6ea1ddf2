/** What a virtio NIC on a tap gets when its user says nothing: each value with its reason and source. */
import { TuningInput } from "../schemas/tuning";
import { tuneQueues } from "./queues";
import { tuneRxRing, tuneTxRing } from "./rings";
import type { Tuned } from "./value";

export interface TunedNic {
    queues: Tuned<number>;
    rxRing: Tuned<number>;
    txRing: Tuned<number>;
}

/**
 * Queues and rings of a virtio NIC on a tap, on a link of 10 Gbit/s.
 *
 * @param vcpus     virtual CPUs of the guest [count], at least 1
 * @param overrides values the user chose; they keep their own reason
 */
export function tuneNic(
    vcpus: number,
    { queues, rxRing, txRing }: { queues?: number; rxRing?: number; txRing?: number } = {},
): TunedNic {
    const input = TuningInput.parse({ vcpus, queues, rxRing, txRing });
    const pairs = tuneQueues(input);
    return { queues: pairs, rxRing: tuneRxRing(input, pairs.value), txRing: tuneTxRing(input, pairs.value) };
}
