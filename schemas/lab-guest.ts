/** How a guest that boots the lab's kernel and initramfs is told who it is. */

/** A NIC of such a guest: its MAC, and the address it shall have; without one it is only brought up. */
export interface LabGuestNic {
    mac: string;
    /** ADDRESS/PREFIX */
    address?: string;
    /** Whether it asks a DHCP server for one instead. */
    dhcp?: boolean;
}

/**
 * Words for a quick boot under emulation: no checks of the clock or of ciphers, no security modules, no random placement.
 * The kernel starts with one processor, and the guest's first process brings up the others: docs/decisions/0015.
 */
export const QUICK_BOOT =
    "quiet mitigations=off nokaslr tsc=reliable no_timer_check cryptomgr.notests lsm= panic=-1 maxcpus=1 noreplace-smp";

/**
 * Words of the kernel's command line from which a guest of a lab reads its name and addresses; other kernels pass over
 * them. Messages and reports go to the first serial port.
 */
export function guestWords(guest: string, nics: readonly LabGuestNic[]): string[] {
    const words = nics.map(
        ({ mac, address, dhcp }) =>
            `kvmnet.nic=${[mac.toLowerCase(), dhcp ? "dhcp" : address].filter(Boolean).join(",")}`,
    );
    return ["console=ttyS0", `kvmnet.name=${guest}`, ...words];
}
