/** What links of several kinds have in common, each told once. */
import { z } from "zod";
import { IfName, Mac, Mtu } from "./units";

/** True or false, by the property's own name in the message. */
export const toggle = (name: string) => z.boolean(`${name} is true or false`);

/** Packets that wait in the link's transmit queue; `ip` takes the number as a signed one of 32 bits. */
export const TxQueueLength = z
    .int("txQueueLength is a whole number of packets from 0 to 2147483647")
    .min(0, "txQueueLength is 0 to 2147483647 packets; 1000 is usual")
    .max(2147483647, "txQueueLength is 0 to 2147483647 packets; 1000 is usual");

/** Of a tap it is a ring of pointers, which the kernel makes no larger than 4 MiB (linux/ptr_ring.h, KMALLOC_MAX_SIZE). */
export const TapQueueLength = TxQueueLength.max(
    524288,
    "txQueueLength of a tap is 0 to 524288 packets, which is all that the kernel makes; 1000 is usual",
);

/** A whole number between two bounds, told with its unit and what to choose. */
export function count(name: string, least: number, most: number, unit: string) {
    const error = `${name} is a whole number from ${least} to ${most} ${unit}`;
    return z.int(error).min(least, error).max(most, error);
}

/** Seconds between two bounds; the kernel counts them in hundredths. */
export function seconds(name: string, least: number, most: number) {
    const error = `${name} is a number of seconds from ${least} to ${most}`;
    return z
        .number(error)
        .min(least, error)
        .max(most, error)
        .overwrite((value) => Math.round(value * 100) / 100);
}

/** The fields of a link that is made: its name, and what every kind has. */
export const linkFields = (kind: string) => ({
    name: IfName.describe(`Name of the ${kind}; a change replaces it.`),
    mac: Mac.optional().describe("MAC address; absent leaves the one that the kernel chooses. Changes live."),
    mtu: Mtu.optional().describe("MTU [byte]; absent leaves the kernel's. Changes live."),
    txQueueLength: TxQueueLength.optional().describe(
        "Transmit queue [packets]; absent leaves the kernel's. Changes live.",
    ),
});
