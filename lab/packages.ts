/** The Debian packages that a lab runs on, and adding them without one of their services being started or enabled. */
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { lastLines, PLAIN_ENV, runCommand, type CommandOptions, type CommandResult } from "./commands";
import { withLock } from "./lock";
import type { Progress } from "./progress";
import { WITHOUT_SERVICES } from "./without-services";

/** What each package is for. `libvirt-daemon-system` is not among them: it would bring systemd's units and users. */
const LAB_PACKAGES: Readonly<Record<string, string>> = {
    "openvswitch-switch": "the virtual switch",
    "libvirt-daemon": "runs the guests",
    "libvirt-daemon-driver-qemu": "runs the guests",
    "libvirt-clients": "virsh, to look at guests",
    "qemu-system-x86": "the guests' machine",
    "dnsmasq-base": "gives guests their addresses",
    ethtool: "reads what NICs offer",
    iproute2: "links and addresses",
    kmod: "finds the guest kernel's modules",
    genisoimage: "the libvirt provider writes cloud-init disks with it (mkisofs)",
    xsltproc: "the libvirt provider adds NIC settings with it",
};

/** apt in a form that asks nothing and waits for another apt to end. */
const APT = ["apt-get", "-o", "DPkg::Lock::Timeout=600", "-o", "Dpkg::Use-Pty=0"];
const aptEnv = () => ({
    ...process.env,
    LC_ALL: "C",
    DEBIAN_FRONTEND: "noninteractive",
    NEEDRESTART_SUSPEND: "1",
});
/** How long another apt may take [ms], as in `DPkg::Lock::Timeout`. */
const APT_PATIENCE_MS = 600_000;

/** Package names out of dpkg-query's `Package Status` lines that are not wholly installed. */
export function notInstalled(wanted: readonly string[], dpkgQuery: string): string[] {
    const installed = new Set(
        dpkgQuery.split("\n").flatMap((line) => {
            const [name = "", status] = line.trim().split(" ");
            return status === "installed" ? [name] : [];
        }),
    );
    return wanted.filter((name) => !installed.has(name));
}

/**
 * Package names out of dpkg-query's `Package Status` lines whose installation has begun and not ended. One that only
 * waits for triggers is configured, and its services are as it wants them.
 */
export function unfinished(dpkgQuery: string): string[] {
    return [...dpkgQuery.matchAll(/^(\S+) (?:half-installed|unpacked|half-configured)$/gm)].map(
        ([, name = ""]) => name,
    );
}

/** Names of the packages that `apt-get install --simulate` says it would add or renew. */
export function wouldInstall(simulation: string): string[] {
    return [...simulation.matchAll(/^Inst (\S+)/gm)].map(([, name = ""]) => name);
}

/** Has dpkg-query print `Package Status` lines. */
const STATUS = ["-W", "-f", "${Package} ${db:Status-Status}\n"];

/** Which of the lab's packages this machine lacks. One process, some milliseconds. */
async function missingPackages(also: readonly string[]): Promise<string[]> {
    const wanted = [...Object.keys(LAB_PACKAGES), ...also];
    if (!existsSync("/usr/bin/dpkg-query")) return COMMANDS.every(onPath) ? [] : wanted;
    const { stdout } = await runCommand(["/usr/bin/dpkg-query", ...STATUS, ...wanted], { env: PLAIN_ENV });
    return notInstalled(wanted, stdout);
}

/** Where there is no dpkg, the programs themselves are looked for. */
const COMMANDS = [
    "ovsdb-server",
    "ovs-vswitchd",
    "libvirtd",
    "virsh",
    "qemu-system-x86_64",
    "dnsmasq",
    "ethtool",
    "ip",
    "xsltproc",
];
const onPath = (command: string) => PLAIN_ENV.PATH.split(":").some((folder) => existsSync(`${folder}/${command}`));

/**
 * Adds what is missing; says beforehand what that is.
 *
 * @param also packages beside those of every lab
 * @throws Error with what to do, where packages cannot be added
 */
export async function installPackages(progress: Progress, also: readonly string[] = []): Promise<void> {
    if ((await missingPackages(also)).length === 0) return;
    if (!existsSync("/usr/bin/apt-get")) {
        throw new Error(
            "The lab needs Open vSwitch, libvirt with QEMU, dnsmasq, ethtool, iproute2 and xsltproc, and this machine has no apt to " +
                `fetch them with. Install these programs, then try again: ${COMMANDS.filter((name) => !onPath(name)).join(", ")}.`,
        );
    }
    await withPackages(
        () => addMissing(progress, also),
        (line) => progress.note(line),
    );
}

/**
 * Runs `work` while no other process of ours uses apt.
 *
 * @param note told once, when another one has to be waited for
 */
export function withPackages<T>(work: () => Promise<T>, note: (line: string) => void): Promise<T> {
    return withLock("packages", work, () =>
        note("Another command is fetching packages for a lab; waiting for it to end."),
    );
}

async function addMissing(progress: Progress, also: readonly string[]): Promise<void> {
    const missing = await missingPackages(also);
    if (missing.length === 0) return;
    await progress.step("Debian packages for the lab", async (tell) => {
        const added = await planned(missing, tell);
        progress.note(`Adding ${added.length} Debian packages (no service of theirs is started): ${added.join(", ")}`);
        await install(missing, tell);
    });
    const still = await missingPackages(also);
    if (still.length > 0)
        throw new Error(`apt-get ended well, yet these packages are not installed: ${still.join(", ")}.`);
}

/** `--fix-broken`: an installation that was killed leaves packages without what they depend on. */
const installArgs = (packages: readonly string[]) => [
    "install",
    "--yes",
    "--fix-broken",
    "--no-remove",
    "--no-install-recommends",
    ...packages,
];

async function planned(packages: readonly string[], tell: (detail: string) => void): Promise<string[]> {
    const simulate = () => runCommand([...APT, "--simulate", ...installArgs(packages)], { env: aptEnv() });
    let simulation = await simulate();
    if (simulation.exitCode !== 0) {
        await refreshLists(tell);
        simulation = await simulate();
    }
    if (simulation.exitCode === 0) return wouldInstall(simulation.stdout);
    throw new Error(
        `apt cannot install what the lab needs (${packages.join(", ")}):\n${lastLines(simulation.stderr)}\n` +
            "Check the package sources in /etc/apt, then try again.",
    );
}

/** Installs these packages; on the way finishes what was interrupted and renews lists that are stale. */
export async function install(packages: readonly string[], tell: (detail: string) => void): Promise<void> {
    const options = { env: aptEnv(), onLine: (line: string) => tell(line.slice(0, 60)) };
    await refuseUnfinished(packages, options, tell);
    const attempt = () =>
        whileLocked(() => runCommand([...WITHOUT_SERVICES, ...APT, ...installArgs(packages)], options), tell);
    let result = await attempt();
    if (result.exitCode !== 0 && /dpkg was interrupted/.test(result.stderr)) {
        tell("finishing an interrupted installation");
        // A package that cannot be configured may only lack what the installation adds.
        await runCommand([...WITHOUT_SERVICES, "dpkg", "--configure", "-a"], options);
        result = await attempt();
    }
    if (result.exitCode !== 0 && /404|Unable to fetch/.test(result.stderr)) {
        await refreshLists(tell);
        result = await attempt();
    }
    if (result.exitCode !== 0) {
        throw new Error(
            `apt-get could not install what the lab needs:\n${lastLines(result.stderr || result.stdout)}\n` +
                "Mend that (often `apt-get -f install`), then try again.",
        );
    }
}

/** @throws Error where apt would also finish an installation of somebody else, whose services stayed off for good */
async function refuseUnfinished(
    packages: readonly string[],
    options: CommandOptions,
    tell: (detail: string) => void,
): Promise<void> {
    const ask = async () => unfinished((await runCommand(["dpkg-query", ...STATUS], { env: aptEnv() })).stdout);
    if ((await ask()).length === 0) return;
    // It may go on in another process: apt waits for that one's lock.
    await whileLocked(() => runCommand([...APT, "check"], options), tell);
    const begun = await ask();
    if (begun.length === 0) return;
    // To a machine without any package apt would add all that ours need.
    const bare = ["-o", "Dir::State::status=/dev/null", "-o", "Dir::Cache::pkgcache="];
    const { stdout } = await runCommand([...APT, ...bare, "--simulate", ...installArgs(packages)], { env: aptEnv() });
    const ours = new Set(wouldInstall(stdout));
    const others = begun.filter((name) => !ours.has(name));
    if (others.length > 0)
        throw new Error(
            `The installation of ${others.join(", ")} was interrupted, and if it were finished here its services would stay off: ` +
                "finish it with `dpkg --configure -a` (or `apt-get -f install`, where that fails), then try again.",
        );
}

/** `apt-get update`: only where the lists do not know a package, or know one that is no longer served. */
export async function refreshLists(tell: (detail: string) => void): Promise<void> {
    tell("fetching package lists");
    const { exitCode, stderr } = await whileLocked(() => runCommand([...APT, "update"], { env: aptEnv() }), tell);
    if (exitCode !== 0) {
        throw new Error(
            `apt-get could not fetch the package lists:\n${lastLines(stderr)}\n` +
                "Check the network and the package sources in /etc/apt, then try again.",
        );
    }
}

/**
 * Runs apt again while it ends because another holds a lock: `DPkg::Lock::Timeout` counts for dpkg's own locks, not for
 * those of the lists and of the downloads.
 *
 * @returns the first result that is not about a lock, or the last one before `patienceMs` were over
 */
export async function whileLocked(
    apt: () => Promise<CommandResult>,
    tell: (detail: string) => void,
    patienceMs = APT_PATIENCE_MS,
    pauseMs = 1000,
): Promise<CommandResult> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
        const result = await apt();
        const holder = result.exitCode === 0 ? undefined : lockHolder(result.stderr);
        if (holder === undefined || Date.now() + pauseMs > deadline) return result;
        tell(`waiting for ${holder}`);
        await pause(pauseMs);
    }
}

/** What apt waits for, out of its message that it could not get a lock: the process, else the lock's file. */
export function lockHolder(stderr: string): string | undefined {
    const [, file, rest = ""] = /^E: Could not get lock (\S+?)\.?(?: (.*))?$/m.exec(stderr) ?? [];
    return /held by (process \d+(?: \([^)]*\))?)/.exec(rest)?.[1] ?? file;
}
