/** The oldest versions of what carries guests' packets that have the fixes below. Dates are those of the fix; look them over with each release. */

export const PROGRAMS = ["Open vSwitch", "QEMU", "libvirt", "kernel"] as const;
export type Program = (typeof PROGRAMS)[number];

interface Floor {
    /** First version of the main line that has the fix. */
    version: string;
    /** First versions on older lines that were given it as well. */
    lines: readonly string[];
    cve: string;
    /** What happens below it, as a clause. */
    harm: string;
    /** Day on which the fix was published. */
    date: string;
    source: string;
}

export const FLOORS: Readonly<Record<Program, Floor>> = {
    "Open vSwitch": {
        version: "3.2.2",
        lines: ["2.17.9", "3.0.6", "3.1.4"],
        cve: "CVE-2023-5366",
        harm: "flows that match neighbour discovery of IPv6 match other packets as well",
        date: "2024-02-08",
        source: "ovs-announce of that day; nvd.nist.gov/vuln/detail/CVE-2023-5366",
    },
    QEMU: {
        version: "8.2.1",
        lines: ["7.2.9", "8.1.5"],
        cve: "CVE-2023-6693",
        harm: "a guest overflows QEMU's stack by its virtio NIC",
        date: "2024-01-29",
        source: "gitlab.com/qemu-project/qemu, tags v7.2.9, v8.1.5 and v8.2.1; nvd.nist.gov/vuln/detail/CVE-2023-6693",
    },
    libvirt: {
        version: "10.1.0",
        lines: [],
        cve: "CVE-2024-1441",
        harm: "a client without rights ends the daemon by listing interfaces",
        date: "2024-03-01",
        source: "libvirt.org/news.html; nvd.nist.gov/vuln/detail/CVE-2024-1441",
    },
    kernel: {
        version: "5.3",
        lines: ["4.4.193", "4.9.193", "4.14.144", "4.19.73", "5.2.15"],
        cve: "CVE-2019-14835",
        harm: "a guest overflows a buffer of vhost_net in the host's kernel while it migrates",
        date: "2019-09-17",
        source: "Linux, commit 060423bfdee3; nvd.nist.gov/vuln/detail/CVE-2019-14835",
    },
};

/** Whether a version is older than the fix. @returns undefined for what does not begin with numbers */
export function isBelow({ version: main, lines }: Floor, version: string): boolean | undefined {
    const own = numbersOf(version);
    if (!own) return undefined;
    const line = lines.map(numbersOf).find((one) => one && one[0] === own[0] && one[1] === own[1]);
    const floor = line ?? numbersOf(main);
    return floor && compare(own, floor) < 0;
}

type Numbers = readonly [number, number, number];

function numbersOf(version: string): Numbers | undefined {
    const [, major, minor, patch = "0"] = /^(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?/.exec(version) ?? [];
    return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

const compare = (a: Numbers, b: Numbers) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
