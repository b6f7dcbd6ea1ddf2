/** The emulated machine of a kernel guest, as QEMU's command line. */
import { PORTS, ROOT_TAG, type Port } from "./init";
import type { KernelImage } from "./image";

export interface MachineSize {
    cpus: number;
    memoryMiB: number;
}

/** The port's name in Linux's abstract namespace, where QEMU finds our listening socket: there is no file to be left. */
export const portAddress = (id: string, port: Port) => `kvmnet/kernel-guest/${id}/${port}`;

/**
 * - no checks of times, tests of ciphers and protections against hostile neighbours: they cost seconds under emulation
 * - RCU expedited: a network device is gone in milliseconds instead of a tenth of a second
 * - panic=-1: a panic ends the machine at once
 */
const COMMAND_LINE =
    "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off nokaslr no5lvl nowatchdog audit=0 apparmor=0 " +
    "tsc=reliable no_timer_check random.trust_cpu=on cryptomgr.notests rcupdate.rcu_expedited=1";

/** NICs with rings, interrupts to moderate and a PCI Express link, whose cables meet; their driver is not loaded. */
const NICS = [1, 2].flatMap((number) => [
    ...["-netdev", `hubport,id=cable${number},hubid=0`, "-device", `pcie-root-port,id=lane${number},chassis=${number}`],
    ...["-device", `e1000e,bus=lane${number},netdev=cable${number},romfile=`],
]);

/**
 * The command that runs the machine, for as long as the process that starts it lives. Its standard output is the
 * kernel's console. Its processors take turns on one thread: with one each they may stand still for ever when the kernel
 * patches its code (docs/decisions/0015).
 *
 * @param id names the sockets, see `portAddress`
 */
export function machineCommand({ kernel, initrd }: KernelImage, { cpus, memoryMiB }: MachineSize, id: string) {
    const ports = Object.entries(PORTS).flatMap(([port, number]) => [
        "-chardev",
        `socket,id=${port},abstract=on,path=${portAddress(id, port as Port)}`,
        "-device",
        `virtserialport,chardev=${port},nr=${number}`,
    ]);
    return [
        ...["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64"],
        ...["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-machine", "q35"],
        ...["-accel", "tcg,thread=single,tb-size=512", "-cpu", "max"],
        ...["-smp", String(cpus), "-m", `${memoryMiB}M`],
        ...["-kernel", kernel, "-initrd", initrd, "-append", COMMAND_LINE],
        ...["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"],
        // One file system is shared; files of others mounted in it may have the same numbers (multidevs).
        ...["-fsdev", `local,id=${ROOT_TAG},path=/,security_model=none,readonly=on,multidevs=remap`],
        ...["-device", `virtio-9p-pci,fsdev=${ROOT_TAG},mount_tag=${ROOT_TAG}`],
        ...["-device", `virtio-serial-pci,max_ports=${Object.keys(PORTS).length + 1}`],
        ...ports,
        ...NICS,
    ];
}
