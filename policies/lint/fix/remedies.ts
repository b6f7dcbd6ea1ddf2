/** What `--fix` puts right for certain. All else needs a person. */
import { NIC_REMEDIES, type NicRemedy } from "../../remedies";

/**
 * Changes of an `<interface>`, by rule: of the NIC, and of its bandwidth, where nothing reads what is said. A limit is
 * nobody's guess: an inbound average may be meant as the guarantee that it is, and its guest would be held to it.
 */
export const INTERFACE_REMEDIES: Readonly<Partial<Record<string, NicRemedy>>> = {
    ...NIC_REMEDIES,
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
