import assert from "node:assert/strict";
import { Provider } from "../../provider/provider";
import { Secret, UNKNOWN, type Bag } from "../../provider/wire";
import { urnOf } from "./plugin";

const provider = new Provider({
    warn: () => Promise.resolve(),
    status: () => undefined,
    debug: () => undefined,
    end: () => Promise.resolve(),
});
const ADDRESS: Bag = { link: "eth0", prefixRoute: true, dad: true, takesOperatorPath: false };
const V4 = { ...ADDRESS, address: "10.0.0.1/24" };
const V6 = { ...ADDRESS, address: "fd00::1/64" };
const ROUTE: Bag = {
    destination: "10.0.0.0/8",
    table: "main",
    type: "unicast",
    onlink: false,
    takesOperatorPath: false,
};
const OVER = { ...ROUTE, gateway: "192.0.2.2" };
const ON = { ...ROUTE, link: "eth0" };
const ROUTE_V6 = { ...OVER, destination: "fd00::/8", gateway: "fe80::1", link: "eth0" };
const HOPS = [{ gateway: "192.0.2.2" }, { gateway: "192.0.2.3" }];

describe("what is said and what is usual anyway", () => {
    const same: [kind: string, of: Bag, said: Bag][] = [
        ["Address", V4, { label: "eth0" }],
        ["Address", V4, { label: new Secret("eth0") }],
        ["Address", V4, { scope: "global" }],
        ["Address", { ...V4, address: "127.0.0.2/8" }, { scope: "host" }],
        ["Address", V6, { metric: 256 }],
        ["Route", OVER, { metric: 0 }],
        ["Route", ROUTE_V6, { metric: 1024 }],
        ["Route", OVER, { scope: "global" }],
        ["Route", ON, { scope: "link" }],
        ["Route", { ...ROUTE, nextHops: HOPS }, { scope: "global" }],
        ["Route", { ...ROUTE, type: "blackhole" }, { scope: "global" }],
    ];
    const other: [kind: string, of: Bag, said: Bag][] = [
        ["Address", V4, { label: "eth0:web" }],
        ["Address", V4, { metric: 256 }],
        ["Address", { ...V4, address: "127.0.0.2/8" }, { scope: "global" }],
        ["Address", V4, { scope: UNKNOWN }],
        ["Route", OVER, { metric: 1024 }],
        ["Route", ON, { scope: "global" }],
        ["Route", ROUTE, { gateway: UNKNOWN }],
    ];
    const changed = (kind: string, state: Bag, news: Bag) => {
        const type = `kvmnet:host:${kind}`;
        return provider.diff({ type, urn: urnOf(type, "it") }, state, news).changed;
    };
    const named = ([kind, of, said]: (typeof same)[0]) => {
        const words = Object.entries(said).map(
            ([key, value]) => `${key} ${value instanceof Secret ? "in secret" : String(value)}`,
        );
        return `${kind} ${String(of.address ?? of.destination)}, ${words.join()}`;
    };

    for (const [kind, of, said] of same)
        it(`are no difference, whoever says it: ${named([kind, of, said])}`, () => {
            assert.deepEqual(changed(kind, of, { ...of, ...said }), []);
            assert.deepEqual(changed(kind, { ...of, ...said }, of), []);
        });
    for (const [kind, of, said] of other)
        it(`are a difference: ${named([kind, of, said])}`, () =>
            assert.deepEqual(changed(kind, of, { ...of, ...said }), Object.keys(said)));
    it("tell nothing more of what is not known yet", () =>
        assert.deepEqual(changed("Address", V4, { ...V4, address: UNKNOWN }), ["address"]));
});

const goesFirst = (state: Bag, news: Bag, type = "kvmnet:host:Address") =>
    provider.diff({ type, urn: urnOf(type, "it") }, state, { ...state, ...news }).deleteFirst;

describe("an address that is replaced", () => {
    const peer = "10.0.0.2";

    it("goes first where the kernel has no room for both", () => {
        for (const [state, news] of [
            [V4, { broadcast: "10.0.0.255" }],
            [V4, { peer }],
            [{ ...V4, peer }, { peer: "10.0.0.3" }],
            [V6, { address: "fd00::1/48" }],
            [V6, { peer: "fd00::2" }],
        ] as [Bag, Bag][])
            assert.ok(goesFirst(state, news), JSON.stringify(news));
    });
    it("goes last where both can stand side by side", () => {
        for (const [state, news] of [
            [V4, { address: "10.0.0.1/16" }],
            [V4, { address: "10.0.0.2/24" }],
            [V6, { address: "fd00::2/64" }],
            [V6, { link: "eth1" }],
            [V6, { address: UNKNOWN }],
        ] as [Bag, Bag][])
            assert.ok(!goesFirst(state, news), JSON.stringify(news.address));
    });
});

describe("flows that are replaced", () => {
    const FLOWS: Bag = { bridge: "br0", cookie: "0x1", flows: ["table=10,priority=5,actions=NORMAL"] };

    it("go first where another cookie takes their places", () =>
        assert.ok(goesFirst(FLOWS, { cookie: "0x2" }, "kvmnet:ovs:Flows")));
    it("go last where they are another bridge's", () =>
        assert.ok(!goesFirst(FLOWS, { bridge: "br1" }, "kvmnet:ovs:Flows")));
});

describe("what is replaced by another of its kind", () => {
    const veth = { name: "a", peer: "b" };
    const bond = { name: "bond0", mode: "active-backup", members: ["eth0", "eth1"] };
    const macvtap = { name: "mv0", link: "eth0", mode: "passthru" };
    const vxlan = { name: "vx0", vni: 7, dstPort: 4789, remote: "192.0.2.2" };
    const forwarding = { key: "net.ipv4.ip_forward", value: "1" };
    const cases: [what: string, kind: string, state: Bag, news: Bag][] = [
        ["a veth pair whose ends change their names", "Veth", veth, { name: "b", peer: "a" }],
        ["a veth pair that keeps an end", "Veth", veth, { name: "c" }],
        [
            "a VLAN under another name",
            "Vlan",
            { name: "v5", link: "eth0", vlanId: 5, protocol: "802.1q" },
            { name: "web" },
        ],
        ["a VXLAN link under another name", "Vxlan", vxlan, { name: "web" }],
        ["a bond under another name", "Bond", bond, { name: "bond1" }],
        ["a macvtap that has all of its link", "Macvtap", macvtap, { name: "mv1" }],
        ["a setting under its other key", "Sysctl", forwarding, { key: "net.ipv4.conf.all.forwarding" }],
    ];
    for (const [what, kind, state, news] of cases)
        it(`goes first where only one can have what it has: ${what}`, () =>
            assert.ok(goesFirst(state, news, `kvmnet:host:${kind}`)));

    it("goes last where both can stand side by side", () => {
        assert.ok(!goesFirst(macvtap, { name: "mv1", mode: "bridge" }, "kvmnet:host:Macvtap"));
        assert.ok(!goesFirst(vxlan, { vni: 8, name: "vx1" }, "kvmnet:host:Vxlan"));
        assert.ok(!goesFirst(bond, { name: "bond1", members: ["eth2"] }, "kvmnet:host:Bond"));
    });
});

describe("what stands on something that is deleted, to be made anew", () => {
    const cases: [type: string, state: Bag, key: string][] = [
        ["ovs:PortSet", { bridge: "br0", ports: { p0: { tag: 5 } } }, "bridge"],
        ["ovs:Port", { name: "b0", bridge: "br0", interfaces: ["eth0", "eth1"] }, "interfaces"],
        ["ovs:Mirror", { bridge: "br0", name: "m", selectSourcePorts: ["p0"], outputVlan: 9 }, "selectSourcePorts"],
        ["ovs:Flows", { bridge: "br0", cookie: "0x1", flows: ["table=10,in_port=p0,actions=drop"] }, "flows"],
        ["host:Bond", { name: "bond0", mode: "active-backup", members: ["eth0", "eth1"] }, "members"],
        ["host:Route", ON, "link"],
        ["host:Route", OVER, "gateway"],
    ];
    for (const [kind, state, key] of cases) {
        const type = `kvmnet:${kind}`;
        const step = (name: string) => ({ type, urn: urnOf(type, name) });
        const costOf = (name: string) =>
            provider.diff(step(name), state, { ...state, [key]: UNKNOWN }).properties.get(key)?.cost;

        it(`is made anew with it, before the program has declared it: ${kind}, ${key}`, () =>
            assert.equal(costOf("not declared"), "replace"));
        it(`changes live once the program has: ${kind}, ${key}`, () => {
            provider.check(type, urnOf(type, "declared"), state);
            assert.equal(costOf("declared"), "update");
        });
    }
});

describe("a VXLAN link", () => {
    const type = "kvmnet:host:Vxlan";
    const V4_END = { name: "vx0", vni: 7, dstPort: 4789, remote: "192.0.2.2" };
    const costOf = (state: Bag, news: Bag) =>
        provider.diff({ type, urn: urnOf(type, "it") }, state, news).properties.get("remote")?.cost;

    it("goes to another end live, and is replaced where it has none any more or one of the other family", () => {
        assert.equal(costOf(V4_END, { ...V4_END, remote: "192.0.2.3" }), "update");
        assert.equal(costOf(V4_END, { name: "vx0", vni: 7, dstPort: 4789 }), "replace");
        assert.equal(costOf(V4_END, { ...V4_END, remote: "2001:db8::2" }), "replace");
    });
});

describe("a port that is replaced", () => {
    const goes = (state: Bag, news: Bag) => goesFirst(state, news, "kvmnet:ovs:Port");
    const PLAIN: Bag = { name: "p0", bridge: "br0", type: "system", takesOperatorPath: false };
    const BOND = { ...PLAIN, name: "bond0", interfaces: ["eth0", "eth1"] };
    const TUNNEL = { ...PLAIN, type: "vxlan", options: { remoteIp: "192.0.2.1", key: "7" } };
    const GRE = { ...TUNNEL, type: "gre", options: { remoteIp: "192.0.2.1" } };

    it("goes first where the switch has no room for both", () => {
        for (const [state, news] of [
            [PLAIN, { bridge: "br1" }],
            [PLAIN, { bridge: "br1", tag: UNKNOWN }],
            [BOND, { name: "bond1" }],
            [BOND, { name: "bond1", interfaces: ["eth1", "eth2"] }],
            [
                { ...PLAIN, name: "eth0" },
                { name: "bond0", interfaces: ["eth0", "eth1"] },
            ],
            [BOND, { name: "eth0", interfaces: [] }],
            [TUNNEL, { name: "p1" }],
            [TUNNEL, { name: "p1", bridge: "br1", options: { remoteIp: "192.0.2.1", key: "7", dstPort: 4789 } }],
            [TUNNEL, { name: "p1", options: { remoteIp: "192.0.2.1", inKey: "7", outKey: "8", ttl: "9" } }],
            [GRE, { name: "p1", options: { remoteIp: "192.0.2.1", key: "0" } }],
        ] as [Bag, Bag][])
            assert.ok(goes(state, news), JSON.stringify([state, news]));
    });
    it("goes last where both can stand side by side", () => {
        for (const [state, news] of [
            [PLAIN, { name: "p1" }],
            [PLAIN, { name: UNKNOWN }],
            [BOND, { name: "bond1", interfaces: ["eth2", "eth3"] }],
            [TUNNEL, { name: "p1", options: { remoteIp: "192.0.2.2", key: "7" } }],
            [TUNNEL, { name: "p1", options: { remoteIp: "192.0.2.1", key: "8" } }],
            [TUNNEL, { name: "p1", options: { remoteIp: "192.0.2.1", localIp: "192.0.2.9", key: "7" } }],
            [TUNNEL, { name: "p1", options: { remoteIp: "192.0.2.1", key: "7", dstPort: 4790 } }],
            [TUNNEL, { name: "p1", type: "geneve" }],
        ] as [Bag, Bag][])
            assert.ok(!goes(state, news), JSON.stringify([state, news]));
    });
});
