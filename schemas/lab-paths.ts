/** Where a lab keeps its things. Known by name alone, so that programs and policies need not ask anybody. */

/** All labs of this machine. Short, because a unix socket's path has at most 107 bytes; gone with a reboot, as labs are. */
export const LABS_ROOT = "/run/kvmnet/labs";

export function labPaths(name: string) {
    const folder = `${LABS_ROOT}/${name}`;
    return {
        folder,
        /** What is known of the running lab, written last: the pid of its first process and more. */
        record: `${folder}/lab.json`,
        ovsdbSocket: `${folder}/openvswitch/db.sock`,
        libvirtSocket: `${folder}/libvirt/libvirt-sock`,
        /** What the provider keeps on a host: inside the lab this is /var/lib/kvmnet. */
        hostState: `${folder}/lib/kvmnet`,
        /** The guest that the lab supplies: Debian's cloud kernel and the initramfs made for it. */
        kernel: `${folder}/guest/vmlinuz`,
        initrd: `${folder}/guest/initrd`,
        /** Pulumi's file backend for programs whose host is this lab. */
        state: `${folder}/state`,
        /** Socket on which a guest's serial console answers, and the log of all it printed. */
        console: (guest: string) => ({
            socket: `${folder}/consoles/${guest}.sock`,
            log: `${folder}/consoles/${guest}.log`,
        }),
    };
}
