/** One MTU over all hops of a way: the shortest decides what passes. */
import { z } from "zod";
import { named } from "./named";
import { Label, Mtu } from "./units";

export const MtuDomain = z.strictObject({
    mtu: Mtu.describe("MTU that passes from end to end [byte]."),
    hops: named(Label, Mtu, "hops maps names to MTUs, such as { uplink: 9000, tap: 9000 }").describe(
        "MTU of each hop of the way by name [byte]: uplink, bridge, tap, NIC; of a tunnel what is left of it for packets.",
    ),
});
export type MtuDomain = z.output<typeof MtuDomain>;

/** What is wrong with a way: its shortest hop by name, and every other that is too short. Undefined where all pass. */
export function shortfallOf({ mtu, hops }: MtuDomain): string | undefined {
    const short = Object.entries(hops)
        .filter(([, hop]) => hop < mtu)
        .sort(([, a], [, b]) => a - b);
    const [shortest, ...others] = short;
    if (!shortest) return undefined;
    const [name, hop] = shortest;
    const more = others.map(([other, size]) => `${other} (${size})`).join(", ");
    return (
        `the shortest link is ${name} with ${hop} byte, ${mtu - hop} less than the domain's ${mtu}` +
        (more ? `, and ${more} ${others.length === 1 ? "is" : "are"} too short, too` : "") +
        `; raise its MTU to ${mtu}, or lower the domain's to ${hop}`
    );
}
