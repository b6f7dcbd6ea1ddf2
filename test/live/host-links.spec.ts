import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { status, type ServiceError } from "@grpc/grpc-js";
import type { Bag } from "../../provider/wire";
import { labPaths } from "../../schemas/lab-paths";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, unfinishedOf } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { killedAtEachMoment } from "../support/killed-runs";
import { labName } from "../support/labs";
import { assertWithin, describeLinkLife, linkOf, linksOf, type LinkHost } from "../support/link-life";
import { ProviderLab } from "./provider-lab";

const [BRIDGE, PORT, TAP, VETH] = [
    "kvmnet:host:Bridge",
    "kvmnet:host:BridgePort",
    "kvmnet:host:Tap",
    "kvmnet:host:Veth",
];

describe("links on a real host", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("links"));
    const engine = new FakeEngine();
    let plugin: Plugin;
    const host = (): LinkHost => ({ plugin, engine, run: lab.run.bind(lab) });
    const see = async (name: string) => {
        const link = await linkOf(host(), name);
        assert.ok(link, `there is no link ${name}`);
        return link;
    };

    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host, await engine.start());
        await lab.run("ip", "link", "add", "name", "base0", "type", "veth", "peer", "name", "base1");
        await lab.run("ip", "address", "add", "192.0.2.1/24", "dev", "base0");
        for (const name of ["base0", "base1"]) await lab.run("ip", "link", "set", "dev", name, "up");
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    describeLinkLife(
        {
            kind: "Bridge",
            inputs: { name: "lb0", mac: "52:54:00:00:00:10", stp: true, forwardDelay: 4, ageingTime: 60 },
            seen: {
                address: "52:54:00:00:00:10",
                mtu: 1500,
                linkinfo: {
                    info_kind: "bridge",
                    info_data: { stp_state: 1, forward_delay: 400, ageing_time: 6000, mcast_querier: 0 },
                },
            },
            changed: {
                stp: false,
                forwardDelay: 0,
                helloTime: 1,
                maxAge: 6,
                priority: 4096,
                multicastQuerier: true,
                groupFwdMask: 16384,
                mtu: 9000,
            },
            thenSeen: {
                mtu: 9000,
                linkinfo: {
                    info_data: {
                        stp_state: 0,
                        forward_delay: 0,
                        hello_time: 100,
                        max_age: 600,
                        priority: 4096,
                        mcast_querier: 1,
                        group_fwd_mask: "0x4000",
                    },
                },
            },
            byHand: ["ip", "link", "set", "dev", "lb0", "type", "bridge", "mcast_snooping", "0"],
            drifts: "multicastSnooping",
            replaced: { name: "lb1" },
            replaces: "name",
            made: [
                ["ip", "link", "add", "name", "lb0", "address", "52:54:00:00:00:10", "type", "bridge"],
                [..."ip link set dev lb0 type bridge stp_state 1 forward_delay 400 ageing_time 6000".split(" ")],
            ],
            bad: [
                [{ forwardDelay: 1 }, "forwardDelay", /2 to 30 s with stp/],
                [{ forwardDelay: 31 }, "forwardDelay", /from 0 to 30/],
                [{ groupFwdMask: 1 }, "groupFwdMask", /bits 0 to 2/],
                [{ multicastSnooping: false, multicastQuerier: true }, "multicastQuerier", /needs multicastSnooping/],
                [{ pvid: 10 }, "vlanFiltering", /need vlanFiltering: true/],
                [{ vlanFiltering: true, tagged: [10], untagged: ["5-15"] }, "untagged", /VLAN 10 is in tagged, too/],
            ],
        },
        host,
    );

    describeLinkLife(
        {
            kind: "Tap",
            inputs: { name: "tp0", multiQueue: true, vnetHdr: true, uid: 0, gid: 12345 },
            seen: {
                mtu: 1500,
                txqlen: 1000,
                linkinfo: {
                    info_kind: "tun",
                    info_data: { type: "tap", user: "root", group: 12345, multi_queue: true },
                },
            },
            changed: { mtu: 9000, txQueueLength: 5000 },
            thenSeen: { mtu: 9000, txqlen: 5000 },
            byHand: ["ip", "link", "set", "dev", "tp0", "txqueuelen", "7"],
            drifts: "txQueueLength",
            replaced: { gid: 12346 },
            replaces: "gid",
            made: [[..."ip tuntap add dev tp0 mode tap multi_queue vnet_hdr user root group 12345".split(" ")]],
            bad: [
                [{ uid: -1 }, "uid", /0 to 4294967294/],
                [{ gid: "kvm" }, "gid", /as `id` prints it/],
                [{ txQueueLength: 0.5 }, "txQueueLength", /whole number of packets/],
                [{ txQueueLength: 524289 }, "txQueueLength", /0 to 524288 packets/],
            ],
        },
        host,
    );

    describeLinkLife(
        {
            kind: "Veth",
            inputs: { name: "ve0", peer: "ve1", mac: "52:54:00:00:00:20", peerMac: "52:54:00:00:00:21", mtu: 9000 },
            seen: { mtu: 9000, address: "52:54:00:00:00:20", link: "ve1", txqlen: 1000 },
            changed: { mtu: 1400, txQueueLength: 500, mac: "52:54:00:00:00:22", peerMac: "52:54:00:00:00:23" },
            thenSeen: { mtu: 1400, txqlen: 500, address: "52:54:00:00:00:22" },
            byHand: ["ip", "link", "set", "dev", "ve1", "address", "52:54:00:00:00:99"],
            drifts: "peerMac",
            replaced: { peer: "ve2" },
            replaces: "peer",
            made: [
                [..."ip link add name ve0 mtu 9000 type veth peer name ve1 mtu 9000".split(" ")],
                [..."ip link set dev ve0 address 52:54:00:00:00:20".split(" ")],
                [..."ip link set dev ve1 address 52:54:00:00:00:21".split(" ")],
            ],
            bad: [
                [{ peer: "ve0" }, "peer", /two names/],
                [{ peerMac: "52:54:00:00:00:20" }, "peerMac", /two MAC addresses/],
                [{ peer: "a/b" }, "peer", /1 to 15 characters/],
            ],
        },
        host,
    );

    describeLinkLife(
        {
            kind: "Vxlan",
            inputs: { name: "vx0", vni: 77, remote: "192.0.2.7", local: "192.0.2.1", link: "base0", dstPort: 4789 },
            seen: {
                mtu: 1450,
                linkinfo: {
                    info_kind: "vxlan",
                    info_data: { id: 77, remote: "192.0.2.7", local: "192.0.2.1", link: "base0", port: 4789, ttl: 0 },
                },
            },
            changed: {
                remote: "192.0.2.8",
                mtu: 1400,
                txQueueLength: 100,
                ttl: 9,
                tos: 16,
                df: "set",
                learning: false,
                ageingTime: 60,
                mac: "52:54:00:00:00:30",
            },
            thenSeen: {
                mtu: 1400,
                txqlen: 100,
                address: "52:54:00:00:00:30",
                linkinfo: {
                    info_data: { remote: "192.0.2.8", ttl: 9, tos: "0x10", df: "set", learning: false, ageing: 60 },
                },
            },
            byHand: ["ip", "link", "set", "dev", "vx0", "type", "vxlan", "ttl", "3"],
            drifts: "ttl",
            replaced: { vni: 78 },
            replaces: "vni",
            made: [
                [
                    ..."ip link add name vx0 type vxlan id 77 remote 192.0.2.7 local 192.0.2.1 dev base0 dstport 4789".split(
                        " ",
                    ),
                ],
            ],
            bad: [
                [{ vni: 16777216 }, "vni", /0 to 16777215/],
                [{ remote: "239.0.0.1", link: null }, "link", /multicast group needs link/],
                [{ remote: "2001:db8::1" }, "local", /one family/],
                [{ local: "239.0.0.1" }, "local", /not a group/],
                [{ srcPortMin: 5000 }, "srcPortMax", /go together/],
                [{ srcPortMin: 5000, srcPortMax: 4000 }, "srcPortMax", /at least srcPortMin/],
                [{ ttl: 256 }, "ttl", /1 to 255/],
                [{ ageingTime: 0 }, "ageingTime", /from 1 to/],
                [{ remote: "0.0.0.0" }, "remote", /address of no host/],
                [{ remote: "2001:db8::1", local: "::" }, "local", /address of no host/],
                [{ remote: "fe80::5%base0" }, "remote", /IPv4 or IPv6 without a prefix length/],
            ],
        },
        host,
    );

    describeLinkLife(
        {
            kind: "Macvtap",
            inputs: { name: "mt0", link: "base0", mode: "bridge", mac: "52:54:00:00:00:40" },
            seen: {
                link: "base0",
                mtu: 1500,
                txqlen: 500,
                address: "52:54:00:00:00:40",
                linkinfo: { info_kind: "macvtap", info_data: { mode: "bridge" } },
            },
            changed: { mac: "52:54:00:00:00:41", mtu: 1400, txQueueLength: 1000 },
            thenSeen: { address: "52:54:00:00:00:41", mtu: 1400, txqlen: 1000 },
            byHand: ["ip", "link", "set", "dev", "mt0", "txqueuelen", "7"],
            drifts: "txQueueLength",
            replaced: { mode: "private" },
            replaces: "mode",
            made: [
                [..."ip link add link base0 name mt0 type macvtap mode bridge".split(" ")],
                [..."ip link set dev mt0 address 52:54:00:00:00:40".split(" ")],
            ],
            bad: [
                [{ mode: null }, "mode", /bridge is usual/],
                [{ name: "macvtap0" }, "name", /reserved by libvirt/],
                [{ mode: "passthru", mac: "52:54:00:00:00:01" }, "mac", /has the MAC address of its link/],
                [{ txQueueLength: 524289 }, "txQueueLength", /0 to 524288 packets/],
                [{ link: "mt0" }, "link", /stands on another link/],
            ],
        },
        host,
    );

    describeLinkLife(
        {
            kind: "Ifb",
            inputs: { name: "if0" },
            seen: { mtu: 1500, txqlen: 32, linkinfo: { info_kind: "ifb" } },
            changed: { mtu: 9000, txQueueLength: 1000 },
            thenSeen: { mtu: 9000, txqlen: 1000 },
            byHand: ["ip", "link", "set", "dev", "if0", "mtu", "1300"],
            drifts: "mtu",
            replaced: { name: "if1" },
            replaces: "name",
            made: [[..."ip link add name if0 type ifb".split(" ")]],
            bad: [[{ mac: "52:54:00:00:00:50" }, "mac", /not known/]],
        },
        host,
    );

    describe("a link that stands on another", () => {
        it("is refused where that one is missing, before anything changes", async () => {
            const before = await lab.everything();
            await assert.rejects(
                plugin.create("kvmnet:host:Macvtap", "m", { name: "mt9", link: "gone0", mode: "bridge" }),
                new RegExp(`there is no link gone0 on lab ${lab.name}`),
            );
            assert.equal(await lab.everything(), before);
        });

        it("sets it up where it is down", async () => {
            await lab.run("ip", "link", "set", "dev", "base0", "down");
            const made = await plugin.create("kvmnet:host:Macvtap", "m", {
                name: "mt9",
                link: "base0",
                mode: "private",
            });
            assert.ok((await see("base0")).flags.includes("UP"));
            assert.equal(made.state.device, `/dev/tap${String(made.state.objectId).split(" ").at(-1)}`);
            await plugin.delete("kvmnet:host:Macvtap", "m", made);
        });

        it("killed while it is made, changed or removed is as declared after the next run, whatever was done: Macvtap", async () => {
            const type = "kvmnet:host:Macvtap";
            const one = { name: "mt9", link: "base0", mode: "bridge", mac: "52:54:00:00:00:91" };
            const other = { ...one, mac: "52:54:00:00:00:92", mtu: 1400, txQueueLength: 600 };
            const made = () => plugin.create(type, "m", one);
            const is = async ({ mac, mtu = 1500 }: { mac: string; mtu?: number }) => {
                assertWithin(await see("mt9"), { address: mac, mtu });
                assert.equal((await lab.linkNames()).filter((name) => /^mt9|^macvtap/.test(name)).length, 1);
            };
            const isGone = async () => assert.equal(await linkOf(host(), "mt9"), undefined);
            let there = await made();
            await plugin.delete(type, "m", there);
            const runs: [work: (doomed: Plugin) => Promise<unknown>, after: () => Promise<void>, least: number][] = [
                [
                    (doomed) => doomed.create(type, "m", one),
                    async () => {
                        there = await made();
                        await is(one);
                        await plugin.delete(type, "m", there);
                        await isGone();
                    },
                    4,
                ],
                [
                    (doomed) => doomed.update(type, "m", there, other),
                    async () => {
                        there.state = await plugin.update(type, "m", there, other);
                        await is(other);
                        there.state = await plugin.update(type, "m", there, one);
                        await is(one);
                    },
                    4,
                ],
                [
                    (doomed) => doomed.delete(type, "m", there),
                    async () => {
                        await plugin.delete(type, "m", there);
                        await isGone();
                        there = await made();
                    },
                    3,
                ],
            ];
            for (const [index, [work, after, least]] of runs.entries()) {
                if (index === 1) there = await made();
                const killed = await killedAtEachMoment(lab.host, async (doomed) => void (await work(doomed)), after);
                assert.ok(killed >= least, `${killed} moments`);
            }
            await plugin.delete(type, "m", there);
        });

        const larger: [kind: string, inputs: Bag, says: RegExp][] = [
            [
                "Macvtap",
                { name: "mt9", mode: "bridge", mtu: 9000 },
                /MTU of 9000 is more than the 1500 of base0, on which it stands\./,
            ],
            [
                "Vxlan",
                { name: "vx9", vni: 3, mtu: 1451 },
                /MTU of 1451 is more than the 1500 of base0.*less 50 for the outer headers/,
            ],
            [
                "Vxlan",
                { name: "vx9", vni: 3, remote: "2001:db8::7", mtu: 1431 },
                /more than the 1500 of base0.*less 70 for/,
            ],
        ];
        for (const [kind, inputs, says] of larger)
            it(`has no larger MTU, which the message says in numbers: ${kind} ${JSON.stringify(inputs)}`, () =>
                assert.rejects(
                    plugin.create(`kvmnet:host:${kind}`, "m", { link: "base0", ...inputs }),
                    (error: ServiceError) => {
                        assert.match(error.details, says);
                        assert.match(error.details, /Raise the MTU of base0 first/);
                        return true;
                    },
                ));

        for (const [kind, inputs] of [
            ["Macvtap", { name: "mt9", mode: "bridge" }],
            ["Vxlan", { name: "vx9", vni: 3 }],
        ] as [string, Bag][])
            it(`without an MTU of its own keeps the one it was made with, and shows no difference: ${kind}`, async () => {
                const [type, wanted] = [`kvmnet:host:${kind}`, { link: "base0", ...inputs }];
                const made = await plugin.create(type, "m", wanted);
                await lab.run(..."ip link set dev base0 mtu 9000".split(" "));
                await eventually(async () =>
                    assert.equal((await plugin.read("kvmnet:host:Link", "l", "base0")).state.mtu, 9000),
                );
                assert.deepEqual((await plugin.read(type, "m", made.id, wanted, made.state)).state, made.state);
                await plugin.delete(type, "m", made);
                await lab.run(..."ip link set dev base0 mtu 1500".split(" "));
            });
    });

    describe("the MTU of a link on another whose MTU has changed since", () => {
        const VXLAN = "kvmnet:host:Vxlan";
        const inputs: Bag = { name: "vx8", vni: 8, link: "base0" };
        let made: { id: string; state: Bag };
        const change = async (wanted: Bag) =>
            void (made = { ...made, state: await plugin.update(VXLAN, "m", made, { ...inputs, ...wanted }) });

        before(async () => {
            made = await plugin.create(VXLAN, "m", inputs);
            await lab.run(..."ip link set dev base0 mtu 9000".split(" "));
        });
        after(async () => {
            await plugin.delete(VXLAN, "m", made);
            await lab.run(..."ip link set dev base0 mtu 1500".split(" "));
        });

        it("stays where it was never declared", async () => {
            await change({ ttl: 7 });
            assert.equal((await see("vx8")).mtu, 1450);
        });
        it("is set when it is declared", async () => {
            await change({ ttl: 7, mtu: 8950 });
            assert.equal((await see("vx8")).mtu, 8950);
        });
        it("is in nobody's way when something else changes", async () => {
            await lab.run(..."ip link set dev base0 mtu 1500".split(" "));
            await change({ ttl: 8, mtu: 8950 });
            assertWithin(await see("vx8"), { mtu: 8950, linkinfo: { info_data: { ttl: 8 } } });
        });
    });

    describe("a link of somebody else's that does what cannot be declared", () => {
        for (const [kind, words, says] of [
            ["Vxlan", "name un0 type vxlan dstport 4790 external", "external"],
            ["Vxlan", "name un0 type vxlan dstport 4790 external vnifilter", "external, vnifilter"],
            ["Vxlan", "name un0 type vxlan id 9 dstport 4790 ttl inherit", "ttl inherit"],
            ["Vxlan", "name un0 type vxlan id 9 dstport 4790 udp6zerocsumtx", "udp6zerocsumtx"],
            ["Vxlan", "name un0 type vxlan id 9 dstport 4790 remote fd00::9 flowlabel 0x123", "flowlabel"],
            ["Macvtap", "link base0 name un0 type macvtap mode source", "mode source"],
        ])
            it(`is not imported as what it is not: ${words}`, async () => {
                await lab.run("ip", "link", "add", ...(words ?? "").split(" "));
                await assert.rejects(plugin.read(`kvmnet:host:${kind}`, "un", "un0"), (error: ServiceError) =>
                    error.details.includes(`it has what this resource cannot tell (${says})`),
                );
                await lab.run(..."ip link delete dev un0".split(" "));
            });

        it("is not imported where it stands on a link of another network namespace, whose number another link has here", async () => {
            await lab.run(..."ip netns add beyond".split(" "));
            const index = (await see("base0")).ifindex;
            const there = (line: string) => lab.run("ip", "-n", "beyond", ...line.split(" "));
            await there(`link add name far0 index ${index} type bridge`);
            await there("link add name un0 type vxlan id 9 dstport 4790 dev far0");
            await lab.run(..."ip netns attach here".split(" "), "1");
            await there("link set dev un0 netns here");
            await assert.rejects(plugin.read("kvmnet:host:Vxlan", "un", "un0"), /in another network namespace/);
            await lab.run(..."ip link delete dev un0".split(" "));
            for (const name of ["here", "beyond"]) await lab.run("ip", "netns", "delete", name);
        });
    });

    describe("a transmit queue of no packets", () => {
        for (const [kind, inputs] of [
            ["Tap", { name: "none0" }],
            ["Macvtap", { name: "none1", link: "base0", mode: "bridge" }],
            ["Veth", { name: "none2", peer: "none3" }],
        ] as [string, Bag][])
            it(`is what is there where it was declared: ${kind}`, async () => {
                const [type, wanted] = [`kvmnet:host:${kind}`, { ...inputs, txQueueLength: 0 }];
                const made = await plugin.create(type, "q", wanted);
                assert.equal(await lab.run("cat", `/sys/class/net/${made.id}/tx_queue_len`), "0");
                const seen = await plugin.read(type, "q", made.id, wanted, made.state);
                assert.equal(seen.state.txQueueLength, 0);
                await plugin.delete(type, "q", made);
            });
    });

    describe("a bridge", () => {
        it("that changes keeps its MAC address untouched, and so the neighbours that the kernel would drop with it", async () => {
            const type = "kvmnet:host:Bridge";
            const made = await plugin.create(type, "k", { name: "kept0" });
            const words = "dev kept0 lladdr 52:54:00:00:00:77 nud permanent".split(" ");
            await lab.run("ip", "neighbour", "add", "192.0.2.77", ...words);
            made.state = await plugin.update(type, "k", made, { name: "kept0", mtu: 1400, ageingTime: 60 });
            const there = await lab.run("ip", "neighbour", "show", "dev", "kept0", "nud", "permanent");
            assert.match(there, /^192\.0\.2\.77 lladdr 52:54:00:00:00:77 PERMANENT/);
            await plugin.delete(type, "k", made);
        });
    });

    describe("a tap that is not persistent", () => {
        it("is not imported, for it goes with the program that has it open", async () => {
            const end = "/var/lib/passing-end";
            const open = lab.run("/usr/bin/python3", resolve("test/support/wire.py"), "passing0", end);
            await eventually(() => see("passing0"));
            await assert.rejects(
                plugin.read(TAP, "t", "passing0"),
                /tap passing0: it is not persistent, and goes with the program that has it open/,
            );
            await lab.run("touch", end);
            await open;
        });
    });

    describe("a VXLAN link", () => {
        const inputs: Bag = { name: "vx1", vni: 5, remote: "239.0.0.5", link: "base0" };
        it("joins a multicast group, and changes to another live", async () => {
            const made = await plugin.create("kvmnet:host:Vxlan", "x", inputs);
            assertWithin(await see("vx1"), { linkinfo: { info_data: { group: "239.0.0.5", port: 4789 } } });
            made.state = await plugin.update("kvmnet:host:Vxlan", "x", made, { ...inputs, remote: "239.0.0.6" });
            assertWithin(await see("vx1"), { linkinfo: { info_data: { group: "239.0.0.6" } } });
            await assert.rejects(
                plugin.update("kvmnet:host:Vxlan", "x", made, { name: "vx1", vni: 5 }),
                /remote cannot be taken away from it while it stands.*--replace/,
            );
            await plugin.delete("kvmnet:host:Vxlan", "x", made);
        });

        it("is replaced when its link changes: live, the kernel would go on sending by the former one", async () => {
            const made = await plugin.create("kvmnet:host:Vxlan", "x", { ...inputs, remote: "192.0.2.7" });
            for (const link of ["base1", undefined]) {
                const { inputs: wanted } = await plugin.check("kvmnet:host:Vxlan", {
                    ...{ name: "vx1", vni: 5, remote: "192.0.2.7" },
                    ...(link ? { link } : {}),
                });
                assert.deepEqual((await plugin.diff("kvmnet:host:Vxlan", made.state, wanted)).replacesList, ["link"]);
            }
            await plugin.update("kvmnet:host:Vxlan", "x", made, { ...inputs, remote: "192.0.2.8" });
            assert.equal(
                (await lab.run("bridge", "fdb", "show", "dev", "vx1")).trim(),
                "00:00:00:00:00:00 dst 192.0.2.8 via base0 self permanent",
                "and another end leaves nothing of the former one",
            );
            await plugin.delete("kvmnet:host:Vxlan", "x", made);
        });

        for (const [remote, link] of [["192.0.2.7", "base0"], ["2001:db8::7"]] as [string, string?][])
            it(`tells that somebody has cut it off from ${remote}, and leads there again`, async () => {
                const inputs = { name: "vx1", vni: 5, remote, ...(link ? { link } : {}) };
                const VXLAN = "kvmnet:host:Vxlan";
                const made = await plugin.create(VXLAN, "x", inputs);
                const table = () => lab.run("bridge", "fdb", "show", "dev", "vx1");
                const before = await table();
                const told = async () => {
                    const wanted = (await plugin.check(VXLAN, inputs)).inputs;
                    const read = await plugin
                        .read(VXLAN, "x", "vx1", wanted, made.state)
                        .catch((error: unknown) => error);
                    return unfinishedOf(read)?.reasons.join() ?? "";
                };
                assert.equal(await told(), "");
                const via = link ? ["via", link] : [];
                const entry = ["00:00:00:00:00:00", "dev", "vx1", "dst", remote, ...via];
                await lab.run("bridge", "fdb", "delete", ...entry);
                assert.equal(await table(), "");
                await eventually(async () =>
                    assert.match(await told(), new RegExp(`vx1: its forwarding table no longer leads to ${remote}`)),
                );
                made.state = await plugin.update(VXLAN, "x", made, inputs);
                assert.equal(await table(), before);
                await eventually(async () => assert.equal(await told(), ""));
                await plugin.delete(VXLAN, "x", made);
            });

        it("goes from IPv4 to IPv6 only when it is replaced, which the message says", async () => {
            const [v4, v6] = [
                { name: "vx1", vni: 5, remote: "192.0.2.7" },
                { name: "vx1", vni: 5, remote: "2001:db8::7" },
            ];
            const made = await plugin.create("kvmnet:host:Vxlan", "x", v4);
            await assert.rejects(
                plugin.update("kvmnet:host:Vxlan", "x", made, v6),
                /from IPv4 to IPv6, or back.*--replace/,
            );
            await plugin.delete("kvmnet:host:Vxlan", "x", made);
        });

        it("has one spelling of an address of IPv4 in one of IPv6, however it is written", async () => {
            const wanted = { name: "vx1", vni: 5, remote: "::ffff:1.2.3.4" };
            const made = await plugin.create("kvmnet:host:Vxlan", "x", wanted);
            const { inputs: checked } = await plugin.check("kvmnet:host:Vxlan", wanted);
            const seen = await plugin.read("kvmnet:host:Vxlan", "x", "vx1", wanted, made.state);
            assert.deepEqual((await plugin.diff("kvmnet:host:Vxlan", seen.state, checked)).diffsList, []);
            await plugin.delete("kvmnet:host:Vxlan", "x", made);
        });

        it("goes over IPv6, with all options that are given when it is made", async () => {
            const all: Bag = {
                ...{ name: "vx2", vni: 6, remote: "2001:db8::7", local: "2001:db8::1", dstPort: 4790 },
                ...{ srcPortMin: 40000, srcPortMax: 50000, maxAddresses: 100, proxy: true, l2Miss: true, l3Miss: true },
                ...{ gbp: true },
            };
            const made = await plugin.create("kvmnet:host:Vxlan", "x", all);
            assertWithin(await see("vx2"), {
                mtu: 1500,
                linkinfo: {
                    info_data: {
                        ...{ remote6: "2001:db8::7", local6: "2001:db8::1", port: 4790, proxy: true, l2miss: true },
                        ...{ l3miss: true, gbp: true, limit: 100, port_range: { low: 40000, high: 50000 } },
                    },
                },
            });
            assertWithin(made.state, all);
            const seen = await plugin.read("kvmnet:host:Vxlan", "x", "vx2", all, made.state);
            assert.deepEqual(seen.state, made.state);
            await plugin.delete("kvmnet:host:Vxlan", "x", made);
        });
    });

    describe("a veth pair", () => {
        it("whose other end went into another network namespace stays ours, and that end is left alone", async () => {
            const inputs = { name: "va0", peer: "vb0", mtu: 1400 };
            const made = await plugin.create(VETH, "v", inputs);
            await lab.run("ip", "netns", "add", "away");
            await lab.run("ip", "link", "set", "vb0", "netns", "away");
            const seen = await plugin.read(VETH, "v", "va0", inputs, made.state);
            assert.deepEqual(seen.state, made.state);
            const state = await plugin.update(VETH, "v", seen, { ...inputs, mtu: 1300 });
            assert.equal((await see("va0")).mtu, 1300);
            await plugin.delete(VETH, "v", { id: "va0", state });
            assert.equal(await linkOf(host(), "va0"), undefined);
            await lab.run("ip", "netns", "delete", "away");
        });

        const set: [property: string, value: number, byHand: string][] = [
            ["mtu", 9000, "mtu 1400"],
            ["txQueueLength", 500, "txqueuelen 77"],
        ];
        for (const [property, value, byHand] of set)
            for (const end of ["va0", "vb0"])
                it(`of which one end was changed by hand is told until it is put right: ${property} of ${end}`, async () => {
                    const inputs = { name: "va0", peer: "vb0", [property]: value };
                    const made = await plugin.create(VETH, "v", inputs);
                    const before = [await see("va0"), await see("vb0")];
                    await lab.run("ip", "link", "set", "dev", end, ...byHand.split(" "));
                    let { state } = made;
                    for (const refresh of ["the first", "another"])
                        await eventually(async () => {
                            const read = plugin.read(VETH, "v", "va0", inputs, state);
                            const unfinished = unfinishedOf(await read.catch((error: unknown) => error));
                            assert.match(unfinished?.reasons.join() ?? "", /its other end vb0 differs: its/, refresh);
                            state = unfinished?.state ?? {};
                        });
                    await plugin.update(VETH, "v", { id: "va0", state }, inputs);
                    assert.deepEqual([await see("va0"), await see("vb0")], before);
                    await plugin.delete(VETH, "v", made);
                });

        it("is refused where its other end's name is taken, and nothing of it is left", async () => {
            await lab.run("ip", "link", "add", "name", "taken0", "type", "bridge");
            await assert.rejects(
                plugin.create(VETH, "v", { name: "free0", peer: "taken0" }),
                new RegExp(`a link taken0 is on lab ${lab.name} already`),
            );
            assert.equal(await linkOf(host(), "free0"), undefined);
        });
    });

    describe("a tap", () => {
        const pluggedInto = async (name: string, state: Bag) =>
            (await plugin.read(TAP, name, name, { name }, state)).state.pluggedInto;

        it("tells the bridge that it is plugged into, of the kernel or of Open vSwitch", async () => {
            const { state } = await plugin.create(TAP, "tplug", { name: "tplug" });
            assert.equal(state.pluggedInto, undefined);
            await plugin.create(BRIDGE, "plug-lb", { name: "plug-lb" });
            const plug = await plugin.create(PORT, "plug", { name: "tplug", bridge: "plug-lb" });
            assert.equal(await pluggedInto("tplug", state), "plug-lb");
            await plugin.delete(PORT, "plug", plug);
            await lab.vsctl("add-br", "plug-ovs", "--", "set", "Bridge", "plug-ovs", "datapath_type=netdev");
            await lab.vsctl("add-port", "plug-ovs", "tplug");
            await eventually(async () => assert.equal(await pluggedInto("tplug", state), "plug-ovs"));
            await lab.vsctl("del-br", "plug-ovs");
        });

        it("of a killed run with another owner is made anew", async () => {
            await plugin.create(TAP, "again", { name: "again0", uid: 0 });
            const made = await plugin.create(TAP, "again", { name: "again0", gid: 5 });
            assert.deepEqual([made.state.uid, made.state.gid], [undefined, 5]);
            assertWithin(await see("again0"), { linkinfo: { info_data: { user: undefined } } });
        });
    });

    describe("a link that a killed run has made", () => {
        const [VXLAN, MACVTAP] = ["kvmnet:host:Vxlan", "kvmnet:host:Macvtap"];
        const others: [what: string, type: string, before: Bag, after: Bag, lost: string[]][] = [
            ["VNI", VXLAN, { vni: 7 }, { vni: 8 }, []],
            ["UDP port", VXLAN, { vni: 7, dstPort: 4790 }, { vni: 7 }, []],
            ["switch that was given", VXLAN, { vni: 7, gbp: true, maxAddresses: 9 }, { vni: 7 }, ["maxAddresses"]],
            ["link below", VXLAN, { vni: 7, link: "base0" }, { vni: 7, link: "base1" }, []],
            ["end that is told no longer", VXLAN, { vni: 7, remote: "192.0.2.7" }, { vni: 7 }, ["remote"]],
            ["family", VXLAN, { vni: 7, remote: "192.0.2.7" }, { vni: 7, remote: "2001:db8::7" }, []],
            ["peer", VETH, { peer: "gone0" }, { peer: "gone1" }, []],
            ["mode", MACVTAP, { link: "base0", mode: "vepa" }, { link: "base0", mode: "bridge" }, []],
            ["link below", MACVTAP, { link: "base0", mode: "vepa" }, { link: "base1", mode: "vepa" }, []],
        ];
        for (const [index, [what, type, before, after, lost]] of others.entries())
            it(`is made anew where what never changes was declared otherwise since: another ${what} of ${type}`, async () => {
                const name = `killed${index}`;
                await plugin.create(type, name, { name, mtu: 1400, ...before });
                const { ifindex } = await see(name);
                const { id, state } = await plugin.create(type, name, { name, ...after });
                assertWithin(state, after);
                for (const property of lost) assert.equal(state[property], undefined);
                const seen = await plugin.read(type, name, id, { name, ...after }, state);
                assertWithin(seen.state, after);
                assert.notEqual((await see(name)).ifindex, ifindex);
                const again = await plugin.create(type, name, { name, ...after });
                assert.deepEqual(again.state, state, "what is as declared stays");
                assert.equal(await linkOf(host(), "gone0"), undefined);
                await plugin.delete(type, name, { id, state });
            });

        it("stays where it differs in what changes live", async () => {
            const inputs: Bag = { name: "live0", vni: 9, remote: "192.0.2.7" };
            await plugin.create(VXLAN, "live0", inputs);
            const { ifindex } = await see("live0");
            const made = await plugin.create(VXLAN, "live0", { ...inputs, remote: "192.0.2.8", ttl: 9 });
            assertWithin(made.state, { remote: "192.0.2.8", ttl: 9 });
            assert.equal((await see("live0")).ifindex, ifindex);
            await plugin.delete(VXLAN, "live0", made);
        });
    });

    describe("what the kernel lacks", () => {
        const lacking: [kind: string, inputs: Bag, module: RegExp][] = [
            ["Vlan", { name: "v10", link: "base0", vlanId: 10 }, /modprobe 8021q/],
            ["Bond", { name: "bo0", mode: "802.3ad" }, /modprobe bonding/],
            ["Dummy", { name: "du0" }, /modprobe dummy/],
            ["Bridge", { name: "vf0", vlanFiltering: true }, /CONFIG_BRIDGE_VLAN_FILTERING/],
        ];
        for (const [kind, inputs, says] of lacking)
            it(`is named with what to load or boot: ${kind}`, async () => {
                const before = (await linksOf(host())).map(({ ifname }) => ifname);
                const made = await plugin.create(`kvmnet:host:${kind}`, "l", inputs).catch((error: Error) => error);
                // A machine whose kernel has it makes it; that it works there is another file's matter.
                if (!(made instanceof Error)) {
                    const { linkinfo } = await see(made.id);
                    assert.equal(linkinfo?.info_kind, kind.toLowerCase());
                    if (inputs.vlanFiltering) assertWithin(linkinfo?.info_data, { vlan_filtering: 1 });
                    return plugin.delete(`kvmnet:host:${kind}`, "l", made);
                }
                assert.match(made.message, says);
                assert.equal(unfinishedOf(made), undefined);
                assert.deepEqual(
                    (await linksOf(host())).map(({ ifname }) => ifname),
                    before,
                    "nothing is left of it",
                );
            });
    });

    describe("a bridge port", () => {
        const WIRE: Bag = { name: "wire0", bridge: "ports" };
        const HAND: Bag = { name: "hand0", bridge: "ports" };
        const slave = async (name: string) => (await see(name)).linkinfo?.info_slave_data;
        const journal = join(labPaths(lab.name).hostState, "journal");
        /** What it holds of the plug of a link. */
        const noted = (name: string) => {
            const files = existsSync(journal) ? readdirSync(journal) : [];
            return files.filter((file) => file.startsWith(`plug-of-${name}-`));
        };
        before(async () => {
            await plugin.create(BRIDGE, "ports", { name: "ports" });
            await plugin.create(VETH, "wire", { name: "wire0", peer: "wire1" });
        });

        it("plugs any link, sets it up, and has the settings that it was given from the start", async () => {
            await lab.run("ip", "link", "set", "dev", "wire0", "down");
            const inputs = { ...WIRE, isolated: true, learning: false, floodUnicast: false, guard: true };
            const made = await plugin.create(PORT, "p", inputs);
            assertWithin(await see("wire0"), { master: "ports" });
            assert.ok((await see("wire0")).flags.includes("UP"));
            assertWithin(await slave("wire0"), { isolated: true, learning: false, flood: false, guard: true });
            assertWithin(made.state, inputs);
            assert.deepEqual(await plugin.create(PORT, "p", inputs), made, "twice is once");
            await plugin.delete(PORT, "p", made);
        });

        it("changes everything but its bridge live, and back to what the kernel has", async () => {
            const made = await plugin.create(PORT, "p", WIRE);
            const settings = {
                ...{ isolated: true, learning: false, floodUnicast: false, floodMulticast: false, guard: true },
                ...{ floodBroadcast: false, hairpin: true, cost: 7, priority: 9 },
            };
            const diff = await plugin.diff(PORT, made.state, { ...WIRE, ...settings });
            assert.deepEqual([diff.diffsList.sort(), diff.replacesList], [Object.keys(settings).sort(), []]);
            made.state = await plugin.update(PORT, "p", made, { ...WIRE, ...settings });
            const [flags, numbers] = [
                { isolated: true, learning: false, flood: false, mcast_flood: false, bcast_flood: false, guard: true },
                { hairpin: true, cost: 7, priority: 9 },
            ];
            assertWithin(await slave("wire0"), { ...flags, ...numbers });
            assertWithin(made.state, settings);
            made.state = await plugin.update(PORT, "p", made, WIRE);
            assert.deepEqual(
                { ...made.state, owner: "", objectId: "" },
                { name: "wire0", bridge: "ports", owner: "", objectId: "" },
            );
            assertWithin(await slave("wire0"), { isolated: false, learning: true, cost: 2, priority: 32 });
            assert.deepEqual((await plugin.diff(PORT, made.state, { ...WIRE, bridge: "other" })).replacesList, [
                "bridge",
            ]);
        });

        it("changed by hand shows it to a refresh, and gets it back", async () => {
            const { state } = await plugin.create(PORT, "p", WIRE);
            await lab.run(..."ip link set dev wire0 type bridge_slave isolated on hairpin on".split(" "));
            await eventually(async () => {
                const seen = await plugin.read(PORT, "p", "wire0", WIRE, state);
                assert.deepEqual((await plugin.diff(PORT, seen.state, WIRE)).diffsList.sort(), ["hairpin", "isolated"]);
            });
            await plugin.update(PORT, "p", { id: "wire0", state }, WIRE);
            assertWithin(await slave("wire0"), { isolated: false, hairpin: false });
        });

        it("set down by hand does not work, which a refresh says and an update repairs", async () => {
            const { state } = await plugin.create(PORT, "p", WIRE);
            await lab.run(..."ip link set dev wire0 down".split(" "));
            await eventually(async () => {
                const read = plugin.read(PORT, "p", "wire0", WIRE, state);
                const unfinished = unfinishedOf(await read.catch((error: unknown) => error));
                assert.match(unfinished?.reasons.join() ?? "", /bridge port wire0: it is set down/);
            });
            await plugin.update(PORT, "p", { id: "wire0", state }, WIRE);
            assert.ok((await see("wire0")).flags.includes("UP"));
        });

        it("is of any link of the host, under the name that libvirt or somebody else gave it", async () => {
            await lab.run(..."ip link add name vnet3 type veth peer name macvlan-shim".split(" "));
            const made = await plugin.create(PORT, "vnet", { name: "vnet3", bridge: "ports" });
            assert.equal((await see("vnet3")).master, "ports");
            await plugin.delete(PORT, "vnet", made);
            await lab.run(..."ip link delete dev vnet3".split(" "));
        });

        it("saying what the kernel has anyway makes no difference", async () => {
            const { state } = await plugin.create(PORT, "p", WIRE);
            const said = { ...WIRE, isolated: false, learning: true, floodUnicast: true, priority: 32 };
            assert.deepEqual((await plugin.diff(PORT, state, said)).diffsList, []);
        });

        it("is imported with all that was set by hand", async () => {
            await lab.run(..."ip link add name hand0 type veth peer name hand1".split(" "));
            await lab.run(..."ip link set dev hand0 master ports up".split(" "));
            await lab.run(..."ip link set dev hand0 type bridge_slave isolated on cost 99".split(" "));
            await assert.rejects(
                plugin.create(PORT, "hand", HAND),
                /carries no owner mark/,
                "a link that somebody put into a bridge of ours is theirs",
            );
            const seen = await plugin.read(PORT, "hand", "hand0");
            assert.deepEqual(noted("hand0"), [], "an import writes nothing");
            assert.deepEqual(seen.inputs, { name: "hand0", bridge: "ports", isolated: true, cost: 99 });
            assert.deepEqual((await plugin.diff(PORT, seen.state, seen.inputs)).diffsList, []);
            seen.state = await plugin.update(PORT, "hand", seen, seen.inputs);
            assert.equal(noted("hand0").length, 1);
            await plugin.delete(PORT, "hand", seen);
            assert.equal((await see("hand0")).master, undefined);
            assert.deepEqual(noted("hand0"), []);
        });

        it("under another name and without an alias is refused, and stays plugged", async () => {
            const made = await plugin.create(PORT, "uplink", HAND);
            await assert.rejects(plugin.create(PORT, "wan", HAND), (error: ServiceError) => {
                assert.equal(error.code, status.ALREADY_EXISTS);
                assert.match(error.details, /belongs to resource uplink of stack .*give it an alias/);
                return true;
            });
            assert.equal((await see("hand0")).master, "ports");
            await plugin.delete(PORT, "uplink", made);
            assert.equal((await see("hand0")).master, undefined);
        });

        it("that somebody unplugged is the next one's who plugs it, and the former's delete leaves it alone", async () => {
            const former = await plugin.create(PORT, "uplink", HAND);
            await lab.run(..."ip link set dev hand0 nomaster".split(" "));
            const made = await plugin.create(PORT, "wan", HAND);
            await plugin.delete(PORT, "uplink", former);
            assert.equal((await see("hand0")).master, "ports");
            assert.equal((await plugin.read(PORT, "wan", "hand0", HAND, made.state)).id, "hand0");
            await plugin.delete(PORT, "wan", made);
        });

        it("is known by the state alone after a reboot, for what was noted is of another life", async () => {
            const made = await plugin.create(PORT, "uplink", HAND);
            const [file = ""] = noted("hand0");
            const entry = JSON.parse(readFileSync(join(journal, file), "utf8")) as { former: Bag };
            entry.former.life = String(entry.former.life).replace(/^\S+/, "another-boot");
            writeFileSync(join(journal, file), JSON.stringify(entry));
            await assert.rejects(plugin.create(PORT, "wan", HAND), /carries no owner mark/);
            const read = await plugin.read(PORT, "uplink", "hand0", HAND, made.state);
            assert.deepEqual(read.state, made.state);
            await plugin.delete(PORT, "uplink", read);
            assert.equal((await see("hand0")).master, undefined);
            assert.deepEqual(noted("hand0"), []);
        });

        it("whose bridge or link goes first leaves nothing noted, and one made anew under its name is somebody else's", async () => {
            const bridge = "ip link add name gone0 type bridge";
            const link = "ip link add name gone1 type veth peer name gone2";
            for (const words of [bridge, link]) await lab.run(...words.split(" "));
            const inputs = { name: "gone1", bridge: "gone0" };
            for (const [name, anew] of [
                ["gone0", bridge],
                ["gone1", link],
            ] as const) {
                const made = await plugin.create(PORT, "goes", inputs);
                await lab.run("ip", "link", "delete", "dev", name);
                await eventually(async () =>
                    assert.equal((await plugin.read(PORT, "goes", "gone1", inputs, made.state)).id, ""),
                );
                await lab.run(...anew.split(" "));
                await lab.run(..."ip link set dev gone1 master gone0".split(" "));
                await assert.rejects(plugin.create(PORT, "goes", inputs), /carries no owner mark/);
                await lab.run(..."ip link set dev gone1 nomaster".split(" "));
                await plugin.delete(PORT, "goes", made);
                assert.deepEqual(noted("gone1"), []);
            }
            for (const name of ["gone0", "gone1"]) await lab.run("ip", "link", "delete", "dev", name);
        });

        it("of a run that was killed at any moment is finished by the next, though link and bridge are somebody else's", async () => {
            for (const words of [
                "ip link add name cut0 type bridge",
                "ip link add name cut1 type bridge",
                "ip link add name cut2 up type veth peer name cut3",
            ])
                await lab.run(...words.split(" "));
            const inputs = (bridge: string) => ({ name: "cut2", bridge, isolated: true });
            const killed = await killedAtEachMoment(
                lab.host,
                async (doomed) => {
                    // To another bridge it is moved as the engine replaces it: the former plug goes first.
                    const one = await doomed.create(PORT, "cut", inputs("cut0"));
                    await doomed.delete(PORT, "cut", one);
                    await doomed.create(PORT, "cut", inputs("cut1"));
                },
                async (moment) => {
                    const said = `killed at moment ${moment}`;
                    const again = await plugin.create(PORT, "cut", inputs("cut1"));
                    const { master, flags } = await see("cut2");
                    assert.deepEqual([master, flags.includes("UP")], ["cut1", true], said);
                    assertWithin(await slave("cut2"), { isolated: true });
                    await plugin.delete(PORT, "cut", again);
                    assert.deepEqual(noted("cut2"), [], said);
                },
            );
            assert.ok(killed > 8, `${killed} moments`);
            for (const name of ["cut0", "cut1", "cut2"]) await lab.run("ip", "link", "delete", "dev", name);
        });

        it("is not made of a link that is in something else than a bridge", async () => {
            await lab.run("ip", "link", "add", "name", "vrf0", "type", "bridge");
            await lab.run(..."ip link set dev hand1 master vrf0".split(" "));
            await assert.rejects(plugin.create(PORT, "x", { name: "hand1", bridge: "ports" }), /carries no owner mark/);
            await lab.run(..."ip link set dev hand1 nomaster".split(" "));
        });

        it("needs its link and its bridge", async () => {
            await assert.rejects(
                plugin.create(PORT, "x", { name: "gone0", bridge: "ports" }),
                /there is no link gone0/,
            );
            await assert.rejects(
                plugin.create(PORT, "x", { name: "hand1", bridge: "base0" }),
                /there is no Linux bridge base0/,
            );
        });

        it("with VLANs on a bridge that does not filter them is made with a warning", async () => {
            await plugin
                .create(PORT, "warned", { name: "hand1", bridge: "ports", pvid: 10 })
                .catch(async (error: Error) => {
                    assert.match(error.message, /CONFIG_BRIDGE_VLAN_FILTERING/);
                    assert.equal((await see("hand1")).master, undefined, "half a port is none");
                });
            assert.ok(engine.logged.some(({ message }) => /its bridge ports does not filter VLANs/.test(message)));
        });

        const bad: [Bag, string, RegExp][] = [
            [{ cost: 0 }, "cost", /from 1 to 65535/],
            [{ priority: 64 }, "priority", /from 0 to 63/],
            [{ pvid: 10, untagged: [20] }, "pvid", /neither tagged nor untagged/],
            [{ tagged: ["10-12"], untagged: [11] }, "untagged", /VLAN 11 is in tagged, too/],
            [{ isolated: "yes" }, "isolated", /true or false/],
        ];
        for (const [inputs, property, says] of bad)
            it(`refuses ${property}: ${JSON.stringify(inputs)}`, async () => {
                const { failures } = await plugin.check(PORT, { ...WIRE, ...inputs });
                assert.match(failures[property] ?? "", says);
            });
    });

    describe("a bridge with ports", () => {
        it("keeps its MAC when a port with a lower one joins", async () => {
            const { state } = await plugin.create(BRIDGE, "mac", { name: "mac0" });
            await lab.run(..."ip link add name low0 address 02:00:00:00:00:01 type veth peer name low1".split(" "));
            await plugin.create(PORT, "low", { name: "low0", bridge: "mac0" });
            assert.equal((await see("mac0")).address, state.mac);
            await lab.run(..."ip link add name free0 type bridge".split(" "));
            await lab.run(..."ip link set dev low1 master free0".split(" "));
            const low = await see("low1");
            assert.equal((await see("free0")).address, low.address, "one that is not pinned jumps, which was tried");
        });

        it("has its times as they were declared, though the kernel counts them in ticks of its own", async () => {
            const inputs: Bag = {
                name: "ticks0",
                forwardDelay: 4.01,
                helloTime: 1.37,
                maxAge: 6.29,
                ageingTime: 59.99,
            };
            const made = await plugin.create(BRIDGE, "ticks", inputs);
            assertWithin(made.state, inputs);
            const seen = await plugin.read(BRIDGE, "ticks", "ticks0", inputs, made.state);
            assert.deepEqual(
                (await plugin.diff(BRIDGE, seen.state, (await plugin.check(BRIDGE, inputs)).inputs)).diffsList,
                [],
            );
            await lab.run(..."ip link set dev ticks0 type bridge forward_delay 395".split(" "));
            await eventually(async () => {
                const { state } = await plugin.read(BRIDGE, "ticks", "ticks0", inputs, made.state);
                assert.notEqual(state.forwardDelay, 4.01);
            });
            await plugin.delete(BRIDGE, "ticks", made);
        });

        it("leaves the MTU of what stands on it as it is, whatever of it changes", async () => {
            const inputs = { name: "jumbo0", mtu: 9000 };
            const made = await plugin.create(BRIDGE, "jumbo", inputs);
            await lab.run(..."ip link add link jumbo0 name shim0 type macvlan".split(" "));
            assert.equal((await see("shim0")).mtu, 9000);
            await plugin.update(BRIDGE, "jumbo", made, { ...inputs, ageingTime: 60 });
            await plugin.create(BRIDGE, "jumbo", inputs);
            assert.deepEqual([(await see("jumbo0")).mtu, (await see("shim0")).mtu], [9000, 9000]);
            await lab.run(..."ip link delete dev shim0".split(" "));
            await plugin.delete(BRIDGE, "jumbo", made);
        });

        it("that was imported keeps its MTU from its first update on, and that of what stands on it", async () => {
            for (const line of [
                "link add name hand2 type bridge",
                "link set dev hand2 mtu 1400",
                "link add name hand3 mtu 1400 type bridge",
                "link add link hand2 name shim0 type macvlan",
            ])
                await lab.run("ip", ...line.split(" "));
            for (const name of ["hand2", "hand3"]) {
                const seen = await plugin.read(BRIDGE, name, name);
                const state = await plugin.update(BRIDGE, name, seen, seen.inputs);
                await lab.run(..."ip link add name low2 mtu 1300 type veth peer name low3".split(" "));
                await lab.run(..."ip link set dev low2 master".split(" "), name);
                assert.equal((await see(name)).mtu, 1400);
                await lab.run(..."ip link delete dev low2".split(" "));
                if (name === "hand2") {
                    assert.equal((await see("shim0")).mtu, 1400);
                    await lab.run(..."ip link delete dev shim0".split(" "));
                }
                await plugin.delete(BRIDGE, name, { id: name, state });
            }
        });

        it("is not removed while it holds a port that somebody else plugged", async () => {
            const made = await plugin.create(BRIDGE, "held", { name: "held0" });
            await lab.run(..."ip link set dev hand1 master held0".split(" "));
            await assert.rejects(plugin.delete(BRIDGE, "held", made), /ports that this stack did not make \(hand1\)/);
            await lab.run(..."ip link set dev hand1 nomaster".split(" "));
            await plugin.delete(BRIDGE, "held", made);
        });

        it("is not removed while a link stands on it that somebody else made", async () => {
            const made = await plugin.create(BRIDGE, "below", { name: "below0" });
            await lab.run(..."ip link add link below0 name shim1 type macvlan".split(" "));
            await assert.rejects(
                plugin.delete(BRIDGE, "below", made),
                /Linux bridge below0: links stand on it that this stack did not make \(shim1 on below0\) and that would go with it/,
            );
            assert.equal((await see("shim1")).link, "below0");
            await lab.run(..."ip link delete dev shim1".split(" "));
            await plugin.delete(BRIDGE, "below", made);
        });
    });

    describe("spanning tree", () => {
        before(() => plugin.create(VETH, "st", { name: "st0", peer: "st1" }));

        it("warns of half a minute of silence where no forward delay was chosen", async () => {
            const made = await plugin.create(BRIDGE, "slow", { name: "slow0", stp: true });
            assert.match(engine.logged.at(-1)?.message ?? "", /each port is silent for 30 s.*Set forwardDelay/);
            await plugin.delete(BRIDGE, "slow", made);
        });

        it("lets a port be done only when it forwards", async () => {
            await plugin.create(BRIDGE, "tree", { name: "tree0", stp: true, forwardDelay: 2 });
            const started = performance.now();
            const port = plugin.create(PORT, "st", { name: "st0", bridge: "tree0" });
            await eventually(async () =>
                assert.match(String((await see("st0")).linkinfo?.info_slave_data?.state), /^(listening|learning)$/),
            );
            const made = await port;
            const seconds = (performance.now() - started) / 1_000;
            assert.equal((await see("st0")).linkinfo?.info_slave_data?.state, "forwarding");
            assert.ok(seconds > 3, `done after ${seconds} s, though it listens and learns for 2 s each`);
            await plugin.delete(PORT, "st", made);
        });

        it("of which another bridge is the root leaves its own timers as they were declared", async () => {
            const timers = "forward_delay 200 hello_time 100 max_age 600";
            await lab.run(
                ..."ip link add name top0 type bridge stp_state 1 priority 0".split(" "),
                ...timers.split(" "),
            );
            await lab.run(..."ip link add name top1 type veth peer name top2".split(" "));
            for (const name of ["top0", "top1"]) await lab.run("ip", "link", "set", "dev", name, "up");
            const inputs = { name: "leaf0", stp: true, forwardDelay: 3, ageingTime: 60 };
            const made = await plugin.create(BRIDGE, "leaf", inputs);
            const wanted = (await plugin.check(BRIDGE, inputs)).inputs;
            const differs = async () =>
                (
                    await plugin.diff(
                        BRIDGE,
                        (await plugin.read(BRIDGE, "leaf", "leaf0", wanted, made.state)).state,
                        wanted,
                    )
                ).diffsList;
            const seen = async () => (await see("leaf0")).linkinfo?.info_data;
            await lab.run(..."ip link set dev top1 master top0".split(" "));
            await lab.run(..."ip link set dev top2 master leaf0".split(" "));
            await lab.run(..."ip link set dev top2 up".split(" "));
            await eventually(async () => assertWithin(await seen(), { root_port: 1, forward_delay: 200 }));
            assert.deepEqual(await differs(), []);
            await eventually(async () => assertWithin(await seen(), { topology_change: 1 }), 20_000);
            assert.notEqual((await seen())?.ageing_time, 6000, "addresses age sooner while the tree changes");
            assert.deepEqual(await differs(), []);
            const without = { ...inputs, stp: false };
            made.state = await plugin.update(BRIDGE, "leaf", made, without);
            assertWithin(await seen(), { stp_state: 0, forward_delay: 200, ageing_time: 6000 });
            assertWithin(made.state, without);
            await lab.run(..."ip link delete dev top0".split(" "));
            await lab.run(..."ip link delete dev top1".split(" "));
            await plugin.delete(BRIDGE, "leaf", made);
        });

        it("waits no longer than it was given, keeps the port, and says what would help", async () => {
            // Ten seconds until it forwards.
            await plugin.create(BRIDGE, "late", { name: "late0", stp: true, forwardDelay: 5 });
            const inputs = { name: "st0", bridge: "late0" };
            const unfinished = unfinishedOf(
                await plugin.create(PORT, "st", inputs, { timeout: 1 }).catch((error: unknown) => error),
            );
            assert.match(unfinished?.reasons.join() ?? "", /st0 does not forward yet after \d s .*forwardDelay/);
            assert.equal(
                (await plugin.update(PORT, "st", { id: "st0", state: unfinished?.state ?? {} }, inputs)).bridge,
                "late0",
            );
            assert.equal((await see("st0")).linkinfo?.info_slave_data?.state, "forwarding");
        });

        it("does not wait for a port without carrier, which passes nothing anyway", async () => {
            await plugin.create(BRIDGE, "never", { name: "never0", stp: true, forwardDelay: 30 });
            await plugin.create(TAP, "quiet", { name: "quiet0" });
            const started = performance.now();
            await plugin.create(PORT, "quiet", { name: "quiet0", bridge: "never0" });
            assert.ok(performance.now() - started < 20_000, "it would forward after a minute");
        });
    });
});
