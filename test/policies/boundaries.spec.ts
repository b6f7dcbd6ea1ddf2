import assert from "node:assert/strict";
import type { Resource } from "../../policies/inputs";
import { made, tunedDomain, vhostUserDomain } from "../../policies/rules/examples";
import { everyRule, rules, stackRules } from "../../policies/table";

const nic = (driver: object, vcpu = 4) => tunedDomain({ driver }, { vcpu });
const tagged = (id: number) => tunedDomain({ vlan: { tags: [{ id }] } });
const limited = (outbound: object) => tunedDomain({ bandwidth: { outbound } });
const port = (props: Record<string, unknown>) => made("ovs:Port", { bridge: "br0", tag: 1, ...props });
const bridge = (props: Record<string, unknown>) =>
    made("ovs:Bridge", { name: "br0", datapathType: "netdev", ...props });
const ports = (count: number) => Array.from({ length: count }, (_, index) => port({ name: `tap${index}` }));
const qos = (minRate: string) =>
    made("ovs:Qos", { name: "q", type: "linux-htb", maxRate: "1Gbit", queues: { "1": { minRate } } });
const sender = (rate: string) => [
    bridge({ uplinks: ["eth0"] }),
    port({ name: "eth0", trunks: ["1"], qos: "out" }),
    made("ovs:Qos", { name: "out", type: "linux-htb", maxRate: "1Gbit" }),
    port({ name: "tap0", ingress: { rate } }),
];
const tunnel = (mtu: number, remote: string) => [
    made("host:Link", { name: "eth0", mtu: 1500 }),
    made("host:Vxlan", { name: "vx0", link: "eth0", mtu, remote }),
];
const ha = (links: number) => [
    bridge({ uplinks: ["bond0"], externalIds: { ha: "true" } }),
    made("host:Bond", { name: "bond0", mode: "active-backup", members: ["eth0", "eth1", "eth2"].slice(0, links) }),
];
const chain = (mtu: number) => [
    made("host:Tap", { name: "tap0", mtu: 1500 }),
    port({ name: "tap0" }),
    tunedDomain({ target: { dev: "tap0" }, mtu: { size: mtu } }),
];
const bridged = tunedDomain({ source: { bridge: { bridge: "br0" } }, vlan: { tags: [{ id: 100 }] } });
const guestsOn = (...cpus: string[]) =>
    cpus.map((cpuSet, index) => ({
        ...tunedDomain({}, { cpuTune: { vcpuPins: [{ vcpu: 0, cpuSet }] } }),
        name: `guest${index}`,
    }));

const slot = (rate: string) => [made("index:Uplink", { links: ["eth0"], rate, pcieGeneration: 3, pcieLanes: 8 })];

const version = (text: string) => made("lint:Program", { name: "Open vSwitch", version: text, fixes: [] });

type Stack = Resource | Resource[];
/** The last values that pass and the first that do not, of each rule that judges numbers, with thresholds where one is moved. */
const EDGES: [rule: string, passes: Stack[], broken: Stack[], thresholds?: Record<string, number>][] = [
    ["pcie-undersized", [slot("57205Mbit")], [slot("57206Mbit")]],
    ["pcie-undersized", [slot("114410Mbit")], [slot("114411Mbit")], { percent: 50 }],
    [
        "ring-valid",
        [nic({ rxQueueSize: 256 }), nic({ rxQueueSize: 1024 })],
        [
            nic({ rxQueueSize: 255 }),
            nic({ rxQueueSize: 257 }),
            nic({ rxQueueSize: 1023 }),
            nic({ rxQueueSize: 1025 }),
            nic({ rxQueueSize: 128 }),
            nic({ rxQueueSize: 2048 }),
        ],
    ],
    ["ring-undersized", [nic({ rxQueueSize: 512 })], [nic({ rxQueueSize: 511 }), nic({ rxQueueSize: 256 })]],
    ["ring-undersized", [nic({ rxQueueSize: 1024 })], [nic({ rxQueueSize: 512 })], { minimum: 1024 }],
    [
        "ring-tx-backend",
        [nic({ txQueueSize: 256 }), vhostUserDomain({ mode: "server" }, { driver: { txQueueSize: 1024 } })],
        [nic({ txQueueSize: 512 })],
    ],
    ["queues-max", [nic({ queues: 256 }, 256)], [nic({ queues: 257 }, 257)]],
    ["queues-missing", [nic({ queues: 1 }, 1), nic({ queues: 2 }, 2)], [nic({ queues: 1 }, 2)]],
    ["queues-missing", [nic({ queues: 1 }, 3)], [nic({ queues: 1 }, 4)], { vcpus: 4 }],
    ["queues-over-vcpu", [nic({ queues: 4 })], [nic({ queues: 5 })]],
    ["queues-over-vcpu", [nic({ queues: 8 })], [nic({ queues: 9 })], { factor: 2 }],
    ["vlan-range", [tagged(1), tagged(4094)], [tagged(0), tagged(4095)]],
    [
        "qos-unit",
        [limited({ average: 13 }), limited({ average: 50_000_000 })],
        [limited({ average: 12 }), limited({ average: 50_000_001 })],
    ],
    [
        "policing-burst",
        [port({ name: "tap0", ingress: { rate: "100Mbit", burst: "10MB" } })],
        [port({ name: "tap0", ingress: { rate: "100Mbit", burst: "9999kB" } })],
    ],
    ["sec-mcast-flood", [[bridge({}), ...ports(50)]], [[bridge({}), ...ports(51)]]],
    [
        "sec-mac-table",
        [
            [bridge({}), ...ports(1)],
            [bridge({ macTableSize: 8191 }), ...ports(2)],
            [bridge({ macTableSize: 8193 }), ...ports(2)],
        ],
        [
            [bridge({}), ...ports(2)],
            [bridge({ macTableSize: 8192 }), ...ports(2)],
        ],
    ],
    ["sec-mac-table", [[bridge({}), ...ports(9)]], [[bridge({}), ...ports(10)]], { ports: 10 }],
    ["qos-above-link", [qos("1000Mbit")], [qos("1001Mbit")]],
    ["qos-above-link", [sender("1000Mbit")], [sender("1001Mbit")]],
    ["uplink-oversubscribed", [sender("4000Mbit")], [sender("4001Mbit")]],
    [
        "mtu-overlay",
        [tunnel(1450, "192.0.2.1"), tunnel(1430, "2001:db8::1")],
        [tunnel(1451, "192.0.2.1"), tunnel(1431, "2001:db8::1")],
    ],
    ["mtu-chain", [chain(1500)], [chain(1501)]],
    ["rate-unit", [sender("1001kbit")], [sender("1000kbit")]],
    ["rate-unit", [sender("100kbit")], [sender("99kbit")], { times: 1000000 }],
    ["nic-vectors", [nic({ queues: 4 })], [nic({ queues: 5 })], { vectors: 10 }],
    ["vlan-backend", [], [bridged], { libvirt: 10 }],
    ["vlan-backend", [bridged], [], { libvirt: 11 }],
    ["smt-siblings", [guestsOn("0", "31")], [guestsOn("0", "32")], { sibling: 32 }],
    ["uplink-single", [ha(2)], [ha(1)]],
    [
        "sec-version-floor",
        [version("3.2.2"), version("3.1.4"), version("2.17.9"), version("3.3.0"), version("3.1.10-2")],
        [version("3.2.1"), version("3.1.3"), version("2.17.8"), version("2.16.9"), version("2.5")],
    ],
    ["uplink-single", [ha(3)], [ha(2)], { links: 3 }],
];

const said = (id: string, stack: Stack, thresholds = {}) => {
    const resources = [stack].flat();
    const [one, whole] = [rules.find((rule) => rule.id === id), stackRules.find((rule) => rule.id === id)];
    assert.ok(one ?? whole, id);
    const findings = whole
        ? whole.judgeStack(resources, thresholds)
        : resources.flatMap(({ type, props }) => (one?.types.includes(type) ? one.judge(props, thresholds) : []));
    return findings.map(({ kind }) => kind);
};

it("the rules that have thresholds have their edges tested", () => {
    const tested = EDGES.map(([id]) => id);
    const numeric = everyRule.filter(({ parameters }) =>
        Object.values(parameters).some(({ minimum, maximum }) => maximum - minimum > 1),
    );
    assert.deepEqual(
        numeric.filter(({ id }) => !tested.includes(id)).map(({ id }) => id),
        [],
    );
});

describe("the last value that a rule lets pass, and the first that it does not", () => {
    for (const [id, passes, broken, thresholds] of EDGES)
        it(`are those of ${id}${thresholds ? ` with ${JSON.stringify(thresholds)}` : ""}`, () => {
            for (const stack of passes) assert.deepEqual(said(id, stack, thresholds), [], JSON.stringify(stack));
            for (const stack of broken)
                assert.deepEqual(said(id, stack, thresholds), ["violation"], JSON.stringify(stack));
        });
});
