/** What guests are made of: Debian packages, unpacked into the cache and never installed. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { cached } from "../cache";
import { lastLines, mustRun, runCommand } from "../commands";
import { refreshLists, withPackages } from "../packages";

export interface PackageSet {
    /** Stands for the newest kernel of its kind; the package that holds it is among its dependencies. */
    kernel: string;
    /** Packages with programs of the guest, and libraries that the machine need not have. */
    programs: readonly string[];
}

const LAB_GUEST: PackageSet = {
    kernel: "linux-image-cloud-amd64",
    programs: [
        ...["busybox-static", "ethtool", "libmnl0", "iperf3", "libiperf0", "libsctp1"],
        ...["qemu-guest-agent", "libglib2.0-0", "libpcre2-8-0", "libnuma1", "liburing2", "libudev1"],
    ],
};

/** The name of the package with the kernel itself, out of `apt-cache depends linux-image-cloud-amd64`. */
export function kernelPackage(depends: string): string | undefined {
    return /^\s*Depends: (linux-image-\S+)/m.exec(depends)?.[1];
}

/** The folder with all packages unpacked over each other: fetched once, then it stays as it is. */
export function guestParts(tell: (detail: string) => void, set = LAB_GUEST): Promise<string> {
    const recipe = createHash("sha256")
        .update([set.kernel, ...set.programs].join())
        .digest("hex")
        .slice(0, 12);
    return cached(join("guest", `parts-${recipe}`), async (draft) => {
        const packages = join(draft, "packages");
        await withPackages(() => fetchPackages(packages, tell, set), tell);
        tell("unpacking");
        for (const name of readdirSync(packages)) await mustRun(["dpkg-deb", "-x", join(packages, name), draft]);
        rmSync(packages, { recursive: true });
        if (!existsSync(join(draft, "lib/modules"))) symlinkSync("../usr/lib/modules", join(draft, "lib/modules"));
        await mustRun(["depmod", "-b", draft, kernelVersion(draft)]);
    });
}

/** Fills the folder with a guest's packages. Where that fails the lists may be stale, and name a kernel that is gone. */
export async function fetchPackages(folder: string, tell: (detail: string) => void, set = LAB_GUEST): Promise<void> {
    const download = async () => {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder);
        const wanted = [await resolvedKernel(set.kernel, tell), ...set.programs];
        tell(`fetching ${wanted[0]}`);
        // The cache is private to its owner, so apt cannot drop its rights for the download.
        return runCommand(["apt-get", "-o", "APT::Sandbox::User=root", "download", ...wanted], { cwd: folder });
    };
    if ((await download()).exitCode === 0) return;
    await refreshLists(tell);
    const { exitCode, stderr } = await download();
    if (exitCode === 0) return;
    throw new Error(
        `apt-get could not fetch the packages of a guest:\n${lastLines(stderr)}\n` +
            "Check the network and the package sources in /etc/apt, then try again.",
    );
}

/** The version of the unpacked kernel, as its modules' folder is called. */
export function kernelVersion(parts: string): string {
    const [version, ...others] = readdirSync(join(parts, "lib/modules"));
    if (version && others.length === 0) return version;
    throw new Error(`${parts} should hold one kernel. Remove that folder and try again.`);
}

async function resolvedKernel(kernel: string, tell: (detail: string) => void): Promise<string> {
    const ask = async () => kernelPackage((await runCommand(["apt-cache", "depends", kernel])).stdout);
    const known = await ask();
    if (known) return known;
    await refreshLists(tell);
    const found = await ask();
    if (found) return found;
    throw new Error(
        `No Debian package ${kernel}: guests take their kernel from it. Add Debian's main archive to apt's sources.`,
    );
}
