import assert from "node:assert/strict";
import { status, type ServiceError } from "@grpc/grpc-js";
import { Secret, UNKNOWN, type Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, unfinishedOf, urnOf, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { ProviderLab } from "./provider-lab";

const [OVS_BRIDGE, OVS_PORT] = ["kvmnet:ovs:Bridge", "kvmnet:ovs:Port"];
const [LINUX_BRIDGE, BRIDGE_PORT, TAP] = ["kvmnet:host:Bridge", "kvmnet:host:BridgePort", "kvmnet:host:Tap"];

describe("the provider on a real host", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("provider"));
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

    /** An OVS bridge for one test. */
    const bridge = (name: string) => plugin.create(OVS_BRIDGE, name, { name, datapathType: "netdev" });
    const tap = (name: string, more: Bag = {}) => plugin.create(TAP, name, { name, ...more });

    describe("an OVS bridge", () => {
        let made: Made;
        it("is there with its mark, its settings and its link up", async () => {
            made = await plugin.create(OVS_BRIDGE, "b1", {
                name: "br1",
                datapathType: "netdev",
                failMode: "secure",
                mac: "52:54:00:AA:00:01",
            });
            assert.deepEqual(
                { id: made.id, ...made.state, owner: "", objectId: "" },
                {
                    id: "br1",
                    objectId: "",
                    macInUse: "52:54:00:aa:00:01",
                    datapathIdInUse: "0000525400aa0001",
                    name: "br1",
                    datapathType: "netdev",
                    failMode: "secure",
                    mac: "52:54:00:aa:00:01",
                    owner: "",
                },
            );
            assert.equal(
                await lab.vsctl("get", "Bridge", "br1", "external_ids:kvmnet-owner"),
                JSON.stringify(made.state.owner),
            );
            const link = (await lab.links()).find(({ ifname }) => ifname === "br1");
            assert.ok(link?.flags.includes("UP"));
        });

        it("made twice is the same bridge, brought to what is declared", async () => {
            const uuid = await lab.vsctl("get", "Bridge", "br1", "_uuid");
            made = await plugin.create(OVS_BRIDGE, "b1", { name: "br1", datapathType: "netdev" });
            assert.equal(made.state.failMode, "standalone");
            assert.equal(made.state.mac, undefined);
            assert.equal(await lab.vsctl("get", "Bridge", "br1", "_uuid"), uuid);
        });

        it("changes its fail mode live", async () => {
            const inputs = { name: "br1", datapathType: "netdev", failMode: "secure" };
            const promised = await plugin.update(OVS_BRIDGE, "b1", made, inputs, { preview: true });
            made.state = await plugin.update(OVS_BRIDGE, "b1", made, inputs);
            assert.deepEqual(outputsOf(promised), outputsOf(made.state));
            assert.equal(await lab.vsctl("get-fail-mode", "br1"), "secure");
        });

        it("is not removed while it holds a port that somebody else made", async () => {
            await lab.vsctl("add-port", "br1", "alien0", "--", "set", "Interface", "alien0", "type=internal");
            await assert.rejects(
                plugin.delete(OVS_BRIDGE, "b1", made),
                /ports that this stack did not make \(alien0\)/,
            );
            assert.equal(await lab.vsctl("list-ports", "br1"), "alien0");
            await lab.vsctl("del-port", "alien0");
        });

        it("is gone after delete, and a second delete is success", async () => {
            await plugin.delete(OVS_BRIDGE, "b1", made);
            assert.ok(!(await lab.linkNames()).includes("br1"));
            await plugin.delete(OVS_BRIDGE, "b1", made);
        });

        it("whose datapath the kernel lacks is kept with the reason, not called done", async () => {
            const error = await plugin.create(OVS_BRIDGE, "sys", { name: "br-sys" }).catch((error: unknown) => error);
            const unfinished = unfinishedOf(error);
            assert.equal(unfinished?.id, "br-sys");
            assert.match(
                unfinished?.reasons[0] ?? "",
                /load the kernel module openvswitch, or set datapathType to netdev/,
            );
            await plugin.delete(OVS_BRIDGE, "sys", { id: "br-sys", state: unfinished?.state ?? {} });
        });
    });

    describe("what we did not make", () => {
        const foreign: [string, string, Bag, string[]][] = [
            [
                OVS_BRIDGE,
                "theirs-ovs",
                { name: "theirs-ovs", datapathType: "netdev" },
                ["ovs-vsctl", "add-br", "theirs-ovs", "--", "set", "bridge", "theirs-ovs", "datapath_type=netdev"],
            ],
            [LINUX_BRIDGE, "theirs-br", { name: "theirs-br" }, ["ip", "link", "add", "theirs-br", "type", "bridge"]],
            [TAP, "theirs-tap", { name: "theirs-tap" }, ["ip", "tuntap", "add", "dev", "theirs-tap", "mode", "tap"]],
            [
                OVS_PORT,
                "theirs-port",
                { name: "theirs-port", bridge: "theirs-ovs", type: "internal" },
                [
                    "ovs-vsctl",
                    "add-port",
                    "theirs-ovs",
                    "theirs-port",
                    "--",
                    "set",
                    "Interface",
                    "theirs-port",
                    "type=internal",
                ],
            ],
        ];
        for (const [type, id, inputs, command] of foreign)
            it(`is neither changed nor removed: ${type}`, async () => {
                await lab.run(...command);
                const before = await lab.everything();
                await assert.rejects(plugin.create(type, "mine", inputs), (error: ServiceError) => {
                    assert.equal(error.code, status.ALREADY_EXISTS);
                    assert.match(
                        error.details,
                        new RegExp(`${id}: exists and carries no owner mark.*pulumi import ${type} mine ${id}`),
                    );
                    return true;
                });
                const claimed = { id, state: { ...inputs, owner: "kvmnet:0000000000000000:shop/dev/x/mine" } };
                await assert.rejects(plugin.update(type, "mine", claimed, inputs), /carries no owner mark/);
                await plugin.delete(type, "mine", claimed);
                assert.deepEqual(engine.logged.at(-1)?.urn, urnOf(type, "mine"));
                assert.match(engine.logged.at(-1)?.message ?? "", /carries no owner mark\): it is left as it is/);
                const seen = await plugin.read(type, "mine", id, inputs, claimed.state);
                assert.equal(seen.id, "", "to a refresh it is gone");
                assert.equal(await lab.everything(), before);
            });

        it("tells whose it is when another resource of ours made it", async () => {
            const theirs = await plugin.create(TAP, "web", { name: "tap-other" }, { stack: "prod" });
            await assert.rejects(tap("tap-other"), /belongs to resource web of stack shop\/prod/);
            await assert.rejects(plugin.read(TAP, "mine", "tap-other"), /belongs to resource web of stack shop\/prod/);
            await plugin.delete(TAP, "mine", { id: "tap-other", state: {} });
            assert.ok((await lab.linkNames()).includes("tap-other"));
            assert.equal(theirs.id, "tap-other");
        });

        it("is a plug into a bridge, too", async () => {
            await lab.run("ip", "link", "set", "theirs-tap", "master", "theirs-br");
            await assert.rejects(
                plugin.create(BRIDGE_PORT, "plug", { name: "theirs-tap", bridge: "theirs-br" }),
                /carries no owner mark/,
            );
            await lab.run("ip", "link", "set", "theirs-tap", "nomaster");
        });

        it("does not stand in the way of a port of ours in their bridge", async () => {
            const port = await plugin.create(OVS_PORT, "guest", {
                name: "guest0",
                bridge: "theirs-ovs",
                type: "internal",
                tag: 7,
            });
            assert.deepEqual((await lab.vsctl("list-ports", "theirs-ovs")).split("\n").sort(), [
                "guest0",
                "theirs-port",
            ]);
            await plugin.delete(OVS_PORT, "guest", port);
            assert.equal(await lab.vsctl("list-ports", "theirs-ovs"), "theirs-port");
        });
    });

    describe("an OVS port", () => {
        before(() => bridge("br2"));

        it("carries its VLANs, and changes them live", async () => {
            await tap("tap2");
            const made = await plugin.create(OVS_PORT, "p", { name: "tap2", bridge: "br2", tag: 100 });
            assert.equal(await lab.vsctl("get", "Port", "tap2", "tag"), "100");
            const uuid = await lab.vsctl("get", "Port", "tap2", "_uuid");
            const inputs = { name: "tap2", bridge: "br2", vlanMode: "trunk", trunks: ["20-22", 10] };
            const promised = await plugin.update(OVS_PORT, "p", made, inputs, { preview: true });
            made.state = await plugin.update(OVS_PORT, "p", made, inputs);
            assert.deepEqual(outputsOf(promised), outputsOf(made.state));
            assert.deepEqual(made.state.trunks, ["10", "20-22"]);
            assert.equal(await lab.vsctl("get", "Port", "tap2", "trunks"), "[10, 20, 21, 22]");
            assert.equal(await lab.vsctl("get", "Port", "tap2", "tag"), "[]");
            assert.equal(await lab.vsctl("get", "Port", "tap2", "_uuid"), uuid);
        });

        it("on a bridge that is not there is refused before anything changes", async () => {
            const before = await lab.everything();
            await assert.rejects(
                plugin.create(OVS_PORT, "lost", { name: "tap2x", bridge: "br-none" }),
                new RegExp(`there is no OVS bridge br-none on lab ${lab.name}`),
            );
            assert.equal(await lab.everything(), before);
        });

        it("of a device that is not there is kept with the switch's words, and repaired by the next update", async () => {
            const inputs = { name: "late0", bridge: "br2", tag: 9 };
            const unfinished = unfinishedOf(
                await plugin.create(OVS_PORT, "late", inputs).catch((error: unknown) => error),
            );
            assert.match(unfinished?.reasons.join() ?? "", /could not open network device late0 \(No such device\)/);
            await tap("late0");
            const state = await plugin.update(
                OVS_PORT,
                "late",
                { id: "late0", state: unfinished?.state ?? {} },
                inputs,
            );
            assert.equal(state.tag, 9);
        });

        it("removed by hand is gone to a refresh, and put back by a create", async () => {
            const inputs = { name: "tap3", bridge: "br2", type: "system", tag: 100 };
            await tap("tap3");
            const { state } = await plugin.create(OVS_PORT, "p3", inputs);
            await lab.vsctl("del-port", "tap3");
            assert.equal((await plugin.read(OVS_PORT, "p3", "tap3", inputs, state)).id, "");
            await plugin.create(OVS_PORT, "p3", inputs);
            assert.equal(await lab.vsctl("port-to-br", "tap3"), "br2");
        });

        it("changed by hand shows the change to a refresh, which a diff then takes back", async () => {
            const inputs = { name: "tap3", bridge: "br2", type: "system", tag: 100 };
            const { state } = await plugin.create(OVS_PORT, "p3", inputs);
            await lab.vsctl("set", "Port", "tap3", "tag=200");
            const seen = await plugin.read(OVS_PORT, "p3", "tap3", inputs, state);
            assert.deepEqual([seen.inputs.tag, seen.state.tag], [200, 200]);
            assert.deepEqual((await plugin.diff(OVS_PORT, seen.state, inputs)).diffsList, ["tag"]);
        });

        it("imported is as it stands, with inputs that make no difference", async () => {
            await lab.vsctl("add-port", "br2", "imp0", "tag=42", "--", "set", "Interface", "imp0", "type=internal");
            const seen = await plugin.read(OVS_PORT, "imp", "imp0");
            assert.deepEqual(seen.inputs, { name: "imp0", bridge: "br2", type: "internal", tag: 42 });
            assert.deepEqual((await plugin.diff(OVS_PORT, seen.state, seen.inputs)).diffsList, []);
            assert.equal(await lab.vsctl("get", "Port", "imp0", "external_ids"), "{}", "an import changes nothing");
            const state = await plugin.update(OVS_PORT, "imp", seen, { ...seen.inputs, tag: 43 });
            assert.match(state.owner as string, /^kvmnet:/);
            await plugin.delete(OVS_PORT, "imp", { id: "imp0", state });
            assert.ok(!(await lab.vsctl("list-ports", "br2")).includes("imp0"));
        });

        it("of a kind that we do not describe is not imported", async () => {
            await lab.vsctl(
                "add-port",
                "br2",
                "vx0",
                "--",
                "set",
                "Interface",
                "vx0",
                "type=erspan",
                "options:remote_ip=192.0.2.1",
            );
            await assert.rejects(plugin.read(OVS_PORT, "vx", "vx0"), /its interface vx0 is of type erspan/);
            await lab.vsctl("del-port", "vx0");
        });

        it("keeps a secret input secret in its state", async () => {
            const { state } = await plugin.create(OVS_PORT, "hidden", {
                name: "hid0",
                bridge: "br2",
                type: "internal",
                tag: new Secret(77),
                mac: new Secret("52:54:00:5e:c2:e7"),
            });
            assert.deepEqual([state.tag, state.mac], [new Secret(77), new Secret("52:54:00:5e:c2:e7")]);
            assert.equal(state.bridge, "br2");
        });

        it("tells what is run for it to whoever asks, and no secret", async () => {
            await eventually(() => {
                const told = engine.debugged.join("\n");
                assert.match(
                    told,
                    /the switch database on lab .*: a transaction of \d+ operations, done \(\d+\.\d ms\)/,
                );
                assert.match(told, /`ip -batch -` ended with 0, \d+ lines to read/);
            });
            const all = [...engine.debugged, ...engine.logged.map(({ message }) => message)].join("\n");
            assert.doesNotMatch(all, /5e:c2:e7/i);
        });
    });

    describe("a preview", () => {
        it("touches nothing, with known, unknown and secret inputs", async () => {
            const before = await lab.everything();
            for (const [type, inputs] of [
                [OVS_BRIDGE, { name: "pv0", datapathType: "netdev" }],
                [OVS_PORT, { name: "pv1", bridge: UNKNOWN, tag: new Secret(5) }],
                [LINUX_BRIDGE, { name: "pv2" }],
                [BRIDGE_PORT, { name: "pv3", bridge: UNKNOWN }],
                [TAP, { name: "pv4" }],
            ] as [string, Bag][]) {
                const made = await plugin.create(type, "pv", inputs, { preview: true });
                await plugin.update(type, "pv", made, inputs, { preview: true });
            }
            assert.equal(await lab.everything(), before);
        });

        it("promises what the create then gives", async () => {
            const inputs = { name: "same0", mtu: 1400 };
            const promised = await plugin.create(LINUX_BRIDGE, "same", inputs, { preview: true });
            const made = await plugin.create(LINUX_BRIDGE, "same", inputs);
            assert.match(String(made.state.objectId), /^[0-9a-f-]{36} up \d+ link \d+$/);
            assert.deepEqual({ ...made, state: { ...made.state, objectId: UNKNOWN } }, promised);
        });
    });

    describe("links of the kernel", () => {
        it("a Linux bridge keeps its MAC and MTU when ports join", async () => {
            const made = await plugin.create(LINUX_BRIDGE, "lb", { name: "lb0" });
            await tap("low0", { mtu: 9000 });
            await lab.run("ip", "link", "set", "low0", "address", "02:00:00:00:00:01");
            const plug = await plugin.create(BRIDGE_PORT, "plug", { name: "low0", bridge: "lb0" });
            assert.deepEqual(
                (await plugin.read(LINUX_BRIDGE, "lb", "lb0", { name: "lb0" }, made.state)).state,
                made.state,
            );
            assert.deepEqual(
                await plugin.create(BRIDGE_PORT, "plug", { name: "low0", bridge: "lb0" }),
                plug,
                "twice is once",
            );
            await plugin.delete(BRIDGE_PORT, "plug", plug);
            await plugin.delete(BRIDGE_PORT, "plug", plug);
            assert.equal(
                (await plugin.read(BRIDGE_PORT, "plug", "low0", { name: "low0", bridge: "lb0" }, plug.state)).id,
                "",
            );
        });

        it("a Linux bridge changes MTU, MAC and STP live", async () => {
            const made = await plugin.create(LINUX_BRIDGE, "lb2", { name: "lb2" });
            const state = await plugin.update(LINUX_BRIDGE, "lb2", made, {
                name: "lb2",
                mtu: 1500,
                mac: "52:54:00:00:00:99",
                stp: true,
            });
            assert.deepEqual([state.mtu, state.mac, state.stp], [1500, "52:54:00:00:00:99", true]);
        });

        it("a tap has the queues it was asked for, survives a create with other ones, and changes its MTU live", async () => {
            const made = await tap("mq0", { multiQueue: true });
            assert.deepEqual([made.state.multiQueue, made.state.vnetHdr, made.state.mtu], [true, true, 1500]);
            const again = await tap("mq0", { multiQueue: false });
            assert.equal(again.state.multiQueue, false);
            again.state = await plugin.update(TAP, "mq0", again, { name: "mq0", mtu: 9000 });
            assert.equal((await lab.links()).find(({ ifname }) => ifname === "mq0")?.mtu, 9000);
            await plugin.delete(TAP, "mq0", again);
            await plugin.delete(TAP, "mq0", again);
        });

        it("whose name is hostile are read without harm", async () => {
            await lab.run("ip", "link", "add", "x;id", "type", "bridge");
            await lab.run("ip", "link", "add", "$(id)", "type", "bridge");
            await tap("calm0");
            assert.ok((await lab.linkNames()).includes("x;id"));
        });
    });

    describe("many at once", () => {
        it("50 ports become few transactions, and one bad one fails alone", async () => {
            await bridge("br-many");
            const before = await lab.nextCfg();
            const names = Array.from({ length: 50 }, (_, index) => `many${index}`);
            const outcome = await Promise.allSettled(
                names.map((name, index) =>
                    plugin.create(OVS_PORT, name, {
                        name,
                        bridge: index === 7 ? "br-none" : "br-many",
                        type: "internal",
                        tag: 1 + index,
                    }),
                ),
            );
            assert.deepEqual(
                outcome.flatMap(({ status }, index) => (status === "rejected" ? [index] : [])),
                [7],
            );
            assert.equal((await lab.vsctl("list-ports", "br-many")).split("\n").length, 49);
            const transactions = (await lab.nextCfg()) - before;
            assert.ok(transactions <= 5, `${transactions} transactions`);
        });
    });
});

/** What the host alone decides of a bridge or port. */
const outputsOf = ({ macInUse, datapathIdInUse, mtu, ofport }: Bag) => [macInUse, datapathIdInUse, mtu, ofport];
