/** What `--fix` puts right for certain. All else needs a person. */
import { numberSaid } from "../../nics/guest-nic";
import { NIC_REMEDIES, type NicRemedy } from "../../remedies";

/** Changes of an `<interface>`, by rule: of the NIC, and of its bandwidth, which libvirt reads in a way of its own. */
export const INTERFACE_REMEDIES: Readonly<Partial<Record<string, NicRemedy>>> = {
    ...NIC_REMEDIES,
    "qos-inbound-peak": (nic) => [{ field: "inPeak", value: numberSaid(nic, "inAverage") ?? 0 }],
    "qos-outbound-peak": () => [{ field: "outPeak" }],
};

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
