/** How libvirt is set up in a lab: the files of /etc/libvirt. */

/** Settings of the lab's libvirt: everything as root, no confinement, nothing that asks the machine's own services. */
export const LIBVIRT_SETTINGS: Readonly<Record<string, string>> = {
    "qemu.conf": [
        'stdio_handler = "file"',
        'user = "root"',
        'group = "root"',
        "dynamic_ownership = 0",
        "remember_owner = 0",
        'security_driver = "none"',
        "cgroup_controllers = [ ]",
        "namespaces = [ ]",
        "",
    ].join("\n"),
    "libvirtd.conf": [
        'auth_unix_ro = "none"',
        'auth_unix_rw = "none"',
        'unix_sock_rw_perms = "0700"',
        // A machine that emulates guests may keep the switch waiting for longer than the usual 5 s.
        "ovs_timeout = 60",
        'log_outputs = "3:file:/var/log/libvirt/libvirtd.log"',
        "",
    ].join("\n"),
};
