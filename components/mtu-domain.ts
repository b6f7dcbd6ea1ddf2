import * as pulumi from "@pulumi/pulumi";
import { MtuDomain as MtuDomainSchema, MtuDomainAhead, shortfallOf } from "../schemas/mtu-domain";
import { Component, parseArgs } from "./component";

/** A hop: what has an MTU, or the MTU itself. */
export type MtuHop = pulumi.Input<number> | { readonly mtu: pulumi.Input<number | undefined> };

export interface MtuDomainArgs {
    /** MTU that passes from end to end [byte]. */
    mtu: number;
    /** Each hop of the way by name: uplink, bridge, tap, NIC, or its MTU; of a tunnel what is left of it for packets. */
    hops: Record<string, MtuHop>;
}

/**
 * One MTU from the uplink to the guest. A way with a shorter link is refused, and the shortest is named: before anything
 * is made where the MTUs are plain, else as soon as they are known.
 */
export class MtuDomain extends Component {
    /** The MTU, once every hop is known to carry it [byte]; what takes it waits for that. */
    readonly mtu: pulumi.Output<number>;

    /** @throws pulumi.RunError with everything wrong in the arguments, or the shortest link */
    constructor(name: string, { mtu, hops, ...rest }: MtuDomainArgs, opts?: pulumi.ComponentResourceOptions) {
        const subject = `MtuDomain ${name}`;
        const told = Object.fromEntries(Object.entries(hops ?? {}).map(([hop, one]) => [hop, mtuOf(one)]));
        const plain = Object.fromEntries(Object.entries(told).filter(([, one]) => !isLater(one)));
        const waits = Object.values(told).some(isLater);
        refuseShort(
            subject,
            parseArgs(waits ? MtuDomainAhead : MtuDomainSchema, { ...rest, mtu, hops: plain }, subject),
        );
        super("MtuDomain", name, { mtu, hops: told }, opts);

        this.mtu = pulumi.output(told as Record<string, pulumi.Input<number>>).apply((known) => {
            const hops = Object.fromEntries(Object.entries(known).map(([hop, one]) => [hop, one ?? undefined]));
            const all = parseArgs(MtuDomainSchema, { mtu, hops }, subject);
            refuseShort(subject, all);
            return all.mtu;
        });
        this.registerOutputs({ mtu: this.mtu, hops: told });
    }
}

const isLater = (mtu: unknown) => pulumi.Output.isInstance(mtu) || mtu instanceof Promise;

/** Other languages have null for an output that is absent. */
const mtuOf = (hop: MtuHop | null): unknown =>
    (typeof hop === "object" && hop !== null && "mtu" in hop && !pulumi.Output.isInstance(hop) ? hop.mtu : hop) ??
    undefined;

function refuseShort(subject: string, domain: Parameters<typeof shortfallOf>[0]): void {
    const shortfall = shortfallOf(domain);
    if (shortfall) throw new pulumi.RunError(`${subject}: ${shortfall}.`);
}
