import assert from "node:assert/strict";
import fc from "fast-check";
import { check } from "../../provider/check";
import { lackOf } from "../../provider/host/kernel-features";
import { Provider } from "../../provider/provider";
import { RESOURCES } from "../../provider/resources";
import type { Bag } from "../../provider/wire";
import { urnOf } from "./plugin";

const SILENT = {
    warn: () => Promise.resolve(),
    status: () => undefined,
    debug: () => undefined,
    end: () => Promise.resolve(),
};

/** The least that each kind of link is declared with. */
const LEAST: Record<string, Bag> = {
    Bridge: {},
    BridgePort: { bridge: "br0" },
    Tap: {},
    Veth: { peer: "peer0" },
    Vlan: { link: "eth0", vlanId: 10 },
    Bond: { mode: "802.3ad" },
    Vxlan: { vni: 7 },
    Macvtap: { link: "eth0", mode: "bridge" },
    Dummy: {},
    Ifb: {},
};
const KINDS = Object.keys(LEAST);

const schemaOf = (kind: string) => {
    const resource = RESOURCES.get(`kvmnet:host:${kind}`);
    assert.ok(resource, kind);
    return resource.schema;
};
const judged = (kind: string, more: Bag) => check(schemaOf(kind), { name: "it0", ...LEAST[kind], ...more });
const failuresOf = (kind: string, more: Bag) => {
    const checked = judged(kind, more);
    return checked.ok ? {} : Object.fromEntries(checked.failures.map(({ property, reason }) => [property, reason]));
};

describe("the name of a link, whatever its kind", () => {
    const names = fc.oneof(
        fc.stringMatching(/^[A-Za-z0-9_.-]{16,40}$/),
        fc.constantFrom(
            "x;id",
            "$(id)",
            "-x",
            "a b",
            "a/b",
            "wäb0",
            "a\nb",
            ".hid",
            "",
            "all",
            "default",
            "`id`",
            "a:b",
        ),
        fc.string({ unit: "binary", minLength: 1 }).filter((name) => !/^[A-Za-z0-9_.-]*$/.test(name)),
    );
    for (const kind of KINDS)
        it(`is refused in preview where it is too long, hostile or the kernel's own: ${kind}`, () =>
            fc.assert(fc.property(names, (name) => assert.ok("name" in failuresOf(kind, { name }), name))));

    for (const [kind, property] of [
        ["BridgePort", "bridge"],
        ["Veth", "peer"],
        ["Vlan", "link"],
        ["Vxlan", "link"],
        ["Macvtap", "link"],
        ["Bond", "primary"],
    ] as const)
        it(`is judged wherever another link is named: ${property} of ${kind}`, () =>
            fc.assert(
                fc.property(names, (name) => assert.ok(property in failuresOf(kind, { [property]: name }), name)),
            ));
});

describe("the name of a link that is there already, whoever made it", () => {
    for (const [kind, property, more] of [
        ["BridgePort", "name", {}],
        ["Vlan", "link", {}],
        ["Vxlan", "link", {}],
        ["Macvtap", "link", {}],
        ["Bond", "primary", { mode: "active-backup", members: ["vnet3", "macvlan-shim"] }],
    ] as [string, string, Bag][])
        it(`may be one that libvirt, or a person, gave: ${property} of ${kind}`, () => {
            for (const name of ["vnet3", "macvlan-shim"])
                assert.deepEqual(failuresOf(kind, { ...more, [property]: name }), {});
        });

    it("may be so among the members of a bond", () =>
        assert.deepEqual(failuresOf("Bond", { members: ["macvlan-shim", "vnet3"] }), {}));
});

/** What a program is told that declares all these. */
const refused = (...declared: [kind: string, inputs: Bag][]) => {
    const provider = new Provider(SILENT);
    return declared.flatMap(([kind, inputs], index) => {
        const type = `kvmnet:${kind}`;
        const checked = provider.check(type, urnOf(type, `r${index}`), inputs);
        return checked.ok ? [] : checked.failures.map(({ reason }) => reason);
    });
};

describe("what only one resource of a program may declare", () => {
    const twice: [what: string, one: [string, Bag], other: [string, Bag], says: RegExp][] = [
        [
            "the plug of a link, in two bridges of the kernel",
            ["host:BridgePort", { name: "eth1", bridge: "br0" }],
            ["host:BridgePort", { name: "eth1", bridge: "br1" }],
            /plug of eth1 is declared by r0 already/,
        ],
        [
            "a group of a bridge",
            ["ovs:Flows", { bridge: "br0", cookie: "0x1", groups: ["group_id=7,type=all,bucket=output:1"] }],
            ["ovs:Flows", { bridge: "br0", cookie: "0x2", groups: ["group_id=7,type=all,bucket=output:1"] }],
            /group 7 of br0 is declared by r0 already/,
        ],
        [
            "a meter of a bridge",
            ["ovs:Flows", { bridge: "br0", cookie: "0x1", meters: ["meter=7,kbps,bands=type=drop,rate=5"] }],
            ["ovs:Flows", { bridge: "br0", cookie: "0x2", meters: ["meter=7,kbps,bands=type=drop,rate=5"] }],
            /meter 7 of br0 is declared by r0 already/,
        ],
        [
            "the plug of a link, in a bridge and in a bond",
            ["host:BridgePort", { name: "eth1", bridge: "br0" }],
            ["host:Bond", { name: "bond0", mode: "802.3ad", members: ["eth0", "eth1"] }],
            /plug of eth1/,
        ],
        [
            "the plug of a link, in a bridge and in a switch",
            ["host:BridgePort", { name: "tap0", bridge: "br0" }],
            ["ovs:Port", { name: "tap0", bridge: "br1" }],
            /plug of tap0/,
        ],
        [
            "the plug of a link, in two switches",
            ["ovs:Port", { name: "tap0", bridge: "br0" }],
            ["ovs:Port", { name: "tap0", bridge: "br1" }],
            /plug of tap0 is declared by r0 already/,
        ],
        [
            "a setting of the kernel, under both of its keys",
            ["host:Sysctl", { key: "net.ipv4.ip_forward", value: "1" }],
            ["host:Sysctl", { key: "net.ipv4.conf.all.forwarding", value: "0" }],
            /sysctl net\.ipv4\.ip_forward is declared by r0 already; declare it once/,
        ],
        [
            "a link, as two kinds",
            ["host:Dummy", { name: "x0" }],
            ["host:Bridge", { name: "x0" }],
            /link x0 is declared by r0 already/,
        ],
        [
            "a link, as the end of a pair",
            ["host:Tap", { name: "x1" }],
            ["host:Veth", { name: "x0", peer: "x1" }],
            /link x1/,
        ],
        [
            "a VLAN of a link",
            ["host:Vlan", { name: "a", link: "eth0", vlanId: 5 }],
            ["host:Vlan", { name: "b", link: "eth0", vlanId: 5 }],
            /VLAN 5 \(802.1Q\) of eth0/,
        ],
        [
            "a VXLAN identifier",
            ["host:Vxlan", { name: "a", vni: 5 }],
            ["host:Vxlan", { name: "b", vni: 5 }],
            /VXLAN 5 on UDP port 4789/,
        ],
        [
            "a VXLAN identifier, on two links",
            ["host:Vxlan", { name: "a", vni: 5, link: "eth0" }],
            ["host:Vxlan", { name: "b", vni: 5, link: "eth1", local: "192.0.2.1" }],
            /VXLAN 5 on UDP port 4789 over IPv4/,
        ],
    ];
    for (const [what, one, other, says] of twice)
        it(`is ${what}: the second is refused in preview`, () => {
            assert.match(refused(one, other).join(), says);
            assert.deepEqual(refused(one), []);
        });

    it("is not the same VLAN id under another tag, or on another link", () =>
        assert.deepEqual(
            refused(
                ["host:Vlan", { name: "a", link: "eth0", vlanId: 5 }],
                ["host:Vlan", { name: "b", link: "eth0", vlanId: 5, protocol: "802.1ad" }],
                ["host:Vlan", { name: "c", link: "eth1", vlanId: 5 }],
            ),
            [],
        ));
});

describe("a VXLAN identifier", () => {
    it("may be declared once over IPv4, once over IPv6, and once more on each link by its link-local addresses", () =>
        assert.deepEqual(
            refused(
                ["host:Vxlan", { name: "a", vni: 5 }],
                ["host:Vxlan", { name: "b", vni: 5, remote: "2001:db8::1" }],
                ["host:Vxlan", { name: "c", vni: 5, remote: "fe80::1", link: "eth0" }],
                ["host:Vxlan", { name: "d", vni: 5, remote: "fe80::1", link: "eth1" }],
            ),
            [],
        ));
});

describe("the options of a bond", () => {
    const options: [option: string, value: Bag[string], more: Bag, modes: string[]][] = [
        ["lacpRate", "fast", {}, ["802.3ad"]],
        ["lacpActive", false, {}, ["802.3ad"]],
        ["adSelect", "count", {}, ["802.3ad"]],
        ["adActorSystem", "52:54:00:00:00:01", {}, ["802.3ad"]],
        ["adActorSystemPriority", 1, {}, ["802.3ad"]],
        ["adUserPortKey", 1, {}, ["802.3ad"]],
        ["minLinks", 1, {}, ["802.3ad"]],
        ["xmitHashPolicy", "layer3+4", {}, ["balance-xor", "802.3ad", "balance-tlb"]],
        ["packetsPerSlave", 2, {}, ["balance-rr"]],
        ["failOverMac", "active", {}, ["active-backup"]],
        ["numGratArp", 2, {}, ["active-backup"]],
        ["primary", "eth0", { members: ["eth0"] }, ["active-backup", "balance-tlb", "balance-alb"]],
        ["primaryReselect", "better", {}, ["active-backup", "balance-tlb", "balance-alb"]],
        ["tlbDynamicLb", false, {}, ["balance-tlb", "balance-alb"]],
        ["lpInterval", 2, {}, ["balance-tlb", "balance-alb"]],
        ["resendIgmp", 2, {}, ["balance-rr", "active-backup", "balance-tlb", "balance-alb"]],
        [
            "arpInterval",
            100,
            { arpIpTargets: ["192.0.2.1"] },
            ["balance-rr", "active-backup", "balance-xor", "broadcast"],
        ],
        ["allSlavesActive", true, {}, []],
    ];
    const modes = ["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];
    for (const [option, value, more, fitting] of options)
        it(`are checked against its mode: ${option} is for ${fitting.join(", ") || "all of them"}`, () => {
            for (const mode of modes) {
                const failures = failuresOf("Bond", { mode, ...more, [option]: value });
                if (fitting.length === 0 || fitting.includes(mode)) assert.deepEqual(failures, {}, mode);
                else assert.match(failures[option] ?? "", new RegExp(`${option} works with mode .*, not with ${mode}`));
            }
        });

    const wrong: [inputs: Bag, property: string, says: RegExp][] = [
        [{ mode: "active-backup", failOverMac: "active", mac: "52:54:00:00:00:01" }, "mac", /of its active member/],
        [{ miimon: 0 }, "miimon", /notices no link that fails; set 100, or the arpInterval/],
        [
            { mode: "active-backup", miimon: 100, arpInterval: 100, arpIpTargets: ["192.0.2.1"] },
            "arpInterval",
            /keep one/,
        ],
        [{ mode: "active-backup", arpInterval: 100 }, "arpIpTargets", /at least one/],
        [{ mode: "active-backup", arpInterval: 100, arpIpTargets: ["2001:db8::1"] }, "arpIpTargets[0]", /IPv4/],
        ...["0.0.0.0", "0.1.2.3", "255.255.255.255"].map((target): [Bag, string, RegExp] => [
            { mode: "active-backup", arpInterval: 100, arpIpTargets: [target] },
            "arpIpTargets[0]",
            /the address of one host/,
        ]),
        [
            { mode: "active-backup", arpInterval: 100, arpIpTargets: ["192.0.2.1", "192.0.2.2", "192.0.2.1"] },
            "arpIpTargets",
            /one address twice/,
        ],
        [{ mode: "active-backup", arpValidate: "all" }, "arpValidate", /needs arpInterval/],
        [
            { mode: "active-backup", arpInterval: 100, arpIpTargets: ["192.0.2.1"], upDelay: 0 },
            "upDelay",
            /needs miimon; the kernel takes none with arpInterval, not even 0/,
        ],
        [{ upDelay: 150 }, "upDelay", /multiple of miimon \(100 ms\)/],
        [{ miimon: 60, downDelay: 100 }, "downDelay", /multiple of miimon \(60 ms\)/],
        [{ members: ["eth0", "eth0"] }, "members", /one link twice/],
        [{ members: ["it0"] }, "members", /its own member/],
        [{ mode: "active-backup", primary: "eth0" }, "primary", /one of members; add it there/],
        [{ mode: "active-backup", primary: "eth0", members: ["eth1"] }, "primary", /one of members; add it there/],
        [{ mode: "round-robin" }, "mode", /one of balance-rr, active-backup/],
    ];
    for (const [inputs, property, says] of wrong)
        it(`are refused: ${JSON.stringify(inputs)}`, () =>
            assert.match(failuresOf("Bond", inputs)[property] ?? "", says));

    it("check its links every 100 ms where nothing is said, and not so where ARP does", () => {
        const bond = RESOURCES.get("kvmnet:host:Bond");
        assert.deepEqual(bond?.complete?.({ mode: "802.3ad" }, ""), { mode: "802.3ad", miimon: 100 });
        assert.deepEqual(bond?.complete?.({ arpInterval: 100 }, ""), { arpInterval: 100, miimon: 0 });
    });
});

describe("a link of a state from before it had so many properties", () => {
    const states: [kind: string, state: Bag][] = [
        ["Bridge", { name: "b", mac: "52:54:00:00:00:01", mtu: 1500, stp: false, owner: "kvmnet:" }],
        ["BridgePort", { name: "p", bridge: "b", owner: "kvmnet:" }],
        ["Tap", { name: "t", multiQueue: false, vnetHdr: true, mtu: 1500, owner: "kvmnet:" }],
    ];
    const told: Record<string, Bag> = {
        Bridge: { forwardDelay: 15, ageingTime: 300, vlanFiltering: false, multicastSnooping: true, groupFwdMask: 0 },
        BridgePort: { isolated: false, learning: true, floodUnicast: true, guard: false, priority: 32 },
        Tap: { txQueueLength: 1000 },
    };
    for (const [kind, { owner, ...inputs }] of states) {
        const type = `kvmnet:host:${kind}`;
        const diff = (news: Bag) => {
            const checked = check(schemaOf(kind), news);
            assert.ok(checked.ok);
            const provider = new Provider(SILENT);
            return [
                ...provider
                    .diff({ type, urn: urnOf(type, "r") }, { ...inputs, owner: owner as string }, checked.inputs)
                    .properties.keys(),
            ];
        };
        it(`makes no difference: ${kind}`, () => assert.deepEqual(diff(inputs), []));
        it(`makes none either where the program says what the kernel has anyway: ${kind}`, () =>
            assert.deepEqual(diff({ ...inputs, ...told[kind] }), []));
    }
});

describe("what a kernel lacks", () => {
    it("is named by the module that a refused line needs", () => {
        assert.match(
            lackOf("link add name b type bond mode 802.3ad", "Error: Unknown device type.") ?? "",
            /modprobe bonding/,
        );
        assert.match(
            lackOf("link add link e name v type vlan id 5", "RTNETLINK answers: Operation not supported") ?? "",
            /8021q/,
        );
        assert.match(lackOf("tuntap add dev t mode tap", "open: No such file or directory") ?? "", /modprobe tun/);
        assert.match(
            lackOf("vlan add dev p vid 10", "RTNETLINK answers: Operation not supported") ?? "",
            /VLAN_FILTERING/,
        );
    });

    it("is nothing where a line was refused for another reason", () => {
        assert.equal(lackOf("link add name b type bond", "RTNETLINK answers: File exists"), undefined);
        assert.equal(lackOf("link set dev b type bond mode 802.3ad", "Operation not supported"), undefined);
        fc.assert(fc.property(fc.string(), fc.string(), (line, stderr) => lackOf(line, stderr) === undefined));
    });
});
