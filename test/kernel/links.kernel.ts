import assert from "node:assert/strict";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { run } from "../support/kernel-guest";
import { assertWithin, describeLinkLife, linkOf, linksOf, type LinkHost } from "../support/link-life";

const [VLAN, BOND, LINK] = ["kvmnet:host:Vlan", "kvmnet:host:Bond", "kvmnet:host:Link"];
const ip = (line: string) => run("ip", ...line.split(" "));

describe("links that need a kernel of their own", function () {
    this.timeout(600_000);
    const engine = new FakeEngine();
    let plugin: Plugin;
    const host = (): LinkHost => ({ plugin, engine, run });
    const see = async (name: string) => {
        const link = await linkOf(host(), name);
        assert.ok(link, `there is no link ${name}`);
        return link;
    };
    const isUp = async (name: string) => (await see(name)).flags.includes("UP");

    before(async () => {
        plugin = await Plugin.start("local", await engine.start());
        for (const name of ["ld0", "ld1", "ld2"]) await ip(`link add name ${name} type dummy`);
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        for (const name of ["ld0", "ld1", "ld2"]) await ip(`link delete dev ${name}`);
    });

    describeLinkLife(
        {
            kind: "Dummy",
            inputs: { name: "du0", mac: "52:54:00:00:00:60" },
            seen: { mtu: 1500, txqlen: 1000, address: "52:54:00:00:00:60", linkinfo: { info_kind: "dummy" } },
            changed: { mac: "52:54:00:00:00:61", mtu: 9000, txQueueLength: 10 },
            thenSeen: { mtu: 9000, txqlen: 10, address: "52:54:00:00:00:61" },
            byHand: ["ip", "link", "set", "dev", "du0", "mtu", "1300"],
            drifts: "mtu",
            replaced: { name: "du1" },
            replaces: "name",
            made: [["ip", ..."link add name du0 address 52:54:00:00:00:60 type dummy".split(" ")]],
            bad: [[{ mac: "01:00:5e:00:00:01" }, "mac", /unicast/]],
        },
        host,
    );

    describeLinkLife(
        {
            kind: "Vlan",
            inputs: { name: "ld0.10", link: "ld0", vlanId: 10, egressQos: ["0:1", "5:6"] },
            seen: {
                link: "ld0",
                mtu: 1500,
                linkinfo: {
                    info_kind: "vlan",
                    info_data: {
                        id: 10,
                        protocol: "802.1Q",
                        flags: ["REORDER_HDR"],
                        egress_qos: [
                            { from: 0, to: 1 },
                            { from: 5, to: 6 },
                        ],
                    },
                },
            },
            changed: {
                reorderHeader: false,
                gvrp: true,
                mvrp: true,
                looseBinding: true,
                bridgeBinding: true,
                ingressQos: ["1:2"],
                egressQos: ["0:3", "6:7"],
                mtu: 1400,
                mac: "52:54:00:00:00:70",
                txQueueLength: 10,
            },
            thenSeen: {
                mtu: 1400,
                txqlen: 10,
                address: "52:54:00:00:00:70",
                linkinfo: {
                    info_data: {
                        flags: ["GVRP", "MVRP", "LOOSE_BINDING", "BRIDGE_BINDING"],
                        ingress_qos: [{ from: 1, to: 2 }],
                        egress_qos: [
                            { from: 0, to: 3 },
                            { from: 6, to: 7 },
                        ],
                    },
                },
            },
            byHand: ["ip", "link", "set", "dev", "ld0.10", "type", "vlan", "gvrp", "on"],
            drifts: "gvrp",
            replaced: { vlanId: 11 },
            replaces: "vlanId",
            made: [["ip", ..."link add link ld0 name ld0.10 type vlan id 10 egress-qos-map 0:1 5:6".split(" ")]],
            bad: [
                [{ vlanId: 4095 }, "vlanId", /4095 is reserved/],
                [{ protocol: "qinq" }, "protocol", /802.1ad/],
                [{ link: "ld0.10" }, "link", /stands on another link/],
                [{ egressQos: ["0:8"] }, "egressQos[0]", /TO is 0 to 7/],
                [{ ingressQos: ["1:2", "1:3"] }, "ingressQos", /maps one priority twice/],
            ],
        },
        host,
    );

    describe("a VLAN link", () => {
        it("of a service tag has the protocol that was asked for, and stands below one of its own", async () => {
            const outer = await plugin.create(VLAN, "outer", {
                name: "ld0s",
                link: "ld0",
                vlanId: 7,
                protocol: "802.1ad",
            });
            const inner = await plugin.create(VLAN, "inner", { name: "ld0c", link: "ld0s", vlanId: 7 });
            assertWithin(await see("ld0s"), { linkinfo: { info_data: { protocol: "802.1ad" } } });
            assert.equal((await see("ld0c")).link, "ld0s");
            await plugin.delete(VLAN, "inner", inner);
            await plugin.delete(VLAN, "outer", outer);
        });

        it("without an MTU of its own keeps the one it was made with, and shows no difference", async () => {
            const inputs = { name: "ld2.5", link: "ld2", vlanId: 5 };
            const made = await plugin.create(VLAN, "v", inputs);
            await ip("link set dev ld2 mtu 9000");
            await eventually(async () =>
                assert.equal((await plugin.read("kvmnet:host:Link", "l", "ld2")).state.mtu, 9000),
            );
            assert.deepEqual((await plugin.read(VLAN, "v", "ld2.5", inputs, made.state)).state, made.state);
            await plugin.delete(VLAN, "v", made);
            await ip("link set dev ld2 mtu 1500");
        });

        it("sets up the link that it stands on, and has no larger MTU", async () => {
            await ip("link set dev ld1 down");
            const made = await plugin.create(VLAN, "v", { name: "ld1.5", link: "ld1", vlanId: 5 });
            assert.ok(await isUp("ld1"));
            await assert.rejects(
                plugin.update(VLAN, "v", made, { name: "ld1.5", link: "ld1", vlanId: 5, mtu: 9000 }),
                /MTU of 9000 is more than the 1500 of ld1/,
            );
            await plugin.delete(VLAN, "v", made);
        });
    });

    describeLinkLife(
        {
            kind: "Bond",
            inputs: { name: "lb0", mode: "active-backup", members: ["ld0", "ld1"], primary: "ld1", upDelay: 200 },
            seen: {
                mtu: 1500,
                linkinfo: {
                    info_kind: "bond",
                    info_data: { mode: "active-backup", miimon: 100, updelay: 200, primary: "ld1", num_peer_notif: 1 },
                },
            },
            changed: {
                members: ["ld0"],
                primary: "ld0",
                primaryReselect: "failure",
                miimon: 50,
                upDelay: 100,
                downDelay: 150,
                numGratArp: 3,
                resendIgmp: 2,
                allSlavesActive: true,
                mtu: 1400,
                mac: "52:54:00:00:00:80",
                txQueueLength: 10,
            },
            thenSeen: {
                mtu: 1400,
                txqlen: 10,
                address: "52:54:00:00:00:80",
                linkinfo: {
                    info_data: {
                        ...{ primary: "ld0", primary_reselect: "failure", miimon: 50, updelay: 100, downdelay: 150 },
                        ...{ num_peer_notif: 3, resend_igmp: 2, all_slaves_active: 1 },
                    },
                },
            },
            byHand: ["ip", "link", "set", "dev", "ld0", "nomaster"],
            drifts: "members",
            replaced: { mode: "balance-rr", primary: null },
            replaces: "mode",
            made: [
                ["ip", ..."link add name lb0 type bond mode active-backup miimon 100 updelay 200".split(" ")],
                ...["ld0", "ld1"].flatMap((name) => [
                    ["ip", "link", "set", "dev", name, "down"],
                    ["ip", "link", "set", "dev", name, "master", "lb0"],
                ]),
                ["ip", ..."link set dev lb0 type bond primary ld1".split(" ")],
            ],
            bad: [
                [{ mode: null }, "mode", /one of balance-rr/],
                [{ lacpRate: "fast" }, "lacpRate", /works with mode 802.3ad, not with active-backup/],
                [{ primary: "eth7" }, "primary", /one of members/],
            ],
        },
        host,
    );

    describe("a bond in each mode", () => {
        const monitored = { arpInterval: 200, arpIpTargets: ["192.0.2.1", "192.0.2.9"], arpAllTargets: "all" };
        const modes: [mode: string, options: Bag, seen: Bag][] = [
            ["balance-rr", { packetsPerSlave: 3, resendIgmp: 4 }, { packets_per_slave: 3, resend_igmp: 4 }],
            [
                "active-backup",
                { ...monitored, arpValidate: "all", failOverMac: "active" },
                { arp_interval: 200, arp_validate: "all", arp_all_targets: "all", fail_over_mac: "active", miimon: 0 },
            ],
            ["balance-xor", { xmitHashPolicy: "layer2+3" }, { xmit_hash_policy: "layer2+3" }],
            ["broadcast", { miimon: 50 }, { miimon: 50 }],
            [
                "802.3ad",
                {
                    ...{ xmitHashPolicy: "layer3+4", lacpRate: "fast", lacpActive: false, adSelect: "bandwidth" },
                    ...{ adActorSystem: "52:54:00:00:00:99", adActorSystemPriority: 9, adUserPortKey: 5, minLinks: 1 },
                },
                {
                    ...{ xmit_hash_policy: "layer3+4", ad_lacp_rate: "fast", ad_lacp_active: "off" },
                    ...{ ad_select: "bandwidth", ad_actor_system: "52:54:00:00:00:99", ad_actor_sys_prio: 9 },
                    ...{ ad_user_port_key: 5, min_links: 1 },
                },
            ],
            ["balance-tlb", { tlbDynamicLb: false, lpInterval: 5 }, { tlb_dynamic_lb: 0, lp_interval: 5 }],
            [
                "balance-alb",
                { primaryReselect: "better", lpInterval: 5 },
                { primary_reselect: "better", lp_interval: 5 },
            ],
        ];
        for (const [mode, options, seen] of modes)
            it(`has its own options, and reads them back: ${mode}`, async () => {
                const inputs = { name: "lm0", mode, ...options };
                const made = await plugin.create(BOND, "m", inputs);
                assertWithin(await see("lm0"), { linkinfo: { info_data: { mode, ...seen } } });
                assertWithin(made.state, inputs);
                const read = await plugin.read(BOND, "m", "lm0", inputs, made.state);
                assert.deepEqual(read.state, made.state);
                const plain = { name: "lm0", mode };
                const costs = await plugin.diff(BOND, made.state, plain);
                if (costs.replacesList.length === 0) {
                    await plugin.update(BOND, "m", made, plain);
                    const { inputs: wanted } = await plugin.check(BOND, plain);
                    const after = await plugin.read(BOND, "m", "lm0", plain, made.state);
                    assert.deepEqual((await plugin.diff(BOND, after.state, wanted)).diffsList, []);
                }
                await plugin.delete(BOND, "m", made);
            });

        it("keeps its delays when the interval of its link check changes", async () => {
            const inputs = { name: "lm0", mode: "active-backup", upDelay: 200, downDelay: 400 };
            const made = await plugin.create(BOND, "m", { ...inputs, miimon: 100 });
            made.state = await plugin.update(BOND, "m", made, { ...inputs, miimon: 50 });
            assertWithin(await see("lm0"), { linkinfo: { info_data: { miimon: 50, updelay: 200, downdelay: 400 } } });
            assertWithin(made.state, inputs);
            await plugin.delete(BOND, "m", made);
        });

        for (const failOverMac of ["none", "active", "follow"])
            it(`is imported with whose MAC address it has, so that declaring it replaces nothing: ${failOverMac}`, async () => {
                await ip(`link add name lm0 type bond mode active-backup miimon 100 fail_over_mac ${failOverMac}`);
                const seen = await plugin.read(BOND, "m", "lm0");
                const declared = { name: "lm0", mode: "active-backup", failOverMac };
                const { inputs: wanted } = await plugin.check(BOND, declared);
                assert.deepEqual((await plugin.diff(BOND, seen.state, wanted)).diffsList, []);
                await ip("link delete dev lm0");
            });

        it("is made anew for another MAC address that goes from member to member, which the kernel never takes live", async () => {
            const given = { name: "lm0", mode: "active-backup", failOverMac: "follow", mac: "52:54:00:00:00:7c" };
            const made = await plugin.create(BOND, "m", given);
            const { inputs: wanted } = await plugin.check(BOND, { ...given, mac: "52:54:00:00:00:7d" });
            assert.deepEqual((await plugin.diff(BOND, made.state, wanted)).replacesList, ["mac"]);
            await ip("link set dev lm0 address 52:54:00:00:00:7d");
            assert.equal((await see("lm0")).address, given.mac);
            await plugin.delete(BOND, "m", made);
        });

        it("changes from one link check to the other and back, live", async () => {
            const mii = { name: "lm0", mode: "active-backup", miimon: 100, upDelay: 200, downDelay: 300 };
            const arp = { name: "lm0", mode: "active-backup", ...monitored, arpValidate: "active" };
            const made = await plugin.create(BOND, "m", mii);
            made.state = await plugin.update(BOND, "m", made, arp);
            assertWithin(await see("lm0"), {
                linkinfo: { info_data: { miimon: 0, arp_interval: 200, arp_validate: "active" } },
            });
            made.state = await plugin.update(BOND, "m", made, { name: "lm0", mode: "active-backup" });
            assertWithin(await see("lm0"), {
                linkinfo: { info_data: { miimon: 100, updelay: 0, downdelay: 0, arp_interval: 0 } },
            });
            made.state = await plugin.update(BOND, "m", made, mii);
            assertWithin(await see("lm0"), { linkinfo: { info_data: { miimon: 100, updelay: 200, downdelay: 300 } } });
            await plugin.delete(BOND, "m", made);
        });
    });

    describe("members of a bond", () => {
        const inputs = { name: "lm1", mode: "active-backup", members: ["ld0", "ld1"] };
        let places: Awaited<ReturnType<typeof placesNow>>;
        const placesNow = () =>
            Promise.all(
                ["ld0", "ld1"].map(async (name) => {
                    const { master, address, mtu, linkinfo } = await see(name);
                    const { isolated, guard, cost } = linkinfo?.info_slave_data ?? {};
                    const vlans = await run("bridge", "-json", "vlan", "show", "dev", name);
                    return { master, address, mtu, up: await isUp(name), port: { isolated, guard, cost }, vlans };
                }),
            );
        let made: Made;
        before(async () => {
            await ip("link add name lbr0 type bridge vlan_filtering 1");
            await ip("link set dev ld0 master lbr0 up");
            await ip("link set dev ld0 type bridge_slave isolated on guard on cost 77");
            await run("bridge", ..."vlan del dev ld0 vid 1".split(" "));
            await run("bridge", ..."vlan add dev ld0 vid 100".split(" "));
            await ip("link set dev ld1 nomaster");
            await ip("link set dev ld1 down");
            await ip("address add 192.0.2.77/24 dev ld0");
            places = await placesNow();
        });
        after(() => ip("link delete dev lbr0"));

        it("leave what they were in, with a warning where they have an address", async () => {
            made = await plugin.create(BOND, "b", { ...inputs, mtu: 1400 });
            assert.deepEqual(
                (await placesNow()).map(({ master, mtu, up }) => [master, mtu, up]),
                [
                    ["lm1", 1400, true],
                    ["lm1", 1400, true],
                ],
            );
            assert.ok(
                engine.logged.some(({ message }) =>
                    /member ld0 has the address 192.0.2.77.*Give it to the bond/.test(message),
                ),
            );
        });

        it("get their bridge with its VLANs, state, MAC and MTU back when they leave", async () => {
            made.state = await plugin.update(BOND, "b", made, { ...inputs, members: ["ld1"] });
            assert.deepEqual((await placesNow())[0], places[0]);
        });

        for (const failOverMac of ["none", "follow"])
            it(`are exchanged for others, or all go, and the bond keeps its MAC address and carrier: failOverMac ${failOverMac}`, async () => {
                const given = { ...inputs, name: "lm2", mac: "52:54:00:00:00:7e", failOverMac };
                const other = await plugin.create(BOND, "e", { ...given, members: ["ld2"] });
                const changes = () => run("cat", "/sys/class/net/lm2/carrier_changes");
                await eventually(async () => assert.ok((await see("lm2")).flags.includes("LOWER_UP")));
                const before = await changes();
                await ip("link add name ld3 type dummy");
                other.state = await plugin.update(BOND, "e", other, { ...given, members: ["ld3"] });
                assert.equal((await see("lm2")).address, given.mac);
                assert.deepEqual([(await see("ld2")).master, (await see("ld3")).master], [undefined, "lm2"]);
                assert.equal(await changes(), before);
                other.state = await plugin.update(BOND, "e", other, { ...given, members: [] });
                assert.equal((await see("lm2")).address, given.mac);
                assert.equal((await see("ld3")).master, undefined);
                await plugin.delete(BOND, "e", other);
                await ip("link delete dev ld3");
            });

        it("that somebody has set down are told, and set up again", async () => {
            made.state = await plugin.update(BOND, "b", made, inputs);
            await ip("link set dev ld1 down");
            await eventually(() =>
                assert.rejects(plugin.read(BOND, "b", "lm1", inputs, made.state), (error) =>
                    Boolean(unfinishedOf(error)?.reasons.join().includes("its member ld1 is set down")),
                ),
            );
            made.state = await plugin.update(BOND, "b", made, inputs);
            assert.equal(await isUp("ld1"), true);
        });

        it("get them back when the bond is deleted", async () => {
            await plugin.delete(BOND, "b", made);
            assert.deepEqual(await placesNow(), places);
        });

        it("keep the MTU that the bond needs when their tuning goes, with a warning", async () => {
            const mtu = async () => (await see("ld0")).mtu;
            const warned = (says: RegExp) =>
                eventually(() => assert.ok(engine.logged.some(({ message }) => says.test(message))));
            const jumbo = { name: "ld0", mtu: 9000 };
            const tuned = await plugin.create(LINK, "t", { ...jumbo, txQueueLength: 60 });
            made = await plugin.create(BOND, "b", { ...inputs, mtu: 9000 });
            tuned.state = await plugin.update(LINK, "t", tuned, { name: "ld0", txQueueLength: 60 });
            assert.equal(await mtu(), 9000);
            await warned(/tuning ld0: the MTU stays 9000 and is not 1500 again, .* bond lm1, .* is given back by/);
            await plugin.delete(LINK, "t", tuned);
            assert.equal(await mtu(), 9000);
            await warned(/set it by hand: ip link set dev ld0 mtu 1500/);
            await plugin.delete(BOND, "b", made);
            await ip("link set dev ld0 mtu 1500");
            assert.deepEqual(await placesNow(), places);
        });

        it("that somebody else put there stay there, and keep the bond from being removed", async () => {
            made = await plugin.create(BOND, "b", inputs);
            await ip("link set dev ld2 down");
            await ip("link set dev ld2 master lm1");
            await eventually(async () => {
                const seen = await plugin.read(BOND, "b", "lm1", inputs, made.state);
                assert.deepEqual(seen.state.members, inputs.members);
            });
            await plugin.update(BOND, "b", made, { ...inputs, resendIgmp: 9 });
            assert.equal((await see("ld2")).master, "lm1");
            await assert.rejects(plugin.delete(BOND, "b", made), /did not put there \(ld2\)/);
            await ip("link set dev ld2 nomaster");
            await plugin.delete(BOND, "b", made);
            assert.deepEqual(await placesNow(), places);
        });

        it("that are missing, or in another bond, are refused before anything changes", async () => {
            await assert.rejects(
                plugin.create(BOND, "x", { ...inputs, members: ["ld0", "gone0"] }),
                /there is no link gone0/,
            );
            made = await plugin.create(BOND, "b", { ...inputs, members: ["ld1"] });
            await assert.rejects(
                plugin.create(BOND, "x", { ...inputs, name: "lm2" }),
                /its member ld1 is in the bond lm1 already/,
            );
            assert.equal(await linkOf(host(), "lm2"), undefined);
            await plugin.delete(BOND, "b", made);
            assert.deepEqual(await placesNow(), places);
        });

        it("are kept, and their places known, where a killed run's bond was of another mode, which is made anew", async () => {
            await plugin.create(BOND, "b", { name: "lm1", mode: "active-backup", members: ["ld1"], primary: "ld1" });
            const other: Bag = { name: "lm1", mode: "802.3ad", lacpRate: "fast", members: ["ld0", "ld1"] };
            made = await plugin.create(BOND, "b", other);
            assertWithin(made.state, other);
            assertWithin((await see("lm1")).linkinfo?.info_data, { mode: "802.3ad" });
            const { ifindex } = await see("lm1");
            assert.deepEqual((await plugin.create(BOND, "b", other)).state, made.state);
            assert.equal((await see("lm1")).ifindex, ifindex, "what is as declared stays");
            assert.deepEqual(
                (await placesNow()).map(({ master }) => master),
                ["lm1", "lm1"],
            );
            await plugin.delete(BOND, "b", made);
            assert.deepEqual(await placesNow(), places);
        });

        it("keep their place over a run that was killed, at whatever moment", async () => {
            // The first three are before the replies to handshake, configure and check.
            for (const point of [4, 5, 6, 7, 8]) {
                const doomed = await Plugin.start("local", "", { KVMNET_FAULT: String(point) });
                await assert.rejects(doomed.create(BOND, "b", inputs));
                await doomed.kill();
                made = await plugin.create(BOND, "b", inputs);
                assert.deepEqual(made.state.members, inputs.members);
                await plugin.delete(BOND, "b", made);
                assert.deepEqual(await placesNow(), places, `killed at point ${point}`);
            }
        });

        it("get all back over a delete that was killed, at whatever moment", async () => {
            // The first two are before the replies to handshake and configure.
            for (const point of [3, 4, 5, 6, 7, 8, 9]) {
                made = await plugin.create(BOND, "b", inputs);
                const doomed = await Plugin.start("local", "", { KVMNET_FAULT: String(point) });
                await assert.rejects(doomed.delete(BOND, "b", made));
                await doomed.kill();
                await plugin.delete(BOND, "b", made);
                assert.deepEqual(await placesNow(), places, `killed at point ${point}`);
            }
        });
    });

    it("of a killed run are made anew where what never changes was declared otherwise since", async () => {
        await plugin.create(VLAN, "k", { name: "ldk", link: "ld2", vlanId: 41 });
        const made = await plugin.create(VLAN, "k", { name: "ldk", link: "ld2", vlanId: 42 });
        assert.equal(made.state.vlanId, 42);
        assertWithin((await see("ldk")).linkinfo?.info_data, { id: 42 });
        await plugin.delete(VLAN, "k", made);
    });

    it("many at once are made, and one that the kernel refuses fails alone, in its words", async () => {
        const names = Array.from({ length: 20 }, (_, index) => `ld2.${index}`);
        const outcome = await Promise.allSettled(
            names.map((name, index) =>
                plugin.create(VLAN, name, { name, link: "ld2", vlanId: 100 + (index === 7 ? 6 : index) }),
            ),
        );
        const refused = outcome.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
        assert.equal(refused.length, 1, refused.join("\n"));
        assert.match(refused[0] ?? "", /VLAN link ld2\.[67]: the kernel said: .*VLAN device already exists/);
        const made = outcome.flatMap((one, index) =>
            one.status === "fulfilled" ? [[names[index] ?? "", one.value] as const] : [],
        );
        await Promise.all(made.map(([name, one]) => plugin.delete(VLAN, name, one)));
        assert.deepEqual(
            (await linksOf(host())).filter(({ link }) => link === "ld2"),
            [],
        );
    });
});
