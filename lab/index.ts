/** Labs: hosts of their own inside this machine, with real Open vSwitch, libvirt and QEMU guests. */
import { existsSync } from "node:fs";
import { LabName } from "../schemas/host-ref";
import type { LabRecord } from "../schemas/lab-record";
import { runCommand, type CommandOptions, type CommandResult } from "./commands";
import { guestImage, type GuestImage } from "./guest/image";
import { awaitLibvirt, DAEMONS, silentDaemons, startDaemons } from "./host/daemons";
import { layOut, offerGuest } from "./host/folders";
import { entering, makeNamespaces } from "./host/namespaces";
import { withLock, withLockIfFree } from "./lock";
import { installPackages } from "./packages";
import type { Progress } from "./progress";
import { labFolders, labIsDown, liveRecord, removeLab, writeDraft, writeRecord } from "./record";
import { checkRelease } from "./release";
import { labStatus, type LabStatus } from "./status";

export { environmentOf } from "./commands";
export { openGuest, type GuestConsole } from "./guest/console";
export { prepareKernelGuest, runInKernelGuest, type KernelGuestRun } from "./kernel-guest";
export { fullKernelGuest } from "./kernel-guest/lab-guest";
export { withLock } from "./lock";
export { labLogs } from "./logs";
export type { Progress } from "./progress";
export { labStatus, type LabStatus } from "./status";

/**
 * Brings a lab up: fetches what is missing, makes its namespaces, starts its daemons. A lab that is up stays as it is;
 * a daemon of it that has died is started again.
 *
 * @throws Error that says what to do
 */
export async function labUp(name: string, progress: Progress): Promise<LabRecord> {
    checkName(name);
    checkMachine();
    await installPackages(progress);
    const guest = await guestImage(progress);
    await removeLeftovers(name);
    return withLock(
        lockOf(name),
        async () => {
            const record = liveRecord(name);
            if (!record) return progress.step(`Lab ${name}`, () => built(name, guest));
            offerGuest(name, guest);
            await repair(record, progress);
            return record;
        },
        () => progress.note(`Another command is working on the lab ${name}; waiting for it to end.`),
    );
}

/** Fetches what a lab stands on, its packages and its guest, and starts nothing. Quick when it is there. */
export async function prepareLab(progress: Progress): Promise<void> {
    checkMachine();
    await installPackages(progress);
    await guestImage(progress);
}

/**
 * The switch with DPDK, beside the one without, which stays the machine's own. Debian only recommends the library of
 * memory pools, and without it every port of DPDK is refused ("Failed to create memory pool", Invalid argument).
 */
export const prepareDpdk = (progress: Progress): Promise<void> =>
    installPackages(progress, ["openvswitch-switch-dpdk", "librte-mempool-ring23"]);

/**
 * Takes a lab down: its processes, namespaces, mounts and files.
 *
 * @returns whether there was one
 */
export async function labDown(name: string): Promise<boolean> {
    checkName(name);
    if (labFolders().length > 0) checkRoot();
    await removeLeftovers(name);
    return withLock(lockOf(name), () => removeLab(name));
}

/** All labs of this machine that are up. What is left of others is removed on the way. */
export async function listLabs(): Promise<LabStatus[]> {
    if (process.getuid?.() === 0) await removeLeftovers();
    const all = await Promise.all(labFolders().map(labStatus));
    return all.filter(({ up }) => up);
}

/**
 * Runs a program in the lab: its network, files and processes.
 *
 * @throws Error when the lab is not up, or when the program has not ended after `timeoutMs`
 */
export function runInLab(name: string, argv: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return runCommand(commandInLab(name, argv), { called: `${argv[0]} in the lab ${name}`, ...options });
}

/** The command line that runs `argv` in the lab. @throws Error when the lab is not up */
export function commandInLab(name: string, argv: readonly string[]): string[] {
    checkName(name);
    checkRoot();
    const record = liveRecord(name);
    if (!record) throw labIsDown(name);
    return entering(record, argv);
}

const lockOf = (name: string) => `lab/${name}`;

async function built(name: string, guest: GuestImage): Promise<LabRecord> {
    await removeLab(name);
    try {
        layOut(name);
        offerGuest(name, guest);
        const first = await makeNamespaces(name, (process) => writeDraft(name, process));
        await startDaemons(name, first, DAEMONS);
        const record = { name, pid: first.pid, startTime: first.startTime, since: new Date().toISOString() };
        writeRecord(record);
        await first.stay();
        return record;
    } catch (error) {
        await removeLab(name);
        throw error;
    }
}

async function repair(record: LabRecord, progress: Progress): Promise<void> {
    const silent = await silentDaemons(record.name);
    if (!silent.includes("libvirtd")) await awaitLibvirt(record.name, record);
    if (silent.length === 0) return progress.note(`The lab ${record.name} is up already.`);
    await progress.step(`Lab ${record.name}: starting ${silent.join(", ")} again`, () =>
        startDaemons(record.name, record, silent),
    );
}

/** Removes what is left of labs whose first process or whose maker was killed; `except` is left to the caller. */
async function removeLeftovers(except?: string): Promise<void> {
    for (const name of labFolders()) {
        if (name === except || liveRecord(name)) continue;
        // Where somebody holds the lock, the lab is being made or taken down at this moment.
        await withLockIfFree(lockOf(name), async () => liveRecord(name) !== undefined || removeLab(name));
    }
}

function checkName(name: string): void {
    const { error } = LabName.safeParse(name);
    if (error) throw new Error(`${error.issues[0]?.message} (got ${JSON.stringify(name)}).`);
}

function checkRoot(): void {
    if (process.getuid?.() === 0) return;
    throw new Error(
        "A lab has a network, mounts and processes of its own, which only root may make and enter. Run this as root.",
    );
}

/** Looks whether a lab can run here, and changes nothing. @throws Error that says what to do */
export function checkMachine(): void {
    if (process.platform !== "linux" || process.arch !== "x64") {
        throw new Error("A lab runs on Linux on x86-64 only. Use such a machine, or a virtual one.");
    }
    checkRelease();
    checkRoot();
    if (!existsSync("/dev/net/tun")) {
        throw new Error(
            "There is no /dev/net/tun, which the lab's switch and guests need. Load it (`modprobe tun`), then try again.",
        );
    }
}
