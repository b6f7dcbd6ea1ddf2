import assert from "node:assert/strict";
import type { ServiceError } from "@grpc/grpc-js";
import type { Bag } from "../../provider/wire";
import { eventually } from "../support/eventually";
import { killedAtEachMoment } from "../support/killed-runs";
import { labName } from "../support/labs";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { ProviderLab } from "./provider-lab";

const [BRIDGE, PORT, QOS, TAP] = ["kvmnet:ovs:Bridge", "kvmnet:ovs:Port", "kvmnet:ovs:Qos", "kvmnet:host:Tap"];
const SET = "kvmnet:ovs:PortSet";

describe("Open vSwitch's bridges, ports and queues on a real host", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("ovs-ports"));
    const engine = new FakeEngine();
    let plugin: Plugin;
    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host, await engine.start());
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    const bridge = (name: string, more: Bag = {}) =>
        plugin.create(BRIDGE, name, { name, datapathType: "netdev", ...more });
    const port = (name: string, inputs: Bag) => plugin.create(PORT, name, { name, ...inputs });
    const get = (table: string, name: string, column: string) => lab.vsctl("get", table, name, column);
    const failuresOf = async (type: string, inputs: Bag) => (await plugin.check(type, inputs)).failures;

    /** What a preview of these inputs would change. */
    const changes = async (type: string, made: Made, inputs: Bag) => {
        const { detaileddiffMap } = await plugin.diff(type, made.state, (await plugin.check(type, inputs)).inputs);
        return detaileddiffMap.map(([property]) => property).sort();
    };

    /** An import, and what a preview of the inputs that it gives would change. */
    const imported = async (type: string, name: string, id = name) => {
        const there = await plugin.read(type, `${name}-imported`, id);
        return { inputs: there.inputs, changes: await changes(type, there, there.inputs) };
    };

    describe("a link that the switch has made", () => {
        const stand = (name: string, below: string) =>
            lab.run(..."ip link add link".split(" "), below, "name", name, "type", "macvlan");
        const stands = async (name: string) => (await lab.run("ip", "-oneline", "link", "show")).includes(` ${name}@`);

        it("stays while a link stands on it that somebody else made: of a bridge, a port and a set's", async () => {
            const holder = await bridge("held1");
            const made = await port("held2", { bridge: "held1", type: "internal" });
            const ports = { held3: { type: "internal" }, held4: { tap: {} } };
            const set = await plugin.create(SET, "set", { bridge: "held1", ports });
            const says = (what: string, on: string) =>
                new RegExp(`^OVS ${what}: links stand on it that this stack did not make \\(shim on ${on}\\)`);
            const kept = async (below: string, what: string, work: () => Promise<unknown>) => {
                await stand("shim", below);
                await assert.rejects(work(), ({ details }: ServiceError) => says(what, below).test(details));
                assert(await stands("shim"));
                await lab.run(..."ip link delete dev shim".split(" "));
            };
            await kept("held3", "port set held1", () => plugin.delete(SET, "set", set));
            await kept("held4", "port set held1", () =>
                plugin.update(SET, "set", set, { bridge: "held1", ports: { held3: ports.held3 } }),
            );
            await kept("held4", "port set held1", () =>
                plugin.update(SET, "set", set, { bridge: "held1", ports: { ...ports, held4: { tap: { uid: 5 } } } }),
            );
            await plugin.delete(SET, "set", set);
            await kept("held2", "port held2", () => plugin.delete(PORT, "held2", made));
            await plugin.delete(PORT, "held2", made);
            await kept("held1", "bridge held1", () => plugin.delete(BRIDGE, "held1", holder));
            await plugin.delete(BRIDGE, "held1", holder);
        });
    });

    describe("a bridge", () => {
        it("keeps its MAC when a port with a lower one joins, though none was declared", async () => {
            const made = await bridge("mac0");
            const mac = async () => (await get("Interface", "mac0", "mac_in_use")).replaceAll('"', "");
            assert.equal(made.state.mac, undefined);
            await eventually(async () => assert.equal(await mac(), made.state.macInUse));
            await lab.run("ip", "link", "add", "low0", "address", "00:00:00:00:00:02", "type", "veth", "peer", "low1");
            await lab.vsctl("add-port", "mac0", "low0");
            assert.equal(await mac(), made.state.macInUse);
            assert.deepEqual(await changes(BRIDGE, made, { name: "mac0", datapathType: "netdev" }), []);
            await lab.vsctl("del-port", "low0");
            await plugin.delete(BRIDGE, "mac0", made);
            assert.equal((await bridge("mac0")).state.macInUse, made.state.macInUse, "made anew it has it again");
        });

        it("whose pinned MAC somebody took away shows it, and has it again after an update", async () => {
            const made = await bridge("mac1");
            await lab.vsctl("remove", "Bridge", "mac1", "other_config", "hwaddr");
            const drifted = await plugin.read(BRIDGE, "mac1", "mac1", { name: "mac1" }, made.state);
            assert.deepEqual(await changes(BRIDGE, drifted, { name: "mac1", datapathType: "netdev" }), ["mac"]);
            await plugin.update(BRIDGE, "mac1", drifted, { name: "mac1", datapathType: "netdev" });
            assert.equal(await get("Bridge", "mac1", "other_config:hwaddr"), `"${String(made.state.macInUse)}"`);
        });

        it("of a release before is previewed without a change, and pins the MAC that it has", async () => {
            await lab.vsctl("add-br", "old0", "--", "set", "Bridge", "old0", "datapath_type=netdev");
            await eventually(async () => assert.match(await get("Interface", "old0", "mac_in_use"), /:/));
            const mac = await get("Interface", "old0", "mac_in_use");
            const state = { name: "old0", datapathType: "netdev", failMode: "standalone", owner: "" };
            const inputs = { name: "old0", datapathType: "netdev", failMode: "standalone" };
            assert.deepEqual(await changes(BRIDGE, { id: "old0", state }, inputs), []);
            await plugin.update(BRIDGE, "old0", { id: "old0", state }, { ...inputs, failMode: "secure" });
            assert.equal(await get("Bridge", "old0", "other_config:hwaddr"), mac);
        });

        const all: Bag = {
            mac: "52:54:00:00:00:77",
            datapathId: "00000000000000AB",
            protocols: ["OpenFlow13", "OpenFlow10"],
            rstp: true,
            rstpPriority: 4096,
            rstpForwardDelay: 4,
            rstpMaxAge: 6,
            stpPriority: 1,
            stpForwardDelay: 4,
            stpHelloTime: 1,
            stpMaxAge: 6,
            mcastSnooping: true,
            mcastSnoopingAgingTime: 60,
            mcastSnoopingTableSize: 100,
            macTableSize: 1000,
            macAgingTime: 60,
            mtuRequest: 1400,
            uplinks: ["eth1", "eth0"],
            otherConfig: { "forward-bpdu": "true" },
            externalIds: { site: "north" },
        };

        it("has every property, changes each live and gives it back", async () => {
            const inputs = { name: "full0", datapathType: "netdev" };
            const made = await bridge("full0");
            const uuid = await get("Bridge", "full0", "_uuid");
            made.state = await plugin.update(BRIDGE, "full0", made, { ...inputs, ...all });
            for (const [column, value] of [
                ["protocols", "[OpenFlow10, OpenFlow13]"],
                ["rstp_enable", "true"],
                ["mcast_snooping_enable", "true"],
                ["other_config:datapath-id", '"00000000000000ab"'],
                ["other_config:rstp-priority", '"4096"'],
                ["other_config:stp-hello-time", '"1000"'],
                ["other_config:mac-table-size", '"1000"'],
                ["other_config:forward-bpdu", '"true"'],
                ["external_ids:kvmnet-uplinks", '"eth0,eth1"'],
                ["external_ids:site", "north"],
            ] as const)
                assert.equal(await get("Bridge", "full0", column), value, column);
            await eventually(async () => assert.equal(await get("Interface", "full0", "mtu"), "1400"));
            await eventually(async () => assert.match(await get("Bridge", "full0", "datapath_id"), /00000000000000ab/));
            assert.deepEqual(await changes(BRIDGE, made, { ...inputs, ...all }), []);

            made.state = await plugin.update(BRIDGE, "full0", made, inputs);
            assert.deepEqual(await changes(BRIDGE, made, inputs), []);
            assert.equal(await get("Bridge", "full0", "protocols"), "[]");
            assert.equal(await get("Bridge", "full0", "rstp_enable"), "false");
            assert.equal(await get("Bridge", "full0", "other_config"), '{hwaddr="52:54:00:00:00:77"}');
            assert.deepEqual(await lab.vsctl("br-get-external-id", "full0", "site"), "");
            assert.equal(await get("Bridge", "full0", "_uuid"), uuid);
        });

        it("imported has every property, with inputs that make no difference", async () => {
            const made = await bridge("full1", all);
            await lab.vsctl("remove", "Bridge", "full1", "external_ids", "kvmnet-owner");
            const { inputs, changes } = await imported(BRIDGE, "full1");
            assert.deepEqual(changes, []);
            for (const key of Object.keys(all)) assert.ok(key in inputs, key);
            await plugin.delete(BRIDGE, "full1", made);
        });

        it("leaves the keys of others alone, and takes back what others did to its own", async () => {
            const inputs = { name: "keys0", datapathType: "netdev", otherConfig: { "forward-bpdu": "true" } };
            const made = await plugin.create(BRIDGE, "keys0", inputs);
            await lab.vsctl("set", "Bridge", "keys0", "other_config:forward-bpdu=false", "other_config:dp-desc=theirs");
            await lab.vsctl("set", "Bridge", "keys0", "external_ids:bridge-id=theirs");
            const drifted = await plugin.read(BRIDGE, "keys0", "keys0", inputs, made.state);
            assert.deepEqual(await changes(BRIDGE, drifted, inputs), ['otherConfig["forward-bpdu"]']);
            await plugin.update(BRIDGE, "keys0", drifted, inputs);
            assert.equal(await get("Bridge", "keys0", "other_config:forward-bpdu"), '"true"');
            assert.equal(await get("Bridge", "keys0", "other_config:dp-desc"), "theirs");
            assert.equal(await get("Bridge", "keys0", "external_ids:bridge-id"), "theirs");
        });

        it("is refused with what is wrong, property by property", async () => {
            const failures = await failuresOf(BRIDGE, {
                name: "wrong0",
                stp: true,
                rstp: true,
                rstpPriority: 5,
                datapathId: "0",
                protocols: ["OpenFlow9"],
                otherConfig: { hwaddr: "52:54:00:00:00:01" },
                externalIds: { "kvmnet-owner": "me" },
            });
            assert.deepEqual(Object.keys(failures).sort(), [
                "datapathId",
                "externalIds.kvmnet-owner",
                "otherConfig.hwaddr",
                "protocols[0]",
                "rstp",
                "rstpPriority",
            ]);
            assert.match(failures["otherConfig.hwaddr"] ?? "", /use mac/);
            const late = { name: "wrong0", stp: true, stpHelloTime: 10 };
            assert.match((await failuresOf(BRIDGE, late)).stpHelloTime ?? "", /needs stpMaxAge to be 22 or more/);
        });

        it("cannot be called as Open vSwitch's own devices or the loopback are", async () => {
            for (const name of ["ovs-netdev", "ovs-system", "lo"])
                assert.match((await failuresOf(BRIDGE, { name })).name ?? "", /choose another name/, name);
        });

        it("that no longer asks for an MTU has the smallest of its ports, and follows it", async () => {
            const inputs = { name: "mtu0", datapathType: "netdev" };
            const mtu = async () => (await lab.links()).find(({ ifname }) => ifname === "mtu0")?.mtu;
            const made = await bridge("mtu0");
            const asks = async (mtuRequest: number) => {
                made.state = await plugin.update(BRIDGE, "mtu0", made, { ...inputs, mtuRequest });
                await eventually(async () => assert.equal(await mtu(), mtuRequest));
            };
            const asksNoMore = async (expected: number) => {
                made.state = await plugin.update(BRIDGE, "mtu0", made, inputs);
                assert.deepEqual(await changes(BRIDGE, made, inputs), []);
                assert.equal(await get("Interface", "mtu0", "mtu_request"), "[]");
                await eventually(async () => assert.equal(await mtu(), expected));
            };
            await asks(1400);
            await asksNoMore(1500);

            await lab.run("ip", "tuntap", "add", "dev", "mtu2", "mode", "tap");
            await lab.run("ip", "link", "set", "dev", "mtu2", "mtu", "1450");
            const tap = await port("mtu2", { bridge: "mtu0" });
            for (const former of [1400, 1600]) {
                await asks(former);
                await asksNoMore(1450);
            }
            await lab.run("ip", "link", "set", "dev", "mtu2", "mtu", "1460");
            await eventually(async () => assert.equal(await mtu(), 1460));
            await plugin.delete(PORT, "mtu2", tap);
            await plugin.delete(BRIDGE, "mtu0", made);
        });

        it("deleted by hand is gone to a refresh, and is made again with its ports", async () => {
            const made = await bridge("gone0");
            const inside = await port("gone1", { bridge: "gone0", type: "internal", tag: 3 });
            await lab.vsctl("del-br", "gone0");
            assert.equal((await plugin.read(BRIDGE, "gone0", "gone0", {}, made.state)).id, "");
            assert.equal((await plugin.read(PORT, "gone1", "gone1", {}, inside.state)).id, "");
            await bridge("gone0");
            await port("gone1", { bridge: "gone0", type: "internal", tag: 3 });
            assert.equal(await lab.vsctl("list-ports", "gone0"), "gone1");
        });

        it("whose link somebody set down tells it at a refresh, and an update sets it up", async () => {
            const inputs = { name: "down1", datapathType: "netdev" };
            const made = await bridge("down1");
            const refreshed = () => plugin.read(BRIDGE, "down1", "down1", inputs, made.state);
            await lab.run("ip", "link", "set", "dev", "down1", "down");
            let down: ReturnType<typeof unfinishedOf>;
            await eventually(async () => {
                down = unfinishedOf(await refreshed().catch((error: unknown) => error));
                assert.match(down?.reasons[0] ?? "", /OVS bridge down1: its link is set down/);
            });
            await plugin.update(BRIDGE, "down1", { id: "down1", state: down?.state ?? {} }, inputs);
            assert.equal((await refreshed()).id, "down1");
            await lab.run("ip", "link", "delete", "dev", "down1");
            await eventually(async () =>
                assert.match(
                    unfinishedOf(await refreshed().catch((error: unknown) => error))?.reasons[0] ?? "",
                    /its own link is gone: somebody deleted it; restart ovs-vswitchd/,
                ),
            );
            await plugin.delete(BRIDGE, "down1", made);
        });

        it("with a port of somebody else is not removed, and nothing of it is changed", async () => {
            const made = await bridge("kept0");
            const ours = await port("kept1", { bridge: "kept0", type: "internal" });
            await lab.vsctl("add-port", "kept0", "kept2", "--", "set", "Interface", "kept2", "type=internal");
            await assert.rejects(plugin.delete(BRIDGE, "kept0", made), /did not make \(kept2\), so it is not removed/);
            assert.equal(await lab.vsctl("list-ports", "kept0"), "kept1\nkept2");
            await plugin.delete(PORT, "kept1", ours);
            assert.equal(await lab.vsctl("list-ports", "kept0"), "kept2");
        });

        it("with what another stack or a person has hung on it is not removed either, and loses nothing", async () => {
            const made = await bridge("kept3");
            const [targets, on] = [["10.0.0.9:6343"], { bridge: "kept3" }];
            const hung: [kind: string, inputs: Bag, said: string][] = [
                ["Mirror", { ...on, name: "ids", selectAll: true, outputVlan: 9 }, "the mirror ids"],
                ["Controller", { ...on, target: "ptcp:6653:127.0.0.1" }, 'the controller "ptcp:6653:127.0.0.1"'],
                ["Sflow", { ...on, targets, agent: "lo" }, "the sFlow export"],
                ["Ipfix", { ...on, targets }, "the IPFIX export"],
                ["Netflow", { ...on, targets }, "the NetFlow export"],
                [
                    "Flows",
                    { ...on, cookie: "0x2a", flows: ["table=10,actions=NORMAL"] },
                    "the flows of the cookie 0x2a",
                ],
                ["FlowKeeper", on, "the keeping of its flows"],
            ];
            for (const [kind, inputs, said] of hung) {
                const [type, stack] = [`kvmnet:ovs:${kind}`, "other"];
                const theirs = await plugin.create(type, "theirs", inputs, { stack });
                const before = await lab.everything();
                await assert.rejects(
                    plugin.delete(BRIDGE, "kept3", made),
                    (error: Error) => error.message.includes(`this stack did not make (${said})`),
                    kind,
                );
                assert.equal(await lab.everything(), before, kind);
                plugin.stack = stack;
                await plugin.delete(type, "theirs", theirs).finally(() => (plugin.stack = "dev"));
            }
            await plugin.create("kvmnet:ovs:Sflow", "ours", { ...on, targets, agent: "lo" });
            await lab.vsctl("set-controller", "kept3", "ptcp:6654:127.0.0.1");
            await assert.rejects(plugin.delete(BRIDGE, "kept3", made), /did not make \(the controller "ptcp:6654:127/);
            await lab.vsctl("del-controller", "kept3");
            await plugin.delete(BRIDGE, "kept3", made);
            assert.doesNotMatch(await lab.vsctl("list-br"), /kept3/);
        });
    });

    describe("a port", () => {
        before(async () => {
            await bridge("pb0");
            await bridge("pb1");
        });

        const kinds: [what: string, inputs: Bag, expected: Record<string, string>][] = [
            [
                "an access port",
                { type: "internal", tag: 7, mac: "52:54:00:00:01:01", ofportRequest: 77, mtuRequest: 1300 },
                { "Port tag": "7", "Interface mac": '"52:54:00:00:01:01"', "Interface ofport": "77" },
            ],
            [
                "a trunk of ranges",
                { type: "internal", vlanMode: "trunk", trunks: [30, "10-12"] },
                { "Port vlan_mode": "trunk", "Port trunks": "[10, 11, 12, 30]" },
            ],
            [
                "a native VLAN",
                { type: "internal", vlanMode: "native-untagged", tag: 5, trunks: ["10"] },
                { "Port vlan_mode": "native-untagged", "Port tag": "5" },
            ],
            [
                "a tunnel of customers' VLANs",
                { type: "internal", vlanMode: "dot1q-tunnel", tag: 100, cvlans: ["1-3"] },
                { "Port vlan_mode": "dot1q-tunnel", "Port cvlans": "[1, 2, 3]" },
            ],
            ["a protected port", { type: "internal", protected: true }, { "Port protected": "true" }],
            ["a tap of the switch's own", { type: "tap", tag: 9 }, { "Interface type": "tap" }],
            [
                "a VXLAN tunnel",
                { type: "vxlan", options: { remoteIp: "192.0.2.1", key: 5001, dstPort: 4790, ttl: 5, csum: true } },
                { "Interface options": '{csum="true", dst_port="4790", key="5001", remote_ip="192.0.2.1", ttl="5"}' },
            ],
            [
                "a Geneve tunnel that flows lead",
                { type: "geneve", options: { remoteIp: "flow", localIp: "flow", key: "flow" } },
                { "Interface options": "{key=flow, local_ip=flow, remote_ip=flow}" },
            ],
            [
                "a GRE tunnel",
                {
                    type: "gre",
                    options: { remoteIp: "192.0.2.2", inKey: 1, outKey: 2, tos: "inherit", dfDefault: false },
                },
                {
                    "Interface options":
                        '{df_default="false", in_key="1", out_key="2", remote_ip="192.0.2.2", tos=inherit}',
                },
            ],
        ];
        for (const [what, inputs, expected] of kinds)
            it(`can be ${what}: made, imported without a difference, changed to a plain one and removed`, async () => {
                const made = await port("p0", { bridge: "pb0", ...inputs });
                for (const [place, value] of Object.entries(expected)) {
                    const [table = "", column = ""] = place.split(" ");
                    assert.equal(await get(table, "p0", column), value, place);
                }
                assert.equal(String(made.state.ofport), await get("Interface", "p0", "ofport"));
                assert.deepEqual(await changes(PORT, made, { name: "p0", bridge: "pb0", ...inputs }), []);
                await lab.vsctl("remove", "Port", "p0", "external_ids", "kvmnet-owner");
                const there = await imported(PORT, "p0");
                assert.deepEqual(there.changes, []);
                for (const key of Object.keys(inputs)) assert.ok(key in there.inputs, key);
                const { type, options } = inputs;
                const plain = { name: "p0", bridge: "pb0", type, ...(options ? { options } : {}) } as Bag;
                made.state = await plugin.update(PORT, "p0", made, plain);
                assert.deepEqual(await changes(PORT, made, plain), []);
                assert.equal(await get("Port", "p0", "tag"), "[]");
                await plugin.delete(PORT, "p0", made);
                await plugin.delete(PORT, "p0", made);
            });

        it("that is a trunk of frames without a tag, too, keeps VLAN 0; what somebody added shows", async () => {
            const inputs = { name: "zero0", bridge: "pb0", type: "internal", trunks: ["0", "10"] };
            const made = await plugin.create(PORT, "zero0", inputs);
            assert.equal(await get("Port", "zero0", "trunks"), "[0, 10]");
            assert.deepEqual(await changes(PORT, made, inputs), []);
            await lab.vsctl("add", "Port", "zero0", "trunks", "4095");
            const drifted = await plugin.read(PORT, "zero0", "zero0", inputs, made.state);
            assert.deepEqual(drifted.state.trunks, ["0", "10", "4095"]);
            made.state = await plugin.update(PORT, "zero0", drifted, inputs);
            assert.equal(await get("Port", "zero0", "trunks"), "[0, 10]");
            await plugin.delete(PORT, "zero0", made);
        });

        it("of type patch leads to its peer", async () => {
            const inputs = { bridge: "pb0", type: "patch", options: { peer: "patch1" } };
            const one = await port("patch0", inputs);
            const other = await port("patch1", { bridge: "pb1", type: "patch", options: { peer: "patch0" } });
            assert.equal(await get("Interface", "patch0", "options"), "{peer=patch1}");
            one.state = await plugin.update(PORT, "patch0", one, {
                ...inputs,
                name: "patch0",
                options: { peer: "patch2" },
            });
            assert.equal(await get("Interface", "patch0", "options:peer"), "patch2");
            await plugin.delete(PORT, "patch0", one);
            await plugin.delete(PORT, "patch1", other);
        });

        it("bonds links, takes one in and lets one go live, and is imported without a difference", async () => {
            for (const name of ["m0", "m1", "m2"]) await lab.run("ip", "tuntap", "add", "dev", name, "mode", "tap");
            const inputs: Bag = {
                name: "bond9",
                bridge: "pb0",
                interfaces: ["m1", "m0"],
                bondMode: "balance-tcp",
                lacp: "active",
                lacpTime: "fast",
                lacpFallbackAb: true,
                bondUpdelay: 100,
                bondDowndelay: 200,
                otherConfig: { "bond-primary": "m0" },
                vlanMode: "trunk",
                trunks: ["10"],
            };
            const made = await plugin.create(PORT, "bond9", inputs);
            const members = async () =>
                (await lab.run("ovs-appctl", "bond/show", "bond9")).match(/^member \w+/gm)?.sort();
            assert.deepEqual(await members(), ["member m0", "member m1"]);
            assert.equal(await get("Port", "bond9", "lacp"), "active");
            assert.equal(await get("Port", "bond9", "bond_updelay"), "100");
            assert.deepEqual(await changes(PORT, made, inputs), []);
            await lab.vsctl("remove", "Port", "bond9", "external_ids", "kvmnet-owner");
            assert.deepEqual((await imported(PORT, "bond9")).changes, []);
            const uuid = await get("Interface", "m0", "_uuid");
            made.state = await plugin.update(PORT, "bond9", made, { ...inputs, interfaces: ["m0", "m2"] });
            assert.deepEqual(await members(), ["member m0", "member m2"]);
            assert.equal(await get("Interface", "m0", "_uuid"), uuid, "the link that stays was not touched");
            await plugin.delete(PORT, "bond9", made);
            assert.equal(await lab.vsctl("--bare", "--columns=name", "list", "Interface", "m2").catch(() => ""), "");
        });

        it("of a bond from which somebody took all links but one shows it, and has them again after an update", async () => {
            for (const name of ["d0", "d1"]) await lab.run("ip", "tuntap", "add", "dev", name, "mode", "tap");
            const inputs = { name: "bondd", bridge: "pb0", interfaces: ["d0", "d1"] };
            const made = await plugin.create(PORT, "bondd", inputs);
            const takeOne = () => lab.vsctl("del-bond-iface", "bondd", "d1");
            await takeOne();
            const drifted = await plugin.read(PORT, "bondd", "bondd", inputs, made.state);
            assert.deepEqual(drifted.state.interfaces, ["d0"]);
            assert.deepEqual(await changes(PORT, drifted, inputs), ["interfaces"]);
            made.state = await plugin.update(PORT, "bondd", drifted, inputs);
            assert.deepEqual(made.state.interfaces, ["d0", "d1"]);
            const members = await lab.run("ovs-appctl", "bond/show", "bondd");
            assert.deepEqual(members.match(/^member \w+/gm)?.sort(), ["member d0", "member d1"]);
            await takeOne();
            await plugin.delete(PORT, "bondd", made);
            assert.doesNotMatch(await lab.vsctl("list-ports", "pb0"), /bondd/);
        });

        it("of a bond lifts its QoS from a link that it lets go, and from no other", async () => {
            const qos = await plugin.create(QOS, "bonded", { name: "bonded", type: "linux-htb", maxRate: "1Gbit" });
            for (const name of ["bq0", "bq1", "bq2"]) await lab.run("ip", "tuntap", "add", "dev", name, "mode", "tap");
            const inputs = { name: "bq", bridge: "pb0", interfaces: ["bq0", "bq1", "bq2"], qos: "bonded" };
            const made = await plugin.create(PORT, "bq", inputs);
            const shaping = (name: string) => lab.run("tc", "qdisc", "show", "dev", name);
            await eventually(async () => assert.match(await shaping("bq2"), /htb/));
            made.state = await plugin.update(PORT, "bq", made, { ...inputs, interfaces: ["bq0", "bq1"] });
            assert.doesNotMatch(await shaping("bq2"), /htb/);
            await eventually(async () => assert.match(await shaping("bq0"), /htb/));
            await plugin.delete(PORT, "bq", made);
            await plugin.delete(QOS, "bonded", qos);
        });

        it("of a bond is not had beside another of its links, which is told with port and bridge, and is once that is gone", async () => {
            for (const name of ["h0", "h1", "h2"]) await lab.run("ip", "tuntap", "add", "dev", name, "mode", "tap");
            const inputs = { bridge: "pb0", interfaces: ["h0", "h1"] };
            const told = (property: string, link: string, held: string) =>
                new RegExp(`its ${property} cannot be had: the interface ${link} is in the port ${held}\\. .* first`);
            let single = await port("h1", { bridge: "pb1" });
            await assert.rejects(port("held0", inputs), told("interfaces", "h1", "h1 of the bridge pb1"));
            await plugin.delete(PORT, "h1", single);
            const bond = await port("held0", inputs);
            await assert.rejects(port("h1", { bridge: "pb1" }), told("name", "h1", "held0 of the bridge pb0"));
            await assert.rejects(port("held1", inputs), told("interfaces", "h0", "held0 of the bridge pb0; .*"));

            single = await port("h2", { bridge: "pb0" });
            const more = { ...inputs, name: "held0", interfaces: ["h0", "h1", "h2"] };
            await assert.rejects(
                plugin.update(PORT, "held0", bond, more),
                told("interfaces", "h2", "h2 of the bridge pb0"),
            );
            await plugin.delete(PORT, "h2", single);
            bond.state = await plugin.update(PORT, "held0", bond, more);
            await plugin.delete(PORT, "held0", bond);
            await plugin.delete(PORT, "held1", await port("held1", inputs));
        });

        it("is not taken into a bond of the kernel, which would leave it set down, and is told with its bridge", async () => {
            await lab.run("ip", "link", "add", "name", "up0", "type", "veth", "peer", "name", "up1");
            await lab.run("ip", "link", "set", "dev", "up0", "up");
            await lab.vsctl("add-port", "pb0", "up0");
            const bond = { name: "kb0", mode: "active-backup", members: ["up0"] };
            await assert.rejects(
                plugin.create("kvmnet:host:Bond", "kb0", bond),
                /bond kb0: the interface up0 is in the port up0 of the bridge pb0\. Take it out there first/,
            );
            assert.match(await lab.run("ip", "link", "show", "dev", "up0"), /[<,]UP[,>]/);
            await lab.vsctl("del-port", "up0");
            await lab.run("ip", "link", "delete", "dev", "up0");
        });

        for (const [one, other] of [
            [
                { remoteIp: "192.0.2.1", key: 7 },
                { remoteIp: "192.0.2.1", inKey: 7, outKey: 8, dstPort: 4789, ttl: 9 },
            ],
            [{ remoteIp: "192.0.2.1" }, { remoteIp: "192.0.2.1", key: 0 }],
        ] as [Bag, Bag][])
            it(`that is a tunnel is not had beside one that is alike: ${JSON.stringify(other)}`, async () => {
                const tunnel = (options: Bag): Bag => ({ bridge: "pb0", type: "vxlan", options });
                const former = await port("alike0", tunnel(one));
                const refused: unknown = await port("alike1", tunnel(other)).catch((error: unknown) => error);
                const unfinished = unfinishedOf(refused);
                assert.ok(unfinished, String(refused));
                const made = { id: "alike1", state: unfinished.state };
                await plugin.delete(PORT, "alike0", former);
                made.state = await plugin.update(PORT, "alike1", made, { name: "alike1", ...tunnel(other) });
                await plugin.delete(PORT, "alike1", made);
            });

        it("whose link somebody set down tells it at a refresh, and an update sets it up", async () => {
            const inputs = { name: "down0", bridge: "pb0", type: "internal" };
            const made = await plugin.create(PORT, "down0", inputs);
            await lab.run("ip", "link", "set", "dev", "down0", "down");
            let down: ReturnType<typeof unfinishedOf>;
            await eventually(async () => {
                down = unfinishedOf(
                    await plugin.read(PORT, "down0", "down0", inputs, made.state).catch((error: unknown) => error),
                );
                assert.match(down?.reasons[0] ?? "", /its link is set down/);
            });
            await plugin.update(PORT, "down0", { id: "down0", state: down?.state ?? {} }, inputs);
            assert.equal((await plugin.read(PORT, "down0", "down0", inputs, made.state)).id, "down0");
            await plugin.delete(PORT, "down0", made);
        });

        const deleted: [what: string, links: string[], inputs: Bag][] = [
            ["whose link", ["gone2"], { name: "gone2" }],
            ["that bonds a link that", ["gone3"], { name: "bond7", interfaces: ["gone3", "gone4"] }],
        ];
        for (const [what, [link = ""], more] of deleted)
            it(`${what} somebody deleted tells it at a refresh, and an update has the switch hear the next of its name`, async () => {
                const [inputs, name] = [{ bridge: "pb0", ...more }, String(more.name)];
                const veth = async () => {
                    await lab.run(
                        ...["ip", "link", "add", link, "up", "type", "veth"],
                        ...["peer", "far0", "address", "52:54:00:00:03:01"],
                    );
                    await lab.run("ip", "link", "set", "dev", "far0", "up");
                };
                /** Whether the switch has learnt of who is at the other end, which begins to speak when it is set up. */
                const isHeard = async () => {
                    await lab.run("ip", "link", "set", "dev", "far0", "down");
                    await lab.run("ip", "link", "set", "dev", "far0", "up");
                    return (await lab.run("ovs-appctl", "fdb/show", "pb0")).includes("52:54:00:00:03:01");
                };
                await veth();
                if (name !== link) await lab.run("ip", "tuntap", "add", "dev", "gone4", "mode", "tap");
                const made = await plugin.create(PORT, name, inputs);
                await lab.run("ip", "link", "delete", "dev", link);
                let gone: ReturnType<typeof unfinishedOf>;
                await eventually(async () => {
                    const error: unknown = await plugin
                        .read(PORT, name, name, inputs, made.state)
                        .catch((error: unknown) => error);
                    gone = unfinishedOf(error);
                    assert.match(gone?.reasons[0] ?? "", /its link is gone/);
                });
                const there = { id: name, state: gone?.state ?? {} };
                const still = unfinishedOf(
                    await plugin.update(PORT, name, there, inputs).catch((error: unknown) => error),
                );
                assert.match(still?.reasons[0] ?? "", /its link is gone.* run the same command again/);

                await veth();
                await lab.run("ovs-appctl", "fdb/flush", "pb0");
                await eventually(async () => {
                    const error: unknown = await plugin
                        .read(PORT, name, name, inputs, made.state)
                        .catch((error: unknown) => error);
                    assert.match(unfinishedOf(error)?.reasons[0] ?? "", /the switch holds on to a link of this name/);
                });
                made.state = await plugin.update(PORT, name, there, inputs);
                await eventually(async () => assert.ok(await isHeard()));
                assert.deepEqual(await changes(PORT, made, inputs), []);
                await plugin.delete(PORT, name, made);
                await lab.run("ip", "link", "delete", "dev", link);
            });

        it("is whole again after a run that was killed at any moment while it plugged the next link of its name", async () => {
            const inputs = { name: "cut0", bridge: "pb0", tag: 7 };
            const veth = () => lab.run("ip", "link", "add", "cut0", "up", "type", "veth", "peer", "name", "cut1");
            await veth();
            const made = await port("cut0", inputs);
            const again = async () => {
                await lab.run("ip", "link", "delete", "dev", "cut0");
                await veth();
            };
            await again();
            const killed = await killedAtEachMoment(
                lab.host,
                async (doomed) => void (await doomed.update(PORT, "cut0", made, inputs)),
                async () => {
                    made.state = await plugin.update(PORT, "cut0", made, inputs);
                    assert.equal((await plugin.read(PORT, "cut0", "cut0", inputs, made.state)).id, "cut0");
                    await again();
                },
            );
            assert.ok(killed > 2, `${killed} moments`);
            await plugin.delete(PORT, "cut0", made);
            await lab.run("ip", "link", "delete", "dev", "cut0");
        });

        it("is whole after a run that was killed a moment ago, while the switch still lets go of the former link", async () => {
            const inputs = { name: "late1", bridge: "pb0" };
            await lab.run("ip", "link", "add", "late1", "up", "type", "veth", "peer", "name", "late2");
            const made = await port("late1", inputs);
            // With many ports the switch takes so long over a change that the next comes before it has told of it.
            const taps = Array.from({ length: 200 }, (_, index) => `busy${index}`);
            const busy = ["kvmnet:ovs:PortSet", "busy"] as const;
            const members = { bridge: "pb0", ports: Object.fromEntries(taps.map((name) => [name, { tap: {} }])) };
            const set = await plugin.create(...busy, members);
            for (let round = 0; round < 10; round++) {
                await lab.vsctl("--no-wait", "set", "Interface", "late1", "type=null");
                made.state = await plugin.update(PORT, "late1", made, inputs);
            }
            await plugin.delete(...busy, set);
            await plugin.delete(PORT, "late1", made);
            await lab.run("ip", "link", "delete", "dev", "late1");
        });

        it("is kept with the MTU that it was changed to, which the switch tells a moment after all else", async () => {
            const inputs = { name: "mtu3", bridge: "pb0" };
            await lab.run("ip", "tuntap", "add", "dev", "mtu3", "mode", "tap");
            const made = await port("mtu3", { ...inputs, mtuRequest: 1400 });
            for (let mtuRequest = 1401; mtuRequest < 1421; mtuRequest++) {
                made.state = await plugin.update(PORT, "mtu3", made, { ...inputs, mtuRequest });
                assert.deepEqual(await changes(PORT, made, { ...inputs, mtuRequest }), []);
            }
            await plugin.delete(PORT, "mtu3", made);
            await lab.run("ip", "link", "delete", "dev", "mtu3");
        });

        it("of a bond names the link that is missing, and works once it is there", async () => {
            const inputs = { name: "bond8", bridge: "pb0", interfaces: ["m0", "m9"] };
            const unfinished = unfinishedOf(
                await plugin.create(PORT, "bond8", inputs).catch((error: unknown) => error),
            );
            assert.match(unfinished?.reasons[0] ?? "", /m9: Open vSwitch says: .*No such device/);
            await lab.run("ip", "tuntap", "add", "dev", "m9", "mode", "tap");
            const made = { id: "bond8", state: unfinished?.state ?? {} };
            made.state = await plugin.update(PORT, "bond8", made, inputs);
            await plugin.delete(PORT, "bond8", made);
        });

        it("whose device is missing is kept with Open vSwitch's words, and repaired by the next update", async () => {
            const inputs = { name: "late0", bridge: "pb0", tag: 4 };
            const unfinished = unfinishedOf(
                await plugin.create(PORT, "late0", inputs).catch((error: unknown) => error),
            );
            assert.match(unfinished?.reasons[0] ?? "", /could not open network device late0 \(No such device\)/);
            assert.equal(await lab.vsctl("list-ports", "pb0"), "late0");
            const tap = await plugin.create(TAP, "late0", { name: "late0" });
            const made = { id: "late0", state: unfinished?.state ?? {} };
            made.state = await plugin.update(PORT, "late0", made, inputs);
            assert.ok(Number(made.state.ofport) > 0);
            await plugin.delete(PORT, "late0", made);
            await plugin.delete(TAP, "late0", tap);
        });

        it("for a vhost-user guest has its socket; without DPDK it is kept with Open vSwitch's words", async () => {
            const inputs = {
                ...{ name: "vhu0", bridge: "pb0", type: "dpdkvhostuserclient", tag: 6 },
                options: { vhostServerPath: "/run/guest/vhu0.sock", txRetriesMax: 16 },
            };
            const unfinished = unfinishedOf(await port("vhu0", inputs).catch((error: unknown) => error));
            assert.match(unfinished?.reasons[0] ?? "", /vhu0.*Address family not supported/);
            assert.equal(
                await get("Interface", "vhu0", "options"),
                '{tx-retries-max="16", vhost-server-path="/run/guest/vhu0.sock"}',
            );
            const made = { id: "vhu0", state: unfinished?.state ?? {} };
            assert.deepEqual(await changes(PORT, made, inputs), []);
            const replacedBy = async (options: Bag) => {
                const { inputs: wanted } = await plugin.check(PORT, { ...inputs, options });
                return (await plugin.diff(PORT, made.state, wanted)).replacesList;
            };
            assert.deepEqual(await replacedBy({ ...inputs.options, txRetriesMax: 9 }), []);
            // The switch takes a socket up once.
            const elsewhere = { ...inputs.options, vhostServerPath: "/run/guest/vhu1.sock" };
            assert.deepEqual(await replacedBy(elsewhere), ["options.vhostServerPath"]);
            await plugin.delete(PORT, "vhu0", made);
            assert.ok(!(await lab.vsctl("list-ports", "pb0")).includes("vhu0"));
        });

        it("whose MTU somebody lowered tells it at a refresh; one that asks for an MTU is given it back by the switch", async () => {
            const mtu = async (name: string) => (await lab.links()).find(({ ifname }) => ifname === name)?.mtu;
            const tap = await plugin.create(TAP, "mtu1", { name: "mtu1" });
            const plain = { name: "mtu1", bridge: "pb0" };
            const made = await plugin.create(PORT, "mtu1", plain);
            assert.equal(made.state.mtu, 1500);
            await lab.run("ip", "link", "set", "dev", "mtu1", "mtu", "1200");
            await eventually(async () =>
                assert.equal((await plugin.read(PORT, "mtu1", "mtu1", plain, made.state)).state.mtu, 1200),
            );
            made.state = await plugin.update(PORT, "mtu1", made, { ...plain, mtuRequest: 1450 });
            await eventually(async () => assert.equal(await mtu("mtu1"), 1450));
            await lab.run("ip", "link", "set", "dev", "mtu1", "mtu", "1200");
            await eventually(async () => assert.equal(await mtu("mtu1"), 1450));
            await plugin.delete(PORT, "mtu1", made);
            await plugin.delete(TAP, "mtu1", tap);
        });

        it("of type internal that no longer asks for an MTU has the smallest of its bridge, whoever asks for that", async () => {
            const mtu = async (name: string) => (await lab.links()).find(({ ifname }) => ifname === name)?.mtu;
            const home = await bridge("mb0");
            const inputs = { name: "mi0", bridge: "mb0", type: "internal" };
            const made = await port("mi0", { ...inputs, mtuRequest: 1300 });
            await eventually(async () => assert.deepEqual([await mtu("mi0"), await mtu("mb0")], [1300, 1300]));
            made.state = await plugin.update(PORT, "mi0", made, inputs);
            await eventually(async () => assert.deepEqual([await mtu("mi0"), await mtu("mb0")], [1500, 1500]));

            made.state = await plugin.update(PORT, "mi0", made, { ...inputs, mtuRequest: 1300 });
            const other = await port("mi1", { ...inputs, name: "mi1", mtuRequest: 1420 });
            made.state = await plugin.update(PORT, "mi0", made, inputs);
            assert.deepEqual(await changes(PORT, made, inputs), []);
            await eventually(async () => assert.deepEqual([await mtu("mi0"), await mtu("mb0")], [1420, 1420]));
            made.state = await plugin.update(PORT, "mi0", made, { ...inputs, mtuRequest: 1400 });
            const both = [
                plugin.update(PORT, "mi0", made, inputs),
                plugin.update(PORT, "mi1", other, { ...inputs, name: "mi1" }),
            ];
            await Promise.all(both);
            await eventually(async () =>
                assert.deepEqual([await mtu("mi0"), await mtu("mi1"), await mtu("mb0")], [1500, 1500, 1500]),
            );
            await plugin.delete(PORT, "mi1", other);
            await plugin.delete(PORT, "mi0", made);
            await plugin.delete(BRIDGE, "mb0", home);
        });

        it("on the userspace datapath is limited by a meter, and policed nowhere", async () => {
            const inputs: Bag = {
                name: "lim0",
                bridge: "pb0",
                type: "internal",
                ingress: { rate: "10Mbit", burst: "64KiB" },
            };
            const made = await plugin.create(PORT, "lim0", inputs);
            const meters = () => lab.run("ovs-ofctl", "-OOpenFlow13", "dump-meters", "pb0");
            assert.match(await meters(), /rate=10000 burst_size=525/);
            assert.equal(await get("Interface", "lim0", "ingress_policing_rate"), "0");
            assert.deepEqual(await changes(PORT, made, inputs), []);
            await lab.vsctl("remove", "Port", "lim0", "external_ids", "kvmnet-owner");
            assert.deepEqual((await imported(PORT, "lim0")).changes, []);
            made.state = await plugin.update(PORT, "lim0", made, { ...inputs, ingress: { rate: "20Mbit" } });
            assert.match(await meters(), /rate=20000 burst_size=16000/);
            await lab.run("ovs-ofctl", "-OOpenFlow13", "del-meters", "pb0");
            let drifted = made;
            await eventually(async () => {
                drifted = await plugin.read(PORT, "lim0", "lim0", inputs, made.state);
                assert.equal(drifted.state.ingress, undefined);
            });
            made.state = await plugin.update(PORT, "lim0", drifted, { ...inputs, ingress: { rate: "20Mbit" } });
            assert.match(await meters(), /rate=20000/);
            const { ingress: _, ...free } = inputs;
            made.state = await plugin.update(PORT, "lim0", made, free);
            assert.doesNotMatch(await meters(), /rate=/);
            await plugin.delete(PORT, "lim0", made);
        });

        it("is not limited to what the kernel's policing does not hold, and to that by a meter", async () => {
            await lab.vsctl("--no-wait", "add-br", "sys0", "--", "set", "Bridge", "sys0", "datapath_type=system");
            for (const [ingress, said] of [
                [
                    { rate: "40Gbit" },
                    /at less than 34\.36 Gbit\/s, and the port big0 is to have an ingress rate of 40Gbit/,
                ],
                [
                    { rate: "30Gbit", burst: "4290MB" },
                    /a burst of at most 4\.19 GB, and the port big0 is to have one of 4290MB/,
                ],
                [
                    { rate: "10kbit" },
                    /a burst of at most 268 seconds at its rate, .* 1 MB, for none is given, at 10kbit/,
                ],
                [{ rate: "1Mbit", burst: "40MB" }, /a burst of at most 268 seconds at its rate/],
            ] as const)
                for (const [type, inputs] of [
                    [PORT, { name: "big0", bridge: "sys0", ingress }],
                    [SET, { bridge: "sys0", ports: { big0: { ingress } } }],
                ] as const)
                    await assert.rejects(plugin.create(type, "big0", inputs, { checked: true }), said);
            assert.equal(await lab.vsctl("list-ports", "sys0"), "");
            await lab.vsctl("--no-wait", "del-br", "sys0");
            const made = await port("big0", { bridge: "pb0", type: "internal", ingress: { rate: "40Gbit" } });
            assert.match(await lab.run("ovs-ofctl", "-OOpenFlow13", "dump-meters", "pb0"), /rate=40000000 /);
            await plugin.delete(PORT, "big0", made);
        });

        it("whose link the switch makes has no limit by the kernel, which would limit what the host receives", async () => {
            await lab.vsctl("--no-wait", "add-br", "sys1", "--", "set", "Bridge", "sys1", "datapath_type=system");
            const ingress = { rate: "10Mbit" };
            const says =
                /the kernel would limit at the port in0 of type internal what the host receives, and not what it sends.*Leave out ingress/;
            for (const [type, inputs] of [
                [PORT, { name: "in0", bridge: "sys1", type: "internal", ingress }],
                [SET, { bridge: "sys1", ports: { in0: { type: "internal", ingress } } }],
            ] as const)
                await assert.rejects(plugin.create(type, "in0", inputs, { checked: true }), says);
            assert.equal(await lab.vsctl("list-ports", "sys1"), "");
            await lab.vsctl("--no-wait", "del-br", "sys1");
        });

        it("whose limit is taken off leaves no meter, though somebody had removed its flow", async () => {
            await bridge("lone0");
            const inputs = { name: "lone1", bridge: "lone0", type: "internal" };
            const made = await plugin.create(PORT, "lone1", { ...inputs, ingress: { rate: "10Mbit" } });
            await lab.run("ovs-ofctl", "del-flows", "lone0");
            made.state = await plugin.update(PORT, "lone1", made, inputs);
            assert.doesNotMatch(await lab.run("ovs-ofctl", "-OOpenFlow13", "dump-meters", "lone0"), /meter=/);
            assert.deepEqual(await changes(PORT, made, inputs), []);
            await plugin.delete(PORT, "lone1", made);
        });

        const lessHeld: [what: string, bridge: string, kept: Bag, numbers: string][] = [
            ["free", "less0", {}, ""],
            ["held to its limit alone", "less1", { ingress: { rate: "10Mbit" } }, "0:61 597"],
            ["held to its security alone", "less2", { portSecurity: { mac: "52:54:00:00:00:01" } }, "0:61 5:61"],
        ];
        for (const [what, home, kept, numbers] of lessHeld)
            it(`is ${what}, as declared, after a run that was killed at any moment while it let go of the rest`, async () => {
                const name = `${home}p`;
                const inputs = (held: Bag): Bag => ({
                    name,
                    bridge: home,
                    type: "internal",
                    ofportRequest: 61,
                    ...held,
                });
                const ofctl = (command: string) => lab.run("ovs-ofctl", "-OOpenFlow13", "--no-names", command, home);
                /** The tables and numbers at which flows stand, and the numbers of the meters. */
                const standing = async () => {
                    const [flows, meters] = [await ofctl("dump-flows"), await ofctl("dump-meters")];
                    const at = [...flows.matchAll(/table=(\d+),.*in_port=(\d+)/g)].map(([, ...at]) => at.join(":"));
                    return [...new Set([...at, ...[...meters.matchAll(/meter=65(\d+)/g)].map(([, id]) => id)])].join(
                        " ",
                    );
                };
                const notes = async () =>
                    [...(await get("Port", name, "external_ids")).matchAll(/kvmnet-(ingress|security)/g)]
                        .map(([, kind]) => (kind === "ingress" ? "ingress" : "portSecurity"))
                        .join();
                const held = inputs({ ingress: { rate: "10Mbit" }, portSecurity: { mac: "52:54:00:00:00:01" } });
                await bridge(home, { failMode: "secure" });
                const made = await plugin.create(PORT, name, held);
                assert.equal(await standing(), "0:61 5:61 597");
                const killed = await killedAtEachMoment(
                    lab.host,
                    async (doomed) => void (await doomed.update(PORT, name, made, inputs(kept))),
                    async (moment) => {
                        const state = await plugin.update(PORT, name, made, inputs(kept));
                        assert.equal(await standing(), numbers, `killed at moment ${moment}`);
                        assert.equal(await notes(), Object.keys(kept).join());
                        assert.deepEqual(await changes(PORT, { ...made, state }, inputs(kept)), []);
                        made.state = await plugin.update(PORT, name, { ...made, state }, held);
                        assert.equal(await standing(), "0:61 5:61 597");
                    },
                );
                assert.ok(killed > 3, `${killed} moments`);
                await plugin.delete(PORT, name, made);
            });

        it("leaves no flow and no meter at a number that it no longer has, however it lost it, and none when it goes", async () => {
            await bridge("num0", { failMode: "secure" });
            const inputs = (ofportRequest: number): Bag => ({
                name: "num1",
                bridge: "num0",
                type: "internal",
                ofportRequest,
                ingress: { rate: "10Mbit" },
                portSecurity: { mac: "52:54:00:00:00:01" },
            });
            const ofctl = (command: string) => lab.run("ovs-ofctl", "-OOpenFlow13", "--no-names", command, "num0");
            /** The numbers that flows name, and those of the meters. */
            const numbers = async () => {
                const [flows, meters] = [await ofctl("dump-flows"), await ofctl("dump-meters")];
                const all = [...flows.matchAll(/in_port=(\d+)/g), ...meters.matchAll(/meter=65(\d+)/g)];
                return [...new Set(all.map(([, number]) => number))].sort().join(" ");
            };
            const made = await plugin.create(PORT, "num1", inputs(77));
            assert.equal(await numbers(), "613 77");
            made.state = await plugin.update(PORT, "num1", made, inputs(88));
            assert.equal(await numbers(), "624 88");
            assert.deepEqual(await changes(PORT, made, inputs(88)), []);

            await lab.vsctl("set", "Interface", "num1", "ofport_request=99");
            const moved = unfinishedOf(
                await plugin.read(PORT, "num1", "num1", inputs(88), made.state).catch((error: unknown) => error),
            );
            assert.match(moved?.reasons[0] ?? "", /flows .* are at the OpenFlow number 88/);
            made.state = await plugin.update(PORT, "num1", { id: "num1", state: moved?.state ?? {} }, inputs(99));
            assert.equal(await numbers(), "635 99");
            assert.deepEqual(await changes(PORT, made, inputs(99)), []);

            await lab.vsctl("del-port", "num0", "num1");
            made.state = (await plugin.create(PORT, "num1", inputs(55))).state;
            assert.equal(await numbers(), "55 591");
            await plugin.delete(PORT, "num1", made);
            assert.equal(await numbers(), "");
        });

        it("that somebody unplugged leaves no flow and no meter: not when it is to go, nor when a refresh found it gone", async () => {
            await bridge("left0", { failMode: "secure" });
            const guarded = (name: string, ofportRequest: number) =>
                port(name, {
                    ...{ bridge: "left0", type: "internal", ofportRequest },
                    ...{ ingress: { rate: "10Mbit" }, portSecurity: { mac: "52:54:00:00:00:01" } },
                });
            const ofctl = (command: string) => lab.run("ovs-ofctl", "-OOpenFlow13", "--no-names", command, "left0");
            const numbers = async () => {
                const [flows, meters] = [await ofctl("dump-flows"), await ofctl("dump-meters")];
                const all = [...flows.matchAll(/in_port=(\d+)/g), ...meters.matchAll(/meter=65(\d+)/g)];
                return [...new Set(all.map(([, number]) => number))].sort().join(" ");
            };
            const one = await guarded("left1", 41);
            const two = await guarded("left2", 42);
            const three = await guarded("left3", 43);
            await lab.vsctl("del-port", "left1", "--", "del-port", "left2");
            assert.equal(await numbers(), "41 42 43 577 578 579");
            assert.equal((await plugin.read(PORT, "left2", "left2", {}, two.state)).id, "");
            await plugin.delete(PORT, "left1", one);
            assert.equal(await numbers(), "43 579");

            await lab.vsctl("del-port", "left3");
            assert.equal((await plugin.read(PORT, "left3", "left3", {}, three.state)).id, "");
            const four = await guarded("left4", 44);
            assert.equal(await numbers(), "44 580");

            await lab.vsctl("del-port", "left4", "--", "add-port", "left0", "left4");
            await plugin.delete(PORT, "left4", four);
            assert.equal(await numbers(), "", "also where somebody else has a port of that name by now");
        });

        it("that is guarded stays so while another one changes, whatever mark somebody has given it", async () => {
            await bridge("mk0", { failMode: "secure" });
            const guard = { ingress: { rate: "10Mbit" }, portSecurity: { mac: "52:54:00:00:00:01" } };
            const guarded = (name: string, more: Bag) => ({ name, bridge: "mk0", type: "internal", ...guard, ...more });
            const one = await port("mk1", guarded("mk1", { ofportRequest: 51 }));
            const two = await port("mk2", guarded("mk2", { ofportRequest: 52 }));
            const flows = async () => {
                const all = await lab.run("ovs-ofctl", "-OOpenFlow13", "--no-stats", "--no-names", "dump-flows", "mk0");
                return all.split("\n").filter((line) => line.includes("in_port=51"));
            };
            const before = await flows();
            assert.ok(before.length > 3);
            await lab.vsctl("remove", "Port", "mk1", "external_ids", "kvmnet-owner");
            two.state = await plugin.update(PORT, "mk2", two, guarded("mk2", { ofportRequest: 52, tag: 7 }));
            two.state = await plugin.update(PORT, "mk2", two, { name: "mk2", bridge: "mk0", type: "internal" });
            assert.deepEqual(await flows(), before);
            await plugin.delete(PORT, "mk2", two);
            await plugin.delete(PORT, "mk1", one);
        });

        it("that is gone goes from the state also where the switch does not let go of its flows", async () => {
            await bridge("ng0");
            const made = await port("ng1", {
                name: "ng1",
                bridge: "ng0",
                type: "internal",
                ingress: { rate: "1Mbit" },
            });
            await lab.vsctl("del-port", "ng1", "--", "set", "Bridge", "ng0", "protocols=OpenFlow10");
            await plugin.delete(PORT, "ng1", made);
            await lab.vsctl("clear", "Bridge", "ng0", "protocols");
        });

        it("with a limit on a bridge whose OpenFlow has no meters is refused there at once, and the other way round", async () => {
            const protocols = ["OpenFlow10", "OpenFlow12"];
            const old = await bridge("of0", { protocols });
            const limited = { name: "of1", bridge: "of0", type: "internal", ingress: { rate: "1Mbit" } };
            const words = /protocols of the bridge of0 are OpenFlow10, OpenFlow12, .* needs OpenFlow13 or newer/;
            await assert.rejects(plugin.create(PORT, "of1", limited), words);
            assert.equal(await lab.vsctl("list-ports", "of0"), "");
            const inputs = { name: "of0", datapathType: "netdev" };
            old.state = await plugin.update(BRIDGE, "of0", old, inputs);
            const made = await plugin.create(PORT, "of1", limited);
            await assert.rejects(plugin.update(BRIDGE, "of0", old, { ...inputs, protocols }), words);
            await plugin.delete(PORT, "of1", made);
        });

        it("named like a bridge that is there is refused as that bridge's own", async () => {
            await assert.rejects(
                plugin.create(PORT, "pb1", { name: "pb1", bridge: "pb0", type: "system", tag: 5 }, { checked: true }),
                /OVS port pb1: it is a bridge's own port, which comes and goes with it/,
            );
            assert.equal(await get("Port", "pb1", "tag"), "[]");
        });

        it("with a limit on a bridge with a controller is refused there", async () => {
            await bridge("ctl0");
            await lab.vsctl("set-controller", "ctl0", "tcp:127.0.0.1:6653");
            await assert.rejects(
                port("ctl1", { bridge: "ctl0", type: "internal", ingress: { rate: "1Mbit" } }),
                /has a controller, which decides its flows/,
            );
            assert.equal(await lab.vsctl("list-ports", "ctl0"), "");
        });

        it("is refused with what is wrong, property by property", async () => {
            for (const [inputs, property] of [
                [{ tag: 0 }, "tag"],
                [{ tag: 4095 }, "tag"],
                [{ vlanMode: "dot1q-tunnel" }, "tag"],
                [{ cvlans: ["5"] }, "cvlans"],
                [{ type: "patch" }, "options.peer"],
                [{ type: "vxlan", options: { remoteIp: "239.0.0.1" } }, "options.remoteIp"],
                [{ type: "vxlan", options: { remoteIp: "192.0.2.1", key: 2 ** 24 } }, "options.key"],
                [{ type: "internal", options: { peer: "x" } }, "options.peer"],
                [{ type: "dpdkvhostuserclient" }, "options.vhostServerPath"],
                [{ type: "vxlan", options: { remoteIp: "::" } }, "options.remoteIp"],
                [{ type: "gre", options: { remoteIp: "192.0.2.1", localIp: "2001:db8::1" } }, "options.localIp"],
                [{ type: "patch", options: { peer: "p0" } }, "options.peer"],
                [{ trunks: [4095] }, "trunks[0]"],
                [{ ingress: { rate: "1Gbit", burst: "4GiB" } }, "ingress.burst"],
                [{ mac: "52:54:00:00:00:01" }, "mac"],
                [{ interfaces: ["a"] }, "interfaces"],
                [{ interfaces: ["a", "b"], bondMode: "balance-tcp" }, "lacp"],
                [{ bondMode: "balance-slb" }, "bondMode"],
                [{ ingress: { rate: "1500bit" } }, "ingress.rate"],
                [{ ingress: { rate: "fast" } }, "ingress.rate"],
                [{ type: "gre", options: { remoteIp: "192.0.2.1" }, ingress: { rate: "1Mbit" } }, "ingress"],
                [{ otherConfig: { "lacp-time": "fast" } }, "otherConfig.lacp-time"],
                [{ name: "nineteen-bytes-long", bridge: "pb0" }, "name"],
                [{ name: "pb0", tag: 5 }, "name"],
                [{ type: "patch", options: { peer: "p1" }, qos: "gold" }, "qos"],
                [{ type: "geneve", options: { remoteIp: "192.0.2.1" }, qos: "gold" }, "qos"],
                [{ name: "lo" }, "name"],
                [{ name: "ovs-netdev", type: "internal" }, "name"],
                [{ name: "vxlan_sys_4789" }, "name"],
                [{ interfaces: ["eth0", "lo"] }, "interfaces[1]"],
            ] as [Bag, string][])
                assert.deepEqual(
                    Object.keys(await failuresOf(PORT, { name: "p0", bridge: "pb0", ...inputs })),
                    [property],
                    JSON.stringify(inputs),
                );
        });
    });

    describe("spanning tree", () => {
        it("has a port come back when it forwards, and not before", async () => {
            await bridge("stp0", { stp: true, stpForwardDelay: 4, stpMaxAge: 6 });
            await lab.run("ip", "link", "add", "st0", "up", "type", "veth", "peer", "st1");
            await lab.run("ip", "link", "set", "dev", "st1", "up");
            const started = performance.now();
            const made = await port("st0", { bridge: "stp0" });
            assert.match(await get("Port", "st0", "status"), /stp_state=forwarding/);
            assert.ok(performance.now() - started > 6_000, "it listens for 4 s and learns for 4 s");
            await plugin.delete(PORT, "st0", made);
        });

        it("has a bridge say hello as often as is declared, and tells that somebody has it do so otherwise", async () => {
            const inputs = { name: "hello0", datapathType: "netdev", stp: true, stpHelloTime: 5, stpForwardDelay: 7 };
            const want = { ...inputs, stpMaxAge: 12 };
            const made = await bridge("hello0", want);
            const timers = async () => {
                const told = await lab.run("ovs-appctl", "stp/show", "hello0");
                return [...told.matchAll(/stp-(?:hello-time|max-age|fwd-delay)\s+(\d+)s/g)]
                    .slice(-3)
                    .map(([, seconds]) => Number(seconds));
            };
            assert.deepEqual(await timers(), [5, 12, 7]);
            assert.deepEqual(await changes(BRIDGE, made, want), []);
            // The manual says seconds, which are milliseconds to the switch, and no less than 1000 of them.
            await lab.vsctl("set", "Bridge", "hello0", "other_config:stp-hello-time=5");
            const drifted = await plugin.read(BRIDGE, "hello0", "hello0", want, made.state);
            assert.equal(drifted.state.stpHelloTime, 1);
            assert.deepEqual((await timers())[0], 1);
            await plugin.update(BRIDGE, "hello0", drifted, want);
            assert.deepEqual(await timers(), [5, 12, 7]);
            await plugin.delete(BRIDGE, "hello0", made);
        });

        it("has a bridge at the maximum age that is declared, of which rapid spanning tree takes no more than its delay so far allows", async () => {
            const inputs = { name: "rapid0", datapathType: "netdev", rstp: true };
            const timers = async () => {
                const told = await lab.run("ovs-appctl", "rstp/show", "rapid0");
                return [...told.matchAll(/stp-(?:max-age|fwd-delay)\s+(\d+)s/g)]
                    .slice(-2)
                    .map(([, seconds]) => Number(seconds));
            };
            const made = await bridge("rapid0", { rstp: true, rstpForwardDelay: 30, rstpMaxAge: 40 });
            assert.deepEqual(await timers(), [40, 30]);
            const change = async (more: Bag) =>
                void (made.state = await plugin.update(BRIDGE, "rapid0", made, { ...inputs, ...more }));
            await change({ rstpForwardDelay: 4, rstpMaxAge: 6 });
            assert.deepEqual(await timers(), [6, 4]);
            await change({});
            assert.deepEqual(await timers(), [20, 15]);
            await change({ rstp: false });
            await change({ rstpForwardDelay: 16, rstpMaxAge: 30 });
            assert.deepEqual(await timers(), [30, 16]);
            await plugin.delete(BRIDGE, "rapid0", made);
        });
    });

    describe("a QoS", () => {
        const inputs: Bag = {
            name: "gold",
            type: "linux-htb",
            maxRate: "2Gbit",
            queues: {
                "0": { minRate: "10Mbit" },
                "7": { minRate: "100Mbit", maxRate: "1Gbit", burst: "64KiB", priority: 1, dscp: 46 },
            },
        };
        const tap = (name: string) => lab.run("ip", "tuntap", "add", "dev", name, "mode", "tap");
        const rows = (table: string, column: string) => lab.vsctl("--bare", `--columns=${column}`, "list", table);
        let made: Made;

        it("has its queues, in the units that Open vSwitch counts in", async () => {
            made = await plugin.create(QOS, "gold", inputs);
            assert.equal(await rows("QoS", "type"), "linux-htb");
            assert.equal(await rows("QoS", "other_config"), "max-rate=2000000000");
            assert.match(
                await rows("Queue", "other_config"),
                /burst=524288 max-rate=1000000000 min-rate=100000000 priority=1/,
            );
            assert.deepEqual(await changes(QOS, made, inputs), []);
            assert.equal((await plugin.create(QOS, "gold", inputs)).state.objectId, made.state.objectId);
        });

        it("shapes at what the kernel can just hold, as it is declared", async () => {
            await lab.run("ip", "tuntap", "add", "dev", "fast0", "mode", "tap");
            await bridge("qb1");
            const fast = { name: "fast", type: "linux-htb", maxRate: "34.35Gbit", queues: { "0": { priority: 7 } } };
            const shaping = await plugin.create(QOS, "fast", fast);
            const shaped = await port("fast0", { bridge: "qb1", qos: "fast" });
            await eventually(async () =>
                assert.match(await lab.run("tc", "class", "show", "dev", "fast0"), /prio 7 .*ceil 34350Mbit/),
            );
            assert.deepEqual(await changes(QOS, shaping, fast), []);
            await plugin.delete(PORT, "fast0", shaped);
            await plugin.delete(QOS, "fast", shaping);
        });

        it("changes one queue live and says which", async () => {
            const queues = { ...(inputs.queues as Bag), "7": { minRate: "200Mbit" }, "8": { minRate: "1Mbit" } };
            assert.deepEqual(await changes(QOS, made, { ...inputs, queues }), [
                'queues["7"].burst',
                'queues["7"].dscp',
                'queues["7"].maxRate',
                'queues["7"].minRate',
                'queues["7"].priority',
                'queues["8"]',
            ]);
            made.state = await plugin.update(QOS, "gold", made, { ...inputs, queues });
            assert.match(await rows("Queue", "other_config"), /^min-rate=200000000$/m);
            const { queues: _, ...without } = inputs;
            made.state = await plugin.update(QOS, "gold", made, without);
            assert.equal(await rows("Queue", "_uuid"), "", "no queue is left behind");
            made.state = await plugin.update(QOS, "gold", made, inputs);
        });

        it("is referred to by a port, by its name", async () => {
            await bridge("qb0");
            await tap("q0");
            const shaped = await port("q0", { bridge: "qb0", qos: "gold" });
            assert.equal(await get("Port", "q0", "qos"), String(made.state.objectId));
            assert.equal(shaped.state.qos, "gold");
            const free = { name: "q0", bridge: "qb0" };
            shaped.state = await plugin.update(PORT, "q0", shaped, free);
            assert.equal(await get("Port", "q0", "qos"), "[]");
            await assert.rejects(port("q1", { bridge: "qb0", qos: "none" }), /there is no QoS none/);
        });

        it("that others have set on a port of ours is left alone, and not overwritten", async () => {
            const free = { name: "q0", bridge: "qb0" };
            const there = await plugin.create(PORT, "q0", free);
            await lab.vsctl("set", "Port", "q0", "qos=@q", "--", "--id=@q", "create", "QoS", "type=linux-noop");
            there.state = await plugin.update(PORT, "q0", there, { ...free, tag: 5 });
            assert.notEqual(await get("Port", "q0", "qos"), "[]");
            await assert.rejects(
                plugin.update(PORT, "q0", there, { ...free, qos: "gold" }),
                /q0 has a QoS that is not ours: libvirt/,
            );
        });

        it("is not removed from under a port of somebody else; of our own it goes with its queues", async () => {
            await lab.vsctl("add-port", "qb0", "q9", "--", "set", "Interface", "q9", "type=internal");
            await lab.vsctl("set", "Port", "q9", `qos=${String(made.state.objectId)}`);
            await assert.rejects(plugin.delete(QOS, "gold", made), /did not make are shaped by it \(q9\)/);
            await lab.vsctl("clear", "Port", "q9", "qos");
            await tap("q2");
            await port("q2", { bridge: "qb0", qos: "gold" });
            await plugin.delete(QOS, "gold", made);
            assert.equal(await rows("QoS", "type"), "linux-noop");
            assert.equal(await rows("Queue", "_uuid"), "");
            await plugin.delete(QOS, "gold", made);
        });

        it("of somebody else is imported by its row's UUID, and removed with its queues", async () => {
            const uuid = await lab
                .vsctl(
                    "create",
                    "QoS",
                    "type=linux-hfsc",
                    "other_config:max-rate=5000",
                    "queues:1=@q",
                    "--",
                    "--id=@q",
                    "create",
                    "Queue",
                    "other_config:min-rate=1000",
                )
                .then((text) => text.split("\n")[0] ?? "");
            const there = await plugin.read(QOS, "theirs", uuid);
            assert.deepEqual(there.inputs, {
                name: uuid,
                type: "linux-hfsc",
                maxRate: "5kbit",
                queues: { "1": { minRate: "1kbit" } },
            });
            assert.deepEqual(await changes(QOS, there, there.inputs), []);
            there.state = await plugin.update(QOS, "theirs", there, { ...there.inputs, maxRate: "6kbit" });
            await plugin.delete(QOS, "theirs", there);
            assert.equal(await rows("Queue", "_uuid"), "");
        });

        it("whose two numbers share a queue is told apart where they differ, and loses the queue with the last", async () => {
            const [uuid = ""] = (
                await lab.vsctl(
                    ...["create", "QoS", "type=linux-htb", "queues={1=@q,2=@q,3=@q}"],
                    ...["--", "--id=@q", "create", "Queue", "other_config:min-rate=1000"],
                )
            ).split("\n");
            const there = await plugin.read(QOS, "two", uuid);
            const queues = { "1": { minRate: "1kbit" }, "2": { minRate: "2kbit" } };
            there.state = await plugin.update(QOS, "two", there, { ...there.inputs, queues });
            assert.deepEqual(there.state.queues, queues);
            const { queues: _, ...without } = there.inputs;
            there.state = await plugin.update(QOS, "two", there, { ...without, queues: { "1": { minRate: "1kbit" } } });
            assert.match(await rows("Queue", "other_config"), /^min-rate=1000$/);
            await plugin.delete(QOS, "two", there);
            assert.equal(await rows("Queue", "_uuid"), "");
        });

        it("whose queue another QoS has, too, gets one of its own where it is to differ", async () => {
            const [hand = "", uuid = ""] = (
                await lab.vsctl(
                    ...["create", "QoS", "type=linux-htb", "queues={1=@q}", "--", "create", "QoS", "type=linux-htb"],
                    ...["queues={1=@q}", "--", "--id=@q", "create", "Queue", "other_config:min-rate=1000"],
                )
            ).split("\n");
            const there = await plugin.read(QOS, "shared", uuid);
            there.state = await plugin.update(QOS, "shared", there, { ...there.inputs, maxRate: "9kbit" });
            const theirs = () => rows("Queue", "other_config,external_ids");
            assert.equal(await theirs(), "min-rate=1000");
            const queues = { "1": { minRate: "2kbit" } };
            there.state = await plugin.update(QOS, "shared", there, { ...there.inputs, maxRate: "9kbit", queues });
            assert.deepEqual(there.state.queues, queues);
            const [queue = ""] = /[\da-f-]{36}/.exec(await get("QoS", hand, "queues:1")) ?? [];
            assert.equal(await get("Queue", queue, "other_config:min-rate"), '"1000"');
            assert.equal(await get("Queue", queue, "external_ids"), "{}");
            await plugin.delete(QOS, "shared", there);
            assert.match(await rows("Queue", "_uuid"), new RegExp(`^${queue}$`));
            await lab.vsctl("destroy", "QoS", hand, "--", "destroy", "Queue", queue);
        });

        it("is refused where it would shape nothing, for the switch leaves it out without a word", async () => {
            const kernels = await plugin.create(QOS, "kernels", {
                name: "kernels",
                type: "linux-htb",
                maxRate: "1Gbit",
            });
            const drop = { name: "drop", type: "egress-policer", maxRate: "8Mbit", burst: "2KiB" };
            const dpdks = await plugin.create(QOS, "drop", drop);
            await assert.rejects(
                port("idle0", { bridge: "qb0", qos: "drop" }),
                /QoS drop is of type egress-policer, which shapes nothing at the port idle0 of type system.* linux-htb/,
            );
            const options = { vhostServerPath: "/run/guest/idle0.sock" };
            await assert.rejects(
                port("idle0", { bridge: "qb0", type: "dpdkvhostuserclient", options, qos: "kernels" }),
                /QoS kernels is of type linux-htb, which shapes nothing at .*egress-policer/,
            );
            assert.ok(!(await lab.vsctl("list-ports", "qb0")).includes("idle0"));
            await tap("idle1");
            const shaped = await port("idle1", { bridge: "qb0", qos: "kernels" });
            await assert.rejects(
                plugin.update(QOS, "kernels", kernels, { ...drop, name: "kernels" }),
                /QoS kernels: ports refer to it \(idle1\) at which type egress-policer shapes nothing/,
            );
            await plugin.delete(PORT, "idle1", shaped);
            await plugin.delete(QOS, "kernels", kernels);
            await plugin.delete(QOS, "drop", dpdks);
        });

        it("without maxRate has what its link tells as its speed, of which it is warned: a tap of older kernels tells 10 Mbit/s", async () => {
            const told = async (work: () => Promise<unknown>) => {
                engine.logged.length = 0;
                await work();
                return engine.logged.flatMap(({ message }) => (/maxRate/.test(message) ? [message] : []));
            };
            const says =
                /^The QoS bare has no maxRate, .* the speed that the port's link tells.* 10 Mbit\/s before Linux 6\.2 .*Set maxRate/;
            let bare = {} as Made;
            const want = { name: "bare", type: "linux-htb" };
            const [first = "", ...more] = await told(async () => (bare = await plugin.create(QOS, "bare", want)));
            assert.match(first, says);
            assert.deepEqual(more, []);

            const holder = await bridge("slow1");
            await tap("slow0");
            await lab.run("ethtool", "-s", "slow0", "speed", "10", "duplex", "full");
            const shaped = await port("slow0", { bridge: "slow1", qos: "bare" });
            await eventually(async () =>
                assert.match(await lab.run("tc", "class", "show", "dev", "slow0"), /ceil 10Mbit/),
            );
            const update = (more: Bag) => async () =>
                (bare.state = await plugin.update(QOS, "bare", bare, { ...want, ...more }));
            assert.deepEqual(await told(update({ maxRate: "1Gbit" })), []);
            await eventually(async () =>
                assert.match(await lab.run("tc", "class", "show", "dev", "slow0"), /ceil 1Gbit/),
            );
            assert.deepEqual(await told(update({ maxRate: "2Gbit" })), []);
            assert.match((await told(update({}))).join(), says);
            assert.deepEqual(await told(update({ queues: { "0": { priority: 1 } } })), []);
            await plugin.delete(PORT, "slow0", shaped);
            await plugin.delete(BRIDGE, "slow1", holder);
            await plugin.delete(QOS, "bare", bare);
        });

        it("is refused where the switch makes the link, at which it would shape what the host sends", async () => {
            const made = await plugin.create(QOS, "back", { name: "back", type: "linux-htb", maxRate: "1Gbit" });
            const holder = await bridge("bb0");
            for (const type of ["internal", "tap"]) {
                const says = new RegExp(
                    `QoS back would shape at the port bk\\S+, whose link of type ${type} the switch makes, what the host sends.*Leave out qos`,
                );
                await assert.rejects(port("bk0", { bridge: "bb0", type, qos: "back" }), says);
                const ports = { [`bk-${type}`]: { type, qos: "back" } };
                await assert.rejects(plugin.create(SET, "set", { bridge: "bb0", ports }), says);
                const free = await port("bk0", { bridge: "bb0", type });
                const shaped = { name: "bk0", bridge: "bb0", type, qos: "back" };
                await assert.rejects(plugin.update(PORT, "bk0", free, shaped), says);
                await plugin.delete(PORT, "bk0", free);
            }
            await plugin.delete(BRIDGE, "bb0", holder);
            await plugin.delete(QOS, "back", made);
        });

        it("of DPDK counts bytes", async () => {
            const policer = { name: "drop", type: "egress-policer", maxRate: "8Mbit", burst: "2KiB" };
            const made = await plugin.create(QOS, "drop", policer);
            assert.match(await rows("QoS", "other_config"), /cbs=2048 cir=1000000/);
            assert.deepEqual(await changes(QOS, made, policer), []);
            await plugin.delete(QOS, "drop", made);
        });

        it("is refused with what is wrong, property by property", async () => {
            for (const [wrong, property] of [
                [{ type: "egress-policer", maxRate: "8Mbit" }, "burst"],
                [{ type: "egress-policer", burst: "2KiB" }, "maxRate"],
                [{ type: "linux-hfsc", queues: { "1": { priority: 1 } } }, "queues.1.priority"],
                [{ type: "linux-htb", queues: { "1": { minRate: "2Mbit", maxRate: "1Mbit" } } }, "queues.1.maxRate"],
                [{ type: "linux-htb", queues: { "99999": {} } }, "queues.99999"],
                [{ type: "linux-sfq" }, "type"],
                [{ type: "linux-htb", maxRate: "34.36Gbit" }, "maxRate"],
                [{ type: "linux-hfsc", maxRate: "7bit" }, "maxRate"],
                [{ type: "linux-htb", queues: { "1": { minRate: "40Gbit" } } }, "queues.1.minRate"],
                [{ type: "linux-htb", queues: { "1": { maxRate: "40Gbit" } } }, "queues.1.maxRate"],
                [{ type: "linux-htb", queues: { "1": { burst: "4GiB" } } }, "queues.1.burst"],
                [{ type: "linux-htb", queues: { "1": { priority: 8 } } }, "queues.1.priority"],
            ] as [Bag, string][])
                assert.deepEqual(Object.keys(await failuresOf(QOS, { name: "q", ...wrong })), [property]);
        });
    });
});
