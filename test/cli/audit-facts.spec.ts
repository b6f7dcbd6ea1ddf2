import assert from "node:assert/strict";
import { interruptsOf, irqbalanceOf } from "../../cli/audit/interrupts";
import { factsOf, qdiscsOf } from "../../cli/audit/link-facts";
import { iommuOf } from "../../cli/audit/iommu";
import { guestPrograms, kernelProgram } from "../../cli/audit/programs";
import type { Resource } from "../../policies/inputs";
import { NotKnown } from "../../policies/known";
import { judge } from "../../policies/lint/judge";
import { profileOf } from "../../policies/profiles";
import { domainFile, made } from "../../policies/rules/examples";
import { rules, stackRules } from "../../policies/table";
import { type Hardware, readHardware } from "../../provider/host/hardware";
import { Files } from "../../provider/host/files";
import { linksOf } from "../../provider/host/links";
import type { Host } from "../../provider/host";
import type { Place } from "../../provider/host/place";

/** As `ip -json -details link` tells a NIC with two virtual functions (iproute2 6.1). */
const IP = [
    {
        ifname: "ens1f0",
        ifindex: 2,
        mtu: 1500,
        vfinfo_list: [
            { vf: 0, link_type: "ether", address: "52:54:00:00:00:01", vlan_list: [{}], spoofchk: true, trust: false },
            { vf: 1, link_type: "ether", address: "52:54:00:00:00:02", vlan_list: [{}], spoofchk: false, trust: true },
        ],
    },
    { ifname: "tap0", ifindex: 3, mtu: 1500 },
];
const TC = [
    { kind: "noqueue", handle: "0:", dev: "lo", root: true },
    { kind: "mq", handle: "0:", dev: "ens1f0", root: true },
    { kind: "pfifo_fast", handle: "0:", dev: "ens1f0", parent: ":1", options: { bands: 3 } },
    { kind: "fq", handle: "0:", dev: "ens1f0", parent: ":2", options: {} },
];
/** Files of a NIC at NUMA node 1, as `grep` prints them. */
const SYS: Record<string, string> = {
    "/sys/class/net/ens1f0/device/uevent": "DRIVER=ice",
    "/sys/class/net/ens1f0/device/numa_node": "1",
};

const place = {
    run: ([, , , , , ...paths]: string[]) =>
        Promise.resolve({
            code: 0,
            stderr: "",
            stdout: paths.flatMap((path) => (SYS[path] ? [`${path}\0${SYS[path]}\n`] : [])).join(""),
        }),
} as unknown as Place;

describe("what an audit adds to a host's links", () => {
    let hardware: Map<string, Hardware>;
    before(async () => {
        hardware = await readHardware(new Files(place), ["ens1f0", "tap0"]);
    });
    const links = linksOf(IP);
    const qdiscs = qdiscsOf(JSON.stringify(TC));
    const of = (name: string) => {
        const link = links.get(name) ?? assert.fail(name);
        return made("host:Link", { name, ...factsOf(link, hardware.get(name), qdiscs) });
    };
    /** What the rules that live on such facts say. */
    const told = (...resources: Resource[]) =>
        judge(
            { rules, stackRules },
            resources.map((resource) => ({ ...resource, position: { file: "host" } })),
            profileOf("default"),
        )
            .filter(({ rule }) => /^(vf-trust|vf-spoof|qdisc-order|numa-nic)$/.test(rule))
            .map(({ rule, level, subject, message }) => `${level} ${rule}: ${subject}: ${message}`);

    it("is its virtual functions, its NUMA node and its queues, where it is hardware", () => {
        assert.deepEqual(of("ens1f0").props, {
            name: "ens1f0",
            virtualFunctions: [
                { index: 0, trust: false, spoofCheck: true },
                { index: 1, trust: true, spoofCheck: false },
            ],
            numaNode: 1,
            qdiscs: ["pfifo_fast", "fq"],
        });
        assert.deepEqual(of("tap0").props, { name: "tap0" });
    });

    it("has the rules tell of a function that is trusted, or whose addresses nobody checks", () =>
        assert.deepEqual(told(of("ens1f0")), [
            "advisory vf-trust: Link ens1f0, its virtual function 1: It is trusted.",
            "mandatory vf-spoof: Link ens1f0, its virtual function 1: Its addresses are not checked.",
        ]));

    it("has them tell of queues that were there before their default was set", () => {
        const [finding, ...others] = told(
            made("host:Sysctl", { key: "net.core.default_qdisc", value: "fq" }),
            of("ens1f0"),
        ).filter((line) => line.includes("qdisc-order"));
        assert.match(finding ?? "", /Link ens1f0, its queues: They have the discipline pfifo_fast/);
        assert.deepEqual(others, []);
    });

    it("has them tell of a guest whose memory is at another node than the NIC that carries its frames", () => {
        const guest = (nodes: string) =>
            domainFile("", `<numatune><memory mode="strict" nodeset="${nodes}"/></numatune>`);
        const onHost = [
            made("host:Bridge", { name: "br0" }),
            made("host:BridgePort", { name: "ens1f0", bridge: "br0" }),
        ];
        const numa = (nodes: string) =>
            told(...onHost, of("ens1f0"), guest(nodes)).filter((line) => line.includes("numa-nic"));
        assert.match(numa("0")[0] ?? "", /hardware at NUMA node 1, and its guest's memory is at 0\.$/);
        assert.deepEqual(numa("0-1"), []);
    });
});

/** A host's files as `grep` finds them, and whether irqbalance runs: the exit code of `pgrep`, or none where it is not there. */
function hostOf(files: Record<string, string>, pgrep?: number): Place {
    const under = (paths: string[]) => Object.keys(files).filter((file) => paths.some((path) => file.startsWith(path)));
    const run = ([program = "", ...words]: string[]) => {
        if (program === "pgrep")
            return pgrep === undefined ? Promise.reject(new Error("no pgrep")) : Promise.resolve(ran("71\n", pgrep));
        if (program === "cat")
            return Promise.resolve(ran(files[words[0] ?? ""] ?? "", words.some((word) => word in files) ? 0 : 1));
        const paths = words.filter((word) => word.startsWith("/"));
        if (words.includes("--files-with-matches")) return Promise.resolve(ran(under(paths).join("\n")));
        const lines = paths.flatMap((path) => (files[path] ?? "").split("\n").map((line) => `${path}\0${line}`));
        return Promise.resolve(ran(lines.filter((line) => files[line.split("\0")[0] ?? ""] !== undefined).join("\n")));
    };
    const ran = (stdout: string, code = 0) => ({ code, stdout, stderr: "" });
    return { run } as unknown as Place;
}

describe("what an audit tells of interrupts", () => {
    const files = {
        "/sys/class/net/ens1f0/device/msi_irqs/45": "msix",
        "/sys/class/net/ens1f0/device/msi_irqs/46": "msix",
        "/sys/class/net/ens1f0/device/msi_irqs/47": "msix",
        "/sys/class/net/ens2/device/../msi_irqs/30": "msix",
        "/proc/irq/45/effective_affinity_list": "2",
        "/proc/irq/45/smp_affinity_list": "0-7",
        "/proc/irq/46/effective_affinity_list": "",
        "/proc/irq/46/smp_affinity_list": "0-7",
        "/proc/irq/47/smp_affinity_list": "4-5",
        "/proc/irq/30/effective_affinity_list": "1",
    };
    const hardware = new Map<string, Hardware>([
        ["ens1f0", { physical: true, driver: "ice" }],
        ["ens2", { physical: true, driver: "virtio_net" }],
        ["tap0", { physical: false }],
    ]);
    const told = (...resources: Resource[]) =>
        judge(
            { rules, stackRules },
            resources.map((resource) => ({ ...resource, position: { file: "host" } })),
            profileOf("latency"),
        )
            .filter(({ rule }) => rule === "irq-owner")
            .map(({ level, subject, message }) => `${level}: ${subject}: ${message}`);
    const guest = domainFile("", '<cputune><vcpupin vcpu="0" cpuset="2"/><vcpupin vcpu="1" cpuset="3"/></cputune>');

    it("is the CPU that each comes to, and where that is not told the CPUs that it may come to", async () =>
        assert.deepEqual(Object.fromEntries(await interruptsOf(hostOf(files), hardware)), {
            ens1f0: [
                { number: 45, cpus: "2" },
                { number: 47, cpus: "4-5" },
            ],
            ens2: [{ number: 30, cpus: "1" }],
        }));

    it("is nothing on a host whose NICs tell of none", async () => {
        assert.deepEqual(await interruptsOf(hostOf({}), hardware), new Map());
        assert.deepEqual(await interruptsOf(hostOf(files), new Map()), new Map());
    });

    it("has irq-owner tell of those that come to a CPU of a pinned guest", async () => {
        const interrupts = (await interruptsOf(hostOf(files), hardware)).get("ens1f0");
        assert.deepEqual(told(guest, made("host:Link", { name: "ens1f0", interrupts })), [
            "mandatory: Link ens1f0, its interrupts: Number 45 comes to CPU 2, to which a vCPU of web is pinned.",
        ]);
    });

    const DEFAULTS = "/etc/default/irqbalance";
    const bannedBy = async (more: Record<string, string>) =>
        ((await irqbalanceOf(hostOf(more, 0))).props as { banned: string }).banned;

    it("is whether irqbalance runs, and the CPUs that it is told to leave alone", async () => {
        assert.equal(await bannedBy({}), "");
        assert.equal(
            await bannedBy({ [DEFAULTS]: "# IRQBALANCE_BANNED_CPULIST=1\nIRQBALANCE_BANNED_CPULIST=2-3" }),
            "2-3",
        );
        assert.equal(await bannedBy({ "/etc/sysconfig/irqbalance": 'IRQBALANCE_BANNED_CPUS="0000000C"' }), "2-3");
        const isolated = { "/sys/devices/system/cpu/isolated": "4-5", "/sys/devices/system/cpu/nohz_full": "(null)" };
        assert.equal(await bannedBy(isolated), "4-5");
        assert.equal(await bannedBy({ ...isolated, [DEFAULTS]: "IRQBALANCE_BANNED_CPULIST=2" }), "2");
    });

    it("is what it was started with, and the mask where a list stands beside it", async () => {
        const both = "IRQBALANCE_BANNED_CPULIST=2-5\nIRQBALANCE_BANNED_CPUS=0c";
        assert.equal(await bannedBy({ [DEFAULTS]: both }), "2-3");
        const started = "PATH=/bin\0IRQBALANCE_BANNED_CPULIST=6\0";
        assert.equal(await bannedBy({ [DEFAULTS]: both, "/proc/71/environ": started }), "6");
        assert.equal(await bannedBy({ [DEFAULTS]: both, "/proc/71/environ": "PATH=/bin\0" }), "");
    });

    it("has irq-owner tell of irqbalance beside pinned guests, and not of one that leaves their CPUs alone or does not run", async () => {
        assert.deepEqual(told(guest, await irqbalanceOf(hostOf({ [DEFAULTS]: "IRQBALANCE_BANNED_CPULIST=2" }, 0))), [
            "mandatory: Irqbalance irqbalance, the host's interrupts: It runs and may move them to CPU 3, to which a vCPU of web is pinned.",
        ]);
        assert.deepEqual(
            told(guest, await irqbalanceOf(hostOf({ [DEFAULTS]: "IRQBALANCE_BANNED_CPULIST=2,3" }, 0))),
            [],
        );
        assert.deepEqual(told(guest, await irqbalanceOf(hostOf({}, 1))), []);
    });

    it("leaves open what cannot be told", async () => {
        assert.match(
            told(guest, await irqbalanceOf(hostOf({})))[0] ?? "",
            /^advisory: .*Could not decide: whether irqbalance/,
        );
        const hidden = { ...guest, props: { domainXml: new NotKnown("its domain is not known yet") } };
        const link = made("host:Link", { name: "ens1f0", interrupts: [{ number: 45, cpus: "2" }] });
        assert.match(told(hidden, link)[0] ?? "", /Link ens1f0, its interrupts: Could not decide: its domain/);
        assert.deepEqual(told(hidden, made("host:Link", { name: "tap0" })), []);
    });
});

describe("what an audit tells of versions", () => {
    const VERSION = "Using library: libvirt 9.0.0\nRunning hypervisor: QEMU 7.2.8\nRunning against daemon: 9.0.0\n";
    /** A host by the first word of what is asked and the last; what is not there ends as the program of that name does. */
    const host = (answers: Record<string, string>): Host => {
        const run = ([program = "", ...words]: string[]) => {
            const stdout = answers[program] ?? answers[`${program} ${words.at(-1)}`];
            return Promise.resolve({ code: stdout === undefined ? 2 : 0, stdout: stdout ?? "", stderr: "" });
        };
        const files = { read: () => Promise.resolve([answers.release]) };
        return { place: { run }, files } as unknown as Host;
    };
    const changelog = (of: string) => `zgrep /usr/share/doc/${of}/changelog.Debian.gz`;
    const told = (programs: Resource[]) =>
        judge(
            { rules, stackRules },
            programs.map((resource) => ({ ...resource, position: { file: "host" } })),
            profileOf("security"),
        ).map(({ level, rule, message }) => `${level} ${rule}: ${message.split(",")[0]}`);
    const guests = async (answers: Record<string, string>) =>
        told(await guestPrograms(host({ virsh: VERSION, ...answers }).place));

    it("are refused in profile security where the package's changelog does not tell of the fix", async () =>
        assert.deepEqual(
            await guests({
                [changelog("libvirt-daemon")]: "CVE-2024-1441\n",
                [changelog("qemu-system-common")]: "CVE-2023-3019\n",
            }),
            ["mandatory sec-version-floor: It is 7.2.8"],
        ));

    it("are told as a remark where no changelog is there, or a part of one", async () => {
        const remarks = ["advisory sec-version-floor: It is 9.0.0", "advisory sec-version-floor: It is 7.2.8"];
        assert.deepEqual(await guests({}), remarks);
        const cut = "CVE-2025-1\nolder changelog entries\n";
        assert.deepEqual(
            await guests({ [changelog("libvirt-daemon")]: cut, [changelog("qemu-system-common")]: cut }),
            remarks,
        );
    });

    it("are asked of an RPM as well, whose changelog counts where it is old enough", async () => {
        const log = (...entries: string[]) => entries.map((entry) => `* ${entry}\n`).join("");
        const release = "4.18.0-80.el8.x86_64";
        const kernel = async (text: string) =>
            told(await kernelProgram(host({ release, [`rpm /lib/modules/${release}/vmlinuz`]: text })));
        assert.deepEqual(await kernel(log("Fri Sep 20 2019 A - 1\n- vhost {CVE-2019-14835}")), []);
        assert.deepEqual(await kernel(log("Fri Sep 20 2019 A - 2", "Mon Sep  2 2019 A - 1")), [
            "mandatory sec-version-floor: It is 4.18.0-80.el8.x86_64",
        ]);
        assert.deepEqual(await kernel(log("Fri Sep 18 2020 A - 2")), [
            "advisory sec-version-floor: It is 4.18.0-80.el8.x86_64",
        ]);
    });

    it("leave open what is no number", async () => {
        assert.deepEqual(told(await kernelProgram(host({ release: "mainline" }))), [
            "advisory sec-version-floor: Could not decide: its version does not begin with numbers.",
        ]);
        assert.deepEqual(await kernelProgram(host({})), []);
        assert.deepEqual(await guestPrograms(host({}).place), []);
    });
});

describe("what an audit tells of the IOMMU", () => {
    const place = (code: number, stdout: string, stderr = "") =>
        ({ run: () => Promise.resolve({ code, stdout, stderr }) }) as unknown as Place;
    const passed = domainFile("").props as { domainXml: string };
    const guest: Resource = {
        ...domainFile(""),
        props: {
            domainXml: passed.domainXml.replace("</devices>", '<hostdev type="usb"/><hostdev type="pci"/></devices>'),
        },
    };
    const told = async (answer: Place, of = guest) =>
        judge(
            { rules, stackRules },
            [of, await iommuOf(answer)].map((resource) => ({ ...resource, position: { file: "host" } })),
            profileOf("default"),
        )
            .filter(({ rule }) => rule === "sec-no-iommu-passthrough")
            .map(({ level, subject, message }) => `${level} ${subject}: ${message}`);

    it("has a device that is handed to a guest refused on a host that has no groups", async () => {
        const refused = [
            "mandatory Domain web, its devices: One of them is a device of the host, which has no IOMMU that is on.",
        ];
        assert.deepEqual(await told(place(0, "")), refused);
        assert.deepEqual(
            await told(place(2, "", "ls: cannot access '/sys/kernel/iommu_groups': No such file or directory")),
            refused,
        );
        assert.deepEqual(await told(place(0, "0\n")), []);
        assert.deepEqual(await told(place(0, ""), domainFile("")), []);
    });

    it("leaves it open where nobody may look, and where no device is handed over there is nothing to leave", async () => {
        const hidden = place(2, "", "ls: cannot open directory: Permission denied");
        assert.match((await told(hidden))[0] ?? "", /^advisory .*Could not decide: whether the host's IOMMU is on/);
        assert.deepEqual(await told(hidden, domainFile("")), []);
    });
});
