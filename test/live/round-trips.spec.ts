import fc from "fast-check";
import type { Property } from "../../provider/wire";
import { Plugin } from "../provider/plugin";
import type { Samples } from "../support/arbitrary-inputs";
import { labName } from "../support/labs";
import { itMakesTheRoundTrip, oneOf, rate, size, some, vlans, type Trip } from "../support/round-trip";
import { ProviderLab } from "./provider-lab";

const bridged = { bridge: "rt-br" };
const PORT_WORDS: Samples = {
    remoteIp: oneOf("192.0.2.200", "2001:db8::200", "flow"),
    localIp: oneOf("192.0.2.1", "2001:db8::1", "flow"),
    key: oneOf(0, "7", 16777215, "flow"),
    inKey: oneOf(1, "9", "flow"),
    outKey: oneOf(2, "10", "flow"),
    tos: oneOf("inherit", 0, 64, "252"),
    ttl: oneOf("inherit", 1, "255"),
    // The first ones are those of ports that are there; the set has others.
    ofportRequest: oneOf(800, 801, 65279),
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
        never: ["takesOperatorPath"],
    },
    {
        kind: "host:Route",
        fixed: { destination: "10.77.0.0/16" },
        samples: {
            table: oneOf("main", "100", "4294967295", "default"),
            metric: oneOf(0, 1, 100, 4294967295),
            gateway: oneOf("192.0.2.2", "192.0.2.254", "2001:db8::2", "fe80::1"),
            link: oneOf("rt0"),
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
    { kind: "host:Neighbor", fixed: { link: "rt0", address: "192.0.2.7" }, never: ["takesOperatorPath"] },
    { kind: "host:Neighbor", fixed: { link: "rt0", address: "2001:db8::7" }, never: ["takesOperatorPath"] },
    { kind: "host:Tap", fixed: { name: "rt-tap" }, never: ["takesOperatorPath"] },
    { kind: "host:Veth", fixed: { name: "rt-v0", peer: "rt-v1" }, never: ["takesOperatorPath"] },
    {
        kind: "host:Bridge",
        fixed: { name: "rt-lin" },
        never: ["takesOperatorPath", "vlanFiltering", "defaultPvid", "pvid", "tagged", "untagged"],
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
        never: ["takesOperatorPath"],
    },
    { kind: "host:Macvtap", fixed: { name: "rt-mv", link: "rt0" }, never: ["mtu", "takesOperatorPath"] },
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
        never: ["takesOperatorPath", "uplinks"],
    },
    {
        kind: "ovs:Port",
        fixed: { name: "rt-veth", ...bridged, type: "system" },
        samples: PORT_WORDS,
        never: ["takesOperatorPath", "interfaces"],
    },
    {
        kind: "ovs:Port",
        fixed: { name: "rt-int", ...bridged, type: "internal" },
        samples: PORT_WORDS,
        never: ["takesOperatorPath", "interfaces", "qos"],
    },
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
        never: ["takesOperatorPath"],
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
        never: [
            ...["takesOperatorPath", "dpdkInit", "hwOffload", "userspaceTsoEnable"],
            ...["nHandlerThreads", "nRevalidatorThreads", "otherConfig"],
        ],
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

    for (const trip of TRIPS) itMakesTheRoundTrip(trip, () => plugin);
});
