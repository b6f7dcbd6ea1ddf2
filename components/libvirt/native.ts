/** The 0.9 line of @pulumi/libvirt: its arguments mirror libvirt's XML, so a guest is written as it is. */
import { type DomainAdapter, domainType, driverOf } from "./guest";

/** Arguments of that line's `Domain`. MAC addresses are in lower case, as libvirt gives them back. */
export const nativeDomain: DomainAdapter = (guest, taps) => ({
    args: {
        name: guest.name,
        type: domainType[guest.accelerator],
        vcpu: guest.vcpus,
        memory: guest.memoryMiB,
        memoryUnit: "MiB",
        running: true,
        os: {
            type: "hvm",
            typeMachine: guest.machine,
            kernel: guest.kernel,
            initrd: guest.initrd,
            cmdline: guest.cmdline.join(" "),
        },
        features: { acpi: true, apic: {} },
        devices: {
            interfaces: guest.nics.map((nic, index) => ({
                mac: { address: nic.mac },
                source: { ethernet: {} },
                target: { dev: taps[index], managed: false },
                mtu: { size: nic.mtu },
                ...(nic.model && { model: { type: nic.model } }),
                ...withDriver(driverOf(nic, guest.accelerator)),
            })),
            serials: [serial(guest.console)],
        },
    },
    replaceOnChanges: [],
});

const withDriver = (driver: ReturnType<typeof driverOf>) => driver && { driver };

function serial(console: { socket: string; log: string } | undefined) {
    if (!console) return { source: { pty: {} }, target: { port: 0 } };
    return {
        source: { unix: { mode: "bind", path: console.socket } },
        log: { file: console.log, append: "off" },
        target: { port: 0 },
    };
}
