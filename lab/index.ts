/** Labs: hosts of their own inside this machine, with real Open vSwitch, libvirt and QEMU guests. */
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LabName } from "../schemas/host-ref";
import { labPaths } from "../schemas/lab-paths";
import type { LabRecord } from "../schemas/lab-record";
import { cacheRoot } from "./cache";
import { PLAIN_ENV, runCommand, type CommandOptions, type CommandResult } from "./commands";
import { DAEMONS, LIBVIRT_SETTINGS, silentDaemons, startDaemons, type Daemon } from "./host/daemons";
import { entering, makeNamespaces, PRIVATE_FOLDERS } from "./host/namespaces";
import { guestImage, type GuestImage } from "./guest/image";
import { withLock, withLockIfFree } from "./lock";
import { installPackages } from "./packages";
import { ownIdentity } from "./processes";
import type { Progress } from "./progress";
import { isLeftover, labFolders, liveRecord, makeFolder, removeLab, writeDraft, writeRecord } from "./record";

export async function labUp(name: string, progress: Progress): Promise<LabRecord> {
    requireRoot();
    await installPackages(progress);
    const guest = await guestImage(progress);
    return withLock(lockOf(name), async () => {
        const record = liveRecord(name);
        return record ? repaired(record, progress) : progress.step(`Lab ${name}`, () => built(name, guest));
    });
}
const lockOf = (name: string) => `lab/${name}`;
function requireRoot() { if (process.getuid?.() !== 0) throw new Error("A lab makes network namespaces and mounts: run this as root."); }
async function repaired(record: LabRecord, progress: Progress) {
    const silent = await silentDaemons(record.name);
    if (silent.length === 0) progress.note(`The lab ${record.name} is up already.`);
    else await progress.step(`Lab ${record.name}: starting ${silent.join(", ")} again`, () => startDaemons(record.name, record, silent));
    return record;
}
async function built(name: string, guest: GuestImage): Promise<LabRecord> {
    await removeLab(name);
    const { folder, state } = labPaths(name);
    for (const inside of ["run", "openvswitch", "libvirt", "consoles", "guest", "cache/libvirt", "log/libvirt", "log/openvswitch", ...Object.keys(PRIVATE_FOLDERS)])
        makeFolder(join(folder, inside));
    makeFolder(state);
    symlinkSync(guest.kernel, labPaths(name).kernel); symlinkSync(guest.initrd, labPaths(name).initrd);
    makeFolder(join(cacheRoot(), "libvirt"));
    writeFileSync(join(folder, "etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n");
    for (const file of ["passwd", "group"]) writeFileSync(join(folder, "etc", file), withUser(readFileSync(`/etc/${file}`, "utf8"), file === "passwd" ? "libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin" : "libvirt-qemu:x:64055:"));
    for (const [file, text] of Object.entries(LIBVIRT_SETTINGS)) writeFileSync(join(folder, "etc/libvirt", file), text);
    const first = await makeNamespaces(name, (f) => writeDraft(name, { ...f, owner: ownIdentity() }));
    await startDaemons(name, first, DAEMONS);
    const record = { name, pid: first.pid, startTime: first.startTime, since: new Date().toISOString() };
    writeRecord(record);
    first.stay();
    return record;
}
export async function labDown(name: string) { return withLock(lockOf(name), () => removeLab(name)); }

const withUser = (accounts: string, line: string) => accounts.includes(`${line.split(":")[0]}:`) ? accounts : `${accounts.trimEnd()}\n${line}\n`;
export { openGuest, type GuestConsole } from "./guest/console";
export type { GuestNic, GuestReport } from "./guest/report";
