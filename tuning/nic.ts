/** What a virtio NIC gets when its user says nothing: each value with its reason and source. */
import { TuningInput } from "../schemas/tuning";
import { tuneQueues } from "./queues";
import { tuneRxRing, tuneTxRing } from "./rings";
import type { Tuned } from "./value";

export interface TunedNic {
    queues: Tuned<number>;
    rxRing: Tuned<number>;
    txRing: Tuned<number>;
}

/** What a user may say of a NIC before it is tuned; values chosen by the user keep their own reason. */
export interface NicFacts {
    queues?: number;
    rxRing?: number;
    txRing?: number;
    mtu?: number;
    rate?: string;
    profile?: TuningInput["profile"];
    backend?: TuningInput["backend"];
}

/**
 * Queues and rings of a virtio NIC; on a tap, on a link of 10 Gbit/s, where nothing else is said.
 *
 * @param vcpus virtual CPUs of the guest [count], at least 1
 */
export function tuneNic(
    vcpus: number,
    { queues, rxRing, txRing, mtu, rate, profile, backend }: NicFacts = {},
): TunedNic {
    const input = TuningInput.parse({ vcpus, queues, rxRing, txRing, mtu, rate, profile, backend });
    const pairs = tuneQueues(input);
    return { queues: pairs, rxRing: tuneRxRing(input, pairs.value), txRing: tuneTxRing(input, pairs.value) };
}
