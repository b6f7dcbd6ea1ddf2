/** The 0.8 line of @pulumi/libvirt: it knows no taps, queues, rings or MTU of a NIC, so they go in by a stylesheet. */
import * as pulumi from "@pulumi/pulumi";
import { isCdRom } from "../../schemas/guest";
import { cmdlineMaps } from "./cmdline";
import { type DomainAdapter, domainType, type GuestDisk, hasCdRom, type NicsAdapter, startsBy } from "./guest";
import { guestXslt, nicsXslt } from "./xslt";

/** Arguments of that line's `Domain`. MAC addresses are in upper case: the stylesheet finds interfaces by them. */
export const classicDomain: DomainAdapter = (guest, taps) => ({
    args: {
        name: guest.name,
        type: domainType[guest.accelerator],
        machine: guest.machine,
        vcpu: guest.vcpus,
        memory: guest.memoryMiB,
        ...(guest.kernel !== undefined && {
            kernel: guest.kernel,
            initrd: guest.initrd,
            cmdlines: cmdlineMaps(guest.cmdline),
        }),
        // libvirt's own choice is the disks alone. A guest that is there keeps its order, which that line does not change.
        ...(guest.kernel === undefined && hasCdRom(guest) && { bootDevices: [{ devs: startsBy(guest) }] }),
        ...(guest.firmware !== undefined && { firmware: guest.firmware }),
        ...(guest.cpu?.mode && { cpu: { mode: guest.cpu.mode } }),
        ...(guest.disks.length > 0 && { disks: guest.disks.map(diskOf) }),
        ...(guest.cloudInit && { cloudinit: guest.cloudInit.id }),
        // Of an argument that is no longer there that line takes what is on the host.
        autostart: guest.autostart,
        networkInterfaces: guest.nics.map(({ mac }) => ({ mac: mac.toUpperCase() })),
        xml: { xslt: pulumi.all(taps).apply((names) => guestXslt(guest, names)) },
    },
    // That line calls a new kernel, or another disk in the place of one, an update and then leaves the domain as it was (resource_libvirt_domain.go, Update).
    // It would change a cloud-init disk in place, and looks for it on IDE, where the stylesheet leaves none.
    replaceOnChanges: ["kernel", "initrd", "disks", ...(guest.cloudInit ? ["cloudinit"] : [])],
    // Nor does it change the machine or the processor, of which it takes what is there where it is told none. Of pc-q35-7.2 it reads back q35 where that is what q35 means on the host, and the
    // other way round after an upgrade of QEMU (utils_domain_def.go, getOriginalMachineName).
    replacedWith: ["machine", "cpu"],
});

/** NICs for a domain of that line that somebody wrote by hand. A stylesheet of their own cannot be joined with ours. */
export const classicNics: NicsAdapter = (args, nics, taps) => {
    const {
        xml,
        type,
        networkInterfaces = [],
    } = args as {
        xml?: unknown;
        type?: unknown;
        networkInterfaces?: pulumi.Input<pulumi.Input<object>[]>;
    };
    if (xml !== undefined)
        throw new RangeError(
            "the domain has xml.xslt already, and that line takes one stylesheet; put what it changes into a transform after withNics, or write the NICs in it",
        );
    const ours = nics.map(({ mac }) => ({ mac: mac.toUpperCase() }));
    const accelerator = type === domainType.tcg ? "tcg" : "kvm";
    return {
        ...args,
        networkInterfaces: pulumi.output(networkInterfaces).apply((others) => [...others, ...ours]),
        xml: { xslt: pulumi.all(taps).apply((names) => nicsXslt(nics, accelerator, names)) },
    };
};

/**
 * That line takes every file for raw, and afterwards reads it back as the volume that it is in its pool; as a volume it is
 * what is read back. The key of a file in a pool is its path. The stylesheet says its format.
 */
function diskOf({ from }: GuestDisk): Record<string, unknown> {
    if ("file" in from) return isCdRom(from.file) ? { file: from.file } : { volumeId: from.file };
    if ("block" in from) return { blockDevice: from.block };
    return { volumeId: from.volume.id };
}
