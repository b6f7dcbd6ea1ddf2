/** The 0.8 line of @pulumi/libvirt: it knows no taps, queues, rings or MTU of a NIC, so they go in by a stylesheet. */
import * as pulumi from "@pulumi/pulumi";
import { type DomainAdapter, domainType } from "./guest";
import { guestXslt } from "./xslt";

/** Arguments of that line's `Domain`. MAC addresses are in upper case: the stylesheet finds interfaces by them. */
export const classicDomain: DomainAdapter = (guest, taps) => ({
    args: {
        name: guest.name,
        type: domainType[guest.accelerator],
        machine: guest.machine,
        vcpu: guest.vcpus,
        memory: guest.memoryMiB,
        kernel: guest.kernel,
        initrd: guest.initrd,
        cmdlines: cmdlineMaps(guest.cmdline),
        networkInterfaces: guest.nics.map(({ mac }) => ({ mac: mac.toUpperCase() })),
        xml: { xslt: pulumi.all(taps).apply((names) => guestXslt(guest, names)) },
    },
    // That line calls a new kernel an update and then leaves the domain as it was (resource_libvirt_domain.go, Update).
    replaceOnChanges: ["kernel", "initrd"],
});

/**
 * Words of a kernel command line as the line reads them back from libvirt: sorted, as maps in which no key comes twice,
 * words without `=` last. Written in any other way, every refresh would show a difference and replace the guest.
 *
 * @see terraform-provider-libvirt v0.8.3, libvirt/utils_domain_def.go splitKernelCmdLine, libvirt/domain.go setCmdlineArgs
 */
export function cmdlineMaps(words: string[]): Record<string, string>[] {
    const maps: Record<string, string>[] = [];
    const bare = words.filter((word) => !word.includes("="));
    let latest: Record<string, string> | undefined;
    for (const word of words.filter((word) => word.includes("=")).sort(byBytes)) {
        const [key, value] = [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)];
        if (!latest || Object.hasOwn(latest, key)) maps.push((latest = {}));
        latest[key] = value;
    }
    return bare.length ? [...maps, { _: bare.join(" ") }] : maps;
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
