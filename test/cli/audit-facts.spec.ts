import assert from "node:assert/strict";
import { factsOf, qdiscsOf } from "../../cli/audit/link-facts";
import type { Resource } from "../../policies/inputs";
import { judge } from "../../policies/lint/judge";
import { profileOf } from "../../policies/profiles";
import { domainFile, made } from "../../policies/rules/examples";
import { rules, stackRules } from "../../policies/table";
import { type Hardware, readHardware } from "../../provider/host/hardware";
import { Files } from "../../provider/host/files";
import { linksOf } from "../../provider/host/links";
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
