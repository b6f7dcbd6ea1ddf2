/** Who must reach whom: two NICs do when they share a subnet and a broadcast domain, that is a bridge and its VLAN. */
import { Address4, Address6 } from "ip-address";
import type { DeclaredNic } from "../../schemas/declared";

/** Two NICs of different guests in one subnet: a question that a ping can answer. */
export interface Pair {
    from: DeclaredNic;
    to: DeclaredNic;
    /** True where the declaration lets them hear each other. */
    joined: boolean;
}

/**
 * Every question worth a ping, each once: its answer crosses the path both ways. Guests in one subnet but different
 * VLANs are asked as well: that they do not hear each other is what the VLAN was declared for.
 */
export function pairsOf(nics: DeclaredNic[]): Pair[] {
    return nics.flatMap((from, index) =>
        nics
            .slice(index + 1)
            .filter((to) => to.guest !== from.guest && sameSubnet(from.address, to.address))
            .map((to) => ({ from, to, joined: sameBroadcastDomain(from, to) })),
    );
}

function sameBroadcastDomain({ plug: a }: DeclaredNic, { plug: b }: DeclaredNic): boolean {
    return a.kind === b.kind && a.bridge === b.bridge && a.vlan === b.vlan;
}

function sameSubnet(a: string | null, b: string | null): boolean {
    if (a === null || b === null || a.includes(":") !== b.includes(":")) return false;
    const family = a.includes(":") ? Address6 : Address4;
    const [left, right] = [new family(a), new family(b)];
    return (
        left.subnetMask === right.subnetMask && left.startAddress().correctForm() === right.startAddress().correctForm()
    );
}
