/** Versions of what carries guests' packets on a host, and the fixes that its packages tell of. */
import type { Resource } from "../../policies/inputs";
import { PROGRAM } from "../../policies/rules/versions";
import { FLOORS, isBelow, type Program } from "../../policies/version-floors";
import { ownVersion } from "../../provider/functions/get-ovs";
import type { Host } from "../../provider/host";
import { textOf } from "../../provider/host/ovsdb/columns";
import type { Place } from "../../provider/host/place";

/** How old what was read may be [ms]: one audit reads everything once. */
const ONCE_MS = 60_000;

/** @throws HostError where the switch's database does not answer */
export async function switchPrograms(host: Host): Promise<Resource[]> {
    const root = (await host.at({ maxAgeMs: ONCE_MS }).switch()).root();
    return programOf(host.place, "Open vSwitch", textOf(root?.ovs_version) ?? (await ownVersion(host)));
}

export async function kernelProgram(host: Host): Promise<Resource[]> {
    const [release] = await host.files.read(["/proc/sys/kernel/osrelease"]);
    return programOf(host.place, "kernel", release);
}

/** libvirt's daemon and the QEMU that it starts guests with. */
export async function guestPrograms(place: Place): Promise<Resource[]> {
    const { stdout } = await place.run([
        ...["virsh", "--readonly", "--quiet", "--connect", "qemu:///system"],
        ...["version", "--daemon"],
    ]);
    const [, libvirt] = /^Running against daemon: (\d\S*)$/m.exec(stdout) ?? [];
    const [, qemu] = /^Running hypervisor: QEMU (\d\S*)$/m.exec(stdout) ?? [];
    const found = await Promise.all([programOf(place, "libvirt", libvirt), programOf(place, "QEMU", qemu)]);
    return found.flat();
}

async function programOf(place: Place, name: Program, version: string | undefined): Promise<Resource[]> {
    if (version === undefined) return [];
    // A changelog is long, and asked only where it decides.
    const fixes = isBelow(FLOORS[name], version) === true ? await fixesOf(place, name, version) : undefined;
    return [{ type: PROGRAM, name, props: { name, version, ...(fixes ? { fixes } : {}) } }];
}

/** The package of Debian that has a program, and a file that the package of an RPM distribution holds. */
const PACKAGES: Readonly<Record<Program, (version: string) => { deb: string; files: string[] }>> = {
    "Open vSwitch": () => ({ deb: "openvswitch-switch", files: ["/usr/sbin/ovs-vswitchd"] }),
    QEMU: () => ({ deb: "qemu-system-common", files: ["/usr/libexec/qemu-kvm", "/usr/bin/qemu-system-x86_64"] }),
    libvirt: () => ({ deb: "libvirt-daemon", files: ["/usr/sbin/libvirtd", "/usr/sbin/virtqemud"] }),
    kernel: (release) => ({ deb: `linux-image-${release}`, files: [`/lib/modules/${release}/vmlinuz`] }),
};

/**
 * Vulnerabilities that a package's changelog tells of.
 *
 * @returns undefined where there is no changelog to be read, or one that is cut off and may have told of the one that counts
 */
async function fixesOf(place: Place, name: Program, version: string): Promise<string[] | undefined> {
    if (!/^[\w.+~-]+$/.test(version)) return undefined;
    const { deb, files } = PACKAGES[name](version);
    const { cve, date } = FLOORS[name];
    const told = (text: string, whole: boolean) => {
        const cves = [...new Set(text.match(CVE))].sort();
        return whole || cves.includes(cve) ? cves : undefined;
    };
    const run = (argv: string[]) => place.run(argv).catch(() => ({ code: -1, stdout: "" }));
    const debian = await run([
        ...["zgrep", "--no-messages", "--only-matching", "--extended-regexp", `${CVE.source}|${CUT_OFF.source}`],
        `/usr/share/doc/${deb}/changelog.Debian.gz`,
    ]);
    // 1 is a changelog without any, above it there is none.
    if (debian.code === 0 || debian.code === 1) return told(debian.stdout, !CUT_OFF.test(debian.stdout));
    for (const file of files) {
        const { code, stdout } = await run(["rpm", "--query", "--changelog", "--file", file]);
        if (code !== 0) continue;
        const oldest = [...stdout.matchAll(/^\* \w{3} (\w{3} +\d{1,2} \d{4})/gm)].at(-1)?.[1] ?? "";
        return told(stdout, Date.parse(oldest) <= Date.parse(date));
    }
    return undefined;
}

const CVE = /CVE-[0-9]{4}-[0-9]{4,7}/g;
/** How Ubuntu and debhelper end a changelog of which they keep the newest entries. */
const CUT_OFF = /older changelog entries|Older entries have been removed/;
