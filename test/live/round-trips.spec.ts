import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { RESOURCES } from "../../provider/resources";
import type { Bag, Property } from "../../provider/wire";
import { Plugin, type Made } from "../provider/plugin";
import { arbitraryInputs, type Samples } from "../support/arbitrary-inputs";
import { labName } from "../support/labs";
import { ProviderLab } from "./provider-lab";

const RUNS = Number(process.env.KVMNET_RUNS ?? 25);

const oneOf = (...values: Property[]) => fc.constantFrom(...values);
const some = (...values: Property[]) => fc.uniqueArray(oneOf(...values), { minLength: 1, maxLength: 3 });
const mac = fc
    .tuple(fc.constantFrom("02", "52", "be"), ...Array.from({ length: 5 }, () => fc.integer({ min: 0, max: 255 })))
    .map(([first, ...rest]) => [first, ...rest.map((byte) => byte.toString(16).padStart(2, "0"))].join(":"));
const vlans = some(1, 5, "7", "10-20", "100-199", 4094);
const rate = oneOf("10Mbit", "1Gbit", 5_000_000, "2.5 MB/s", "64kbit", "40Gbit");
const size = oneOf("64KiB", "1 MB", 9000, "15000");

/** Words for what a schema cannot tell by itself. */
const WORDS: Samples = {
    mac,
    peerMac: mac,
    trunks: vlans,
    cvlans: vlans,
    tagged: vlans,
    untagged: vlans,
    selectVlans: vlans,
    mtu: fc.integer({ min: 1280, max: 9000 }),
    mtuRequest: fc.integer({ min: 576, max: 9000 }),
    maxRate: rate,
    minRate: rate,
    rate,
    burst: size,
    datapathId: oneOf("00000000000000ff", "feedfacecafebeef"),
    otherConfig: oneOf({}, { "kvmnet-test": "a b" }, { one: "1", two: '"quoted"' }),
    externalIds: oneOf({}, { "vm-id": "x y, z", "iface-status": "active" }),
};

/** One kind, and what it is tried with. */
interface Trip {
    kind: string;
    /** What tells one from another, the same in all of a trip. */
    fixed: Bag;
    samples?: Samples;
    never?: string[];
    always?: string[];
    /** Whether it is there before and after, as a setting is, and a set of no ports. */
    stays?: boolean;
}

const bridged = { bridge: "rt-br" };
const PORT_WORDS: Samples = {
    remoteIp: oneOf("192.0.2.200", "2001:db8::200", "flow"),
    localIp: oneOf("192.0.2.1", "2001:db8::1", "flow"),
    key: oneOf(0, "7", 16777215, "flow"),
    inKey: oneOf(1, "9", "flow"),
    outKey: oneOf(2, "10", "flow"),
    tos: oneOf("inherit", 0, 64, "252"),
    ttl: oneOf("inherit", 1, "255"),
    addresses: some("192.0.2.66", "10.0.0.0/8", "2001:db8::66"),
    qos: oneOf("rt-q"),
};
const TRIPS: Trip[] = [
    {
        kind: "host:Rule",
        fixed: { priority: 700 },
        samples: {
            from: oneOf("10.9.0.0/16", "192.0.2.9", "2001:db8:9::/48", "2001:DB8::9"),
            to: oneOf("10.8.0.0/15", "198.51.100.0/25", "fd00::/8"),
            iif: oneOf("lo", "rt0", "rt-absent"),
            oif: oneOf("rt0", "rt1", "rt-absent"),
            fwmark: oneOf("1", "0x1/0xff", "0X10", "0", "0/0xff", "4294967295", "0xff/0x0f"),
            ipproto: oneOf("tcp", "17", "icmp", "ipv6-icmp", "1", "58", "254", "esp"),
            sport: oneOf("80", "1024-65534", "1", "7-7"),
            dport: oneOf("443", "1-65534", "65534"),
            uidRange: oneOf("0", "1000-1999", "4294967294", "0-4294967294"),
            table: oneOf("main", "local", "default", "100", "4294967295", "254", "1"),
            tos: oneOf(4, 28, 16, 252, 128),
            goto: oneOf(701, 32766, 4294967295),
        },
    },
    {
        kind: "host:Route",
        fixed: { destination: "10.77.0.0/16" },
        samples: {
            table: oneOf("main", "100", "4294967295", "default"),
            metric: oneOf(0, 1, 100, 4294967295),
            gateway: oneOf("192.0.2.2", "192.0.2.254", "2001:db8::2", "fe80::1"),
            link: oneOf("rt0", "lo"),
            source: oneOf("192.0.2.1"),
            nextHops: oneOf(
                [{ gateway: "192.0.2.2", weight: 3 }, { gateway: "192.0.2.3" }],
                [
                    { gateway: "192.0.2.2", link: "rt0" },
                    { link: "rt1", weight: 256 },
                ],
                [{ gateway: "203.0.113.1", link: "rt0", onlink: true }, { gateway: "192.0.2.9" }],
            ),
        },
        never: ["takesOperatorPath"],
    },
    {
        kind: "host:Route",
        fixed: { destination: "2001:db8:77::/48" },
        samples: {
            table: oneOf("main", "100"),
            metric: oneOf(1, 1024, 4294967295),
            gateway: oneOf("2001:db8::2", "fe80::1", "2001:DB8::0003"),
            link: oneOf("rt0"),
            source: oneOf("2001:db8::1"),
            nextHops: oneOf([
                { gateway: "2001:db8::2", weight: 3 },
                { gateway: "fe80::1", link: "rt0" },
            ]),
        },
        never: ["takesOperatorPath"],
    },
    {
        kind: "host:Address",
        fixed: { link: "rt1", address: "10.66.0.1/24" },
        samples: {
            peer: oneOf("10.66.0.2", "10.55.0.1/32"),
            broadcast: oneOf("10.66.0.255", "10.66.0.99"),
            label: oneOf("rt1:a"),
            validLifetime: oneOf(4000, 4294967294),
            preferredLifetime: oneOf(3000, 4294967294),
        },
        never: ["takesOperatorPath"],
    },
    {
        kind: "host:Address",
        fixed: { link: "rt1", address: "fd00:66::1/64" },
        samples: {
            peer: oneOf("fd00:66::2", "fd00:55::1/128"),
            validLifetime: oneOf(4000, 4294967294),
            preferredLifetime: oneOf(3000, 4294967294),
            dad: oneOf(false),
        },
        always: ["dad"],
        never: ["takesOperatorPath"],
    },
    { kind: "host:Neighbor", fixed: { link: "rt0", address: "192.0.2.7" } },
    { kind: "host:Neighbor", fixed: { link: "rt0", address: "2001:db8::7" } },
    { kind: "host:Tap", fixed: { name: "rt-tap" }, samples: { txQueueLength: oneOf(0, 1, 1000, 9000) } },
    { kind: "host:Veth", fixed: { name: "rt-v0", peer: "rt-v1" } },
    {
        kind: "host:Bridge",
        fixed: { name: "rt-lin" },
        never: ["vlanFiltering", "defaultPvid", "pvid", "tagged", "untagged"],
    },
    {
        kind: "host:Vxlan",
        fixed: { name: "rt-vx" },
        samples: {
            remote: oneOf("192.0.2.200", "239.1.1.1", "2001:db8::200", "ff05::100"),
            local: oneOf("192.0.2.1", "2001:db8::1"),
            link: oneOf("rt0"),
            mtu: oneOf(1280, 1400),
        },
    },
    { kind: "host:Macvtap", fixed: { name: "rt-mv", link: "rt0" }, never: ["mtu"] },
    {
        kind: "host:Sysctl",
        fixed: { key: "net.ipv4.conf.rt0.rp_filter" },
        samples: { value: oneOf("0", "1", "2") },
        stays: true,
    },
    {
        kind: "host:Sysctl",
        fixed: { key: "net.ipv4.tcp_rmem" },
        samples: { value: oneOf("4096 131072 6291456", "4096\t87380 16777216") },
        stays: true,
    },
    {
        kind: "ovs:Bridge",
        fixed: { name: "rt-ovs", datapathType: "netdev" },
        never: ["uplinks"],
    },
    ...["system", "internal"].map((portType) => ({
        kind: "ovs:Port",
        fixed: { name: portType === "system" ? "rt-veth" : "rt-int", ...bridged, type: portType },
        samples: PORT_WORDS,
        never: ["takesOperatorPath", "interfaces"],
    })),
    {
        kind: "ovs:Port",
        fixed: { name: "rt-tun", ...bridged },
        samples: { ...PORT_WORDS, type: oneOf("geneve", "vxlan", "gre") },
        always: ["type", "options"],
        never: ["takesOperatorPath", "interfaces"],
    },
    {
        kind: "ovs:Port",
        fixed: { name: "rt-bond", ...bridged, interfaces: ["rt-m0", "rt-m1"] },
        samples: PORT_WORDS,
        never: ["takesOperatorPath"],
    },
    {
        kind: "ovs:PortSet",
        fixed: bridged,
        stays: true,
        samples: {
            ports: fc.dictionary(
                fc.constantFrom("rt-s0", "rt-s1", "rt-s2"),
                fc.record(
                    {
                        tag: oneOf(1, 77, 4094),
                        trunks: vlans,
                        vlanMode: oneOf("access", "trunk", "native-tagged", "native-untagged"),
                        protected: fc.boolean(),
                        tap: fc.record(
                            {
                                mtu: oneOf(1280, 1500, 9000),
                                multiQueue: fc.boolean(),
                                uid: oneOf(0, 1000),
                                txQueueLength: oneOf(0, 1000),
                            },
                            { requiredKeys: [] },
                        ),
                        ofportRequest: oneOf(900, 901, 902),
                    },
                    { requiredKeys: ["tap"] },
                ) as fc.Arbitrary<Property>,
                { minKeys: 1 },
            ),
        },
    },
    {
        kind: "ovs:Qos",
        fixed: { name: "rt-qos" },
        samples: {
            queues: fc.dictionary(
                fc.constantFrom("0", "1", "65535"),
                fc.record(
                    { minRate: rate, maxRate: rate, burst: size, priority: oneOf(0, 7), dscp: oneOf(0, 46, 63) },
                    { requiredKeys: [] },
                ) as fc.Arbitrary<Property>,
            ),
        },
    },
    {
        kind: "ovs:Mirror",
        fixed: { ...bridged, name: "rt-mir" },
        samples: {
            selectSourcePorts: some("rt-p0", "rt-p1"),
            selectDestinationPorts: some("rt-p0", "rt-p1"),
            outputPort: oneOf("rt-p2"),
        },
    },
    {
        kind: "ovs:Controller",
        fixed: { bridge: "rt-ctl", target: "tcp:127.0.0.1:6653" },
        samples: {
            localIp: oneOf("192.0.2.50"),
            localNetmask: oneOf("255.255.255.0"),
            localGateway: oneOf("192.0.2.254"),
        },
    },
    { kind: "ovs:Manager", fixed: { target: "ptcp:6640:127.0.0.1" } },
    {
        kind: "ovs:Sflow",
        fixed: bridged,
        samples: {
            targets: some("127.0.0.1:6343", "192.0.2.9:6343", "[2001:db8::9]:6343"),
            agent: oneOf("rt0", "192.0.2.1"),
        },
    },
    {
        kind: "ovs:Ipfix",
        fixed: bridged,
        samples: { targets: some("127.0.0.1:4739", "[2001:db8::9]:4739"), virtualObsId: oneOf("a b") },
        // Not in every version of Open vSwitch.
        never: ["statsInterval", "templateInterval"],
    },
    { kind: "ovs:Netflow", fixed: bridged, samples: { targets: some("127.0.0.1:2055", "192.0.2.9:2055") } },
    {
        kind: "ovs:Settings",
        fixed: {},
        stays: true,
        never: ["dpdkInit", "hwOffload", "userspaceTsoEnable", "nHandlerThreads", "nRevalidatorThreads", "otherConfig"],
    },
];

describe("what is declared, on a real host", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("round-trips"));
    let plugin: Plugin;
    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host);
        for (const line of [
            "link add rt0 type veth peer name rt1",
            "link set dev rt0 up",
            "link set dev rt1 up",
            "address add 192.0.2.1/24 dev rt0",
            "address add 2001:db8::1/64 dev rt0 nodad",
        ])
            await lab.run("ip", ...line.split(" "));
        for (const name of ["rt-veth", "rt-p0", "rt-p1", "rt-p2", "rt-m0", "rt-m1"])
            await lab.run("ip", "tuntap", "add", "dev", name, "mode", "tap");
        for (const name of ["rt-br", "rt-ctl"])
            await lab.vsctl("add-br", name, "--", "set", "Bridge", name, "datapath_type=netdev", "fail_mode=secure");
        for (const name of ["rt-p0", "rt-p1", "rt-p2"]) await lab.vsctl("add-port", "rt-br", name);
        await plugin.create("kvmnet:ovs:Qos", "rt-q", { name: "rt-q", type: "linux-htb", maxRate: "1Gbit" });
    });
    after(async () => {
        await plugin?.stop();
        await lab.down();
    });

    for (const { kind, fixed, samples = {}, always = [], never, stays = false } of TRIPS) {
        const which = { always: [...Object.keys(fixed), ...always], never };
        const type = `kvmnet:${kind}`;

        /** The inputs without what a check refuses of them. */
        const accepted = async (inputs: Bag): Promise<Bag> => {
            const [path] = Object.keys((await plugin.check(type, inputs)).failures);
            if (path === undefined) return inputs;
            const keys = path.match(/[^.[\]"]+/g) ?? [];
            const kept = without(inputs, keys);
            // What is wrong with the whole, or missing, is not cured by taking something away.
            fc.pre(!isDeepStrictEqual(kept, inputs) && Object.keys(fixed).every((key) => key in kept));
            return accepted(kept);
        };
        const differing = async ({ state }: Made, inputs: Bag) =>
            (await plugin.diff(type, state, (await plugin.check(type, inputs)).inputs)).diffsList;

        /** It stands as it was declared, whoever looks. */
        const stands = async (made: Made, inputs: Bag) => {
            assert.deepEqual(await differing(made, inputs), [], "what was made is what was declared");
            const { inputs: checked } = await plugin.check(type, inputs);
            const read = await plugin.read(type, "it", made.id, checked, made.state);
            assert.deepEqual(await differing(read, inputs), [], "a refresh finds what was declared");
            const there = await plugin.read(type, "it", made.id);
            assert.deepEqual((await plugin.check(type, there.inputs)).failures, {}, "an import can be declared");
            assert.deepEqual(await differing(there, there.inputs), [], "the preview after an import is empty");
        };

        it(`is what is read, changed and imported of ${kind} ${Object.values(fixed).join(" ")}`, () =>
            fc.assert(
                fc.asyncProperty(
                    fc.array(
                        arbitraryInputs(resourceOf(type).schema, { ...WORDS, ...samples, ...asSamples(fixed) }, which),
                        {
                            minLength: 2,
                            maxLength: 2,
                        },
                    ),
                    async (drawn) => {
                        let made: Made | undefined;
                        try {
                            for (const one of drawn) {
                                const inputs = await accepted(one);
                                const checked = (await plugin.check(type, inputs)).inputs;
                                if (made && (await plugin.diff(type, made.state, checked)).replacesList.length > 0) {
                                    await plugin.delete(type, "it", made);
                                    made = undefined;
                                }
                                if (made) made.state = await plugin.update(type, "it", made, inputs);
                                else made = await plugin.create(type, "it", inputs);
                                await stands(made, inputs);
                            }
                        } finally {
                            if (made) await plugin.delete(type, "it", made);
                        }
                        if (!made || stays) return;
                        assert.equal((await plugin.read(type, "it", made.id, drawn[0], made.state)).id, "");
                    },
                ),
                { numRuns: RUNS },
            ));
    }
});

function resourceOf(type: string) {
    const resource = RESOURCES.get(type);
    assert.ok(resource, type);
    return resource;
}

function without(bag: Bag, [key = "", ...deeper]: string[]): Bag {
    const { [key]: value, ...rest } = bag;
    return deeper.length > 0 && typeof value === "object" && !Array.isArray(value) && value !== null
        ? { ...rest, [key]: without(value as Bag, deeper) }
        : rest;
}

const asSamples = (fixed: Bag): Samples =>
    Object.fromEntries(Object.entries(fixed).map(([key, value]) => [key, fc.constant(value)]));
