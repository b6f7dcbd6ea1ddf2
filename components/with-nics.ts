/** NICs for a domain that somebody writes by hand, in either line of @pulumi/libvirt. */
import * as pulumi from "@pulumi/pulumi";
import { libvirt } from "./libvirt/installed";
import type { TunedVirtioNic } from "./tuned-virtio-nic";

/**
 * Adds tuned NICs to the arguments of a `libvirt.Domain` of one's own: `new libvirt.Domain("web", withNics({ name: "web",
 * vcpu: 4, memory: 2048 }, [nic]))`. What else the arguments say stays as it is.
 *
 * In the 0.8 line the NICs go in by a stylesheet, so `deleteBeforeReplace: true` belongs to the domain's options: what
 * changes in a stylesheet replaces the domain, and two domains cannot share a name.
 *
 * @param args arguments of the installed line's `Domain`; `type: "qemu"` is emulation, all else has vhost
 * @param nics in the order the guest sees them, after NICs that the arguments have already
 * @throws pulumi.RunError where the arguments have `xml.xslt` of their own, or where @pulumi/libvirt is not installed
 */
export function withNics<Args extends object>(args: Args, nics: readonly TunedVirtioNic[]): Args {
    const decided = nics.map((nic) => nic.decided);
    // The tap's name is told once it is plugged in: a guest that starts earlier starts on a dead wire.
    const taps = nics.map(({ declared }) => declared.apply(({ tap }) => tap));
    try {
        return libvirt().line.nics(args, decided, taps);
    } catch (error) {
        if (error instanceof RangeError) throw new pulumi.RunError(`withNics: ${error.message}.`);
        throw error;
    }
}
