/** What puts a finding right for certain: a change that no guest or switch can take amiss. All others need a person. */
import { tuneNic } from "../../../tuning/nic";
import { known } from "../../known";
import { type GuestNic, numberSaid } from "../../nics/guest-nic";
import type { XmlChange } from "./xml-edit";

/** Descriptors that QEMU takes for a ring. */
const RINGS = [256, 512, 1024];
const isRing = (size: number | undefined) => size === undefined || RINGS.includes(size);

const RX_RING: XmlChange = { path: "driver", attribute: "rx_queue_size", value: "1024" };
const NO_TX_RING: XmlChange = { path: "driver", attribute: "tx_queue_size" };

/** Changes of an `<interface>`, by rule. @throws NotKnown where a value is needed that is not there */
export const NIC_REMEDIES: ReadonlyMap<string, (nic: GuestNic) => XmlChange[]> = new Map([
    ["ring-undersized", () => [RX_RING]],
    [
        "ring-valid",
        (nic: GuestNic) => [
            ...(isRing(known(nic.rxRing)) ? [] : [RX_RING]),
            ...(isRing(numberSaid(nic, "txRing")) ? [] : [NO_TX_RING]),
        ],
    ],
    ["ring-tx-backend", () => [NO_TX_RING]],
    ["queues-missing", (nic: GuestNic) => [{ path: "driver", attribute: "queues", value: queuesFor(nic) }]],
    ["jumbo-mrg-rxbuf", () => [{ path: "driver/host", attribute: "mrg_rxbuf" }]],
    [
        "qos-inbound-peak",
        (nic: GuestNic) => [
            { path: "bandwidth/inbound", attribute: "peak", value: String(numberSaid(nic, "inAverage") ?? 0) },
        ],
    ],
    ["qos-outbound-peak", () => [{ path: "bandwidth/outbound", attribute: "peak" }]],
]);

const queuesFor = (nic: GuestNic): string => String(tuneNic(known(nic.guest.vcpus)).queues.value);

/** Values below a bond, by rule: milliseconds between two looks at its links. */
export const BOND_REMEDIES: ReadonlyMap<string, { netplan: string[]; nmstate: string[]; value: number }> = new Map([
    [
        "bond-monitor",
        {
            netplan: ["parameters", "mii-monitor-interval"],
            nmstate: ["link-aggregation", "options", "miimon"],
            value: 100,
        },
    ],
]);
