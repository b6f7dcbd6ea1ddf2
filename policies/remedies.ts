/** What puts a NIC right for certain: what no guest and no switch can take amiss. All else needs a person. */
import { usualQueues } from "../tuning/queues";
import { isGuestRing } from "../tuning/rings";
import { known } from "./known";
import { type GuestNic, hasOthersTap, numberSaid } from "./nics/guest-nic";
import type { NicField } from "./nics/said";

/** One field with the value that it gets; without one it is taken away. */
interface NicChange {
    field: NicField;
    value?: number;
}

/** Nothing where only a person can tell. @throws NotKnown where a value is needed that is not there */
export type NicRemedy = (nic: GuestNic) => NicChange[];

const LONGEST_RX: NicChange = { field: "rxRing", value: 1024 };
const NO_TX: NicChange = { field: "txRing" };

/** By rule. A model, for one, needs a driver in the guest and is nobody's guess. */
export const NIC_REMEDIES: Readonly<Partial<Record<string, NicRemedy>>> = {
    "ring-undersized": () => [LONGEST_RX],
    "ring-valid": (nic) => {
        const tx = numberSaid(nic, "txRing");
        return [
            ...(isGuestRing(known(nic.rxRing)) ? [] : [LONGEST_RX]),
            ...(tx === undefined || isGuestRing(tx) ? [] : [NO_TX]),
        ];
    },
    "ring-tx-backend": () => [NO_TX],
    // A tap that others made for one queue takes no second, and the guest would not start.
    "queues-missing": (nic) =>
        hasOthersTap(nic) ? [] : [{ field: "queues", value: usualQueues(known(nic.guest.vcpus)) }],
    "jumbo-mrg-rxbuf": () => [{ field: "mrgRxbuf" }],
};
