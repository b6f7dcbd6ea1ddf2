/** One MTU over all hops of a way: the shortest decides what passes. */
import { z } from "zod";
import { named } from "./named";
import { Label, Mtu } from "./units";

const HOPS = "hops maps names to MTUs, such as { uplink: 9000, tap: 9000 }";

const Hop = Mtu.optional().refine((mtu) => mtu !== undefined, {
    error: "this hop has no MTU of its own to go by; set mtu on it, or give the number in its place",
});

/** As it is told while some hops are not known yet, and left out. */
export const MtuDomainAhead = z.strictObject({
    mtu: Mtu.describe("MTU that passes from end to end [byte]."),
    hops: named(Label, Hop, HOPS),
});
type MtuDomainAhead = z.output<typeof MtuDomainAhead>;

export const MtuDomain = MtuDomainAhead.extend({
    hops: MtuDomainAhead.shape.hops
        .refine((hops) => Object.keys(hops).length > 0, { error: `a way has at least one hop; ${HOPS}` })
        .describe(
            "MTU of each hop of the way by name [byte]: uplink, bridge, tap, NIC; of a tunnel what is left of it for packets.",
        ),
});

/** What is wrong with a way: its shortest hop by name, and every other that is too short. Undefined where all pass. */
export function shortfallOf({ mtu, hops }: MtuDomainAhead): string | undefined {
    const short = Object.entries(hops)
        .filter((entry): entry is [string, number] => entry[1] !== undefined && entry[1] < mtu)
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
