/** A lab's folder before anything runs in it: what its private /etc, /run and /var start from. */
import { existsSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { labPaths } from "../../schemas/lab-paths";
import { cacheRoot } from "../cache";
import type { GuestImage } from "../guest/image";
import { makeFolder } from "../record";
import { LIBVIRT_SETTINGS } from "./libvirt-settings";

/** Folders of a lab that stand in the place of the machine's own. */
export const PRIVATE_FOLDERS: Readonly<Record<string, string>> = {
    "etc/libvirt": "/etc/libvirt",
    "etc/openvswitch": "/etc/openvswitch",
    lib: "/var/lib",
    cache: "/var/cache",
    log: "/var/log",
};

/** Files of a lab that stand in the place of the machine's own, under /etc. */
export const PRIVATE_FILES = ["hosts", "passwd", "group"];

const FURTHER_FOLDERS = [
    "run",
    "openvswitch",
    "libvirt",
    "consoles",
    "guest",
    "cache/libvirt",
    "log/libvirt",
    "log/openvswitch",
];

/** libvirt looks for this account at its start, also where its settings name another. */
export const LIBVIRT_ACCOUNT = {
    passwd: "libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin",
    group: "libvirt-qemu:x:64055:",
};

/** Makes the lab's folder with all that its host finds when it starts. */
export function layOut(name: string): void {
    const { folder, state } = labPaths(name);
    readableByAll(() => layHost(folder));
    makeFolder(state);
    // What libvirt learns of QEMU is the same in every lab; libvirt itself checks whether it still holds.
    makeFolder(join(cacheRoot(), "libvirt"));
}

function layHost(folder: string): void {
    for (const inside of [...FURTHER_FOLDERS, ...Object.keys(PRIVATE_FOLDERS)]) makeFolder(join(folder, inside));
    const lay = (file: string, text: string) => writeFileSync(join(folder, "etc", file), text);
    lay("hosts", "127.0.0.1 localhost\n::1 localhost\n");
    for (const file of ["passwd", "group"] as const)
        lay(file, withAccount(readFileSync(join("/etc", file), "utf8"), LIBVIRT_ACCOUNT[file]));
    for (const [file, text] of Object.entries(LIBVIRT_SETTINGS)) lay(join("libvirt", file), text);
}

/** Does the work under a host's usual umask, whatever the caller's is: dnsmasq, for one, reads without root's rights. */
function readableByAll(work: () => void): void {
    const umask = process.umask(0o022);
    try {
        work();
    } finally {
        process.umask(umask);
    }
}

/** The accounts with one more, unless it is there. */
export function withAccount(accounts: string, line: string): string {
    const name = line.slice(0, line.indexOf(":") + 1);
    return accounts.split("\n").some((known) => known.startsWith(name)) ? accounts : `${accounts.trimEnd()}\n${line}\n`;
}

/** Points the lab's kernel and initramfs at these, also in a lab that is up. */
export function offerGuest(name: string, image: GuestImage): void {
    const { kernel, initrd } = labPaths(name);
    for (const [link, target] of [
        [kernel, image.kernel],
        [initrd, image.initrd],
    ] as const) {
        if (existsSync(link) && readlinkSync(link) === target) continue;
        const draft = `${link}.new`;
        rmSync(draft, { force: true });
        symlinkSync(target, draft);
        renameSync(draft, link);
    }
}
