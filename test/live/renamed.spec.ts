import assert from "node:assert/strict";
import { status, type ServiceError } from "@grpc/grpc-js";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin } from "../provider/plugin";
import { labName } from "../support/labs";
import { argv } from "../support/object-life";
import { ProviderLab } from "./provider-lab";

/** A resource, how it is declared, and a change of it that is made live. */
type Case = [type: string, inputs: Bag, change: Bag];

const CASES: Case[] = [
    ["ovs:Bridge", { name: "rb0", datapathType: "netdev" }, { failMode: "secure" }],
    ["ovs:Port", { name: "rp0", bridge: "base", type: "internal", tag: 5 }, { tag: 6 }],
    ["ovs:Port", { name: "rl0", bridge: "base", type: "internal", ingress: { rate: "1Mbit" } }, { tag: 6 }],
    ["ovs:PortSet", { bridge: "base", ports: { rs0: { tag: 5, tap: {} } } }, { ports: { rs0: { tag: 6, tap: {} } } }],
    ["ovs:Qos", { name: "rq", type: "linux-htb", maxRate: "1Gbit" }, { maxRate: "2Gbit" }],
    [
        "ovs:Flows",
        { bridge: "base", flows: ["table=10,priority=7,arp,actions=NORMAL"] },
        { flows: ["table=10,priority=7,ip,actions=NORMAL"] },
    ],
    ["ovs:Mirror", { bridge: "base", name: "rm", selectAll: true, outputVlan: 99 }, { outputVlan: 98 }],
    ["ovs:Manager", { target: "ptcp:6641:127.0.0.1" }, { inactivityProbe: 9000 }],
    ["ovs:Settings", { maxIdle: 9000 }, { maxIdle: 9500 }],
    ["ovs:Sflow", { bridge: "base", targets: ["192.0.2.20:6343"] }, { sampling: 900 }],
    ["host:Bridge", { name: "rlb0" }, { mtu: 1400 }],
    ["host:BridgePort", { name: "rv2", bridge: "lan" }, { isolated: true }],
    ["host:Tap", { name: "rt0" }, { mtu: 1400 }],
    ["host:Veth", { name: "re0", peer: "re1" }, { mtu: 1400 }],
    ["host:Vxlan", { name: "rx0", vni: 9, remote: "192.0.2.2" }, { ageingTime: 100 }],
    ["host:Ifb", { name: "ri0" }, { mtu: 1400 }],
    ["host:Link", { name: "rv0", mtu: 1400 }, { mtu: 1300 }],
    ["host:Sysctl", { key: "net.ipv4.ip_forward", value: "1" }, { value: "0" }],
    ["host:Address", { link: "rv0", address: "10.66.0.1/24" }, { validLifetime: 900, preferredLifetime: 600 }],
    ["host:Route", { destination: "10.67.0.0/16", link: "rv0" }, { mtu: 1300 }],
    ["host:Rule", { priority: 900, fwmark: "1", table: "100" }, { fwmark: "2" }],
    ["host:Neighbor", { link: "rv0", address: "10.68.0.1", mac: "52:54:00:00:66:01" }, { mac: "52:54:00:00:66:02" }],
    ["host:DhcpServer", { interface: "lan", ranges: [{ start: "10.66.1.50", end: "10.66.1.59" }] }, { domain: "lan" }],
];

describe("a resource under a new name, with an alias", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("renamed"));
    const engine = new FakeEngine();
    let plugin: Plugin;
    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host, await engine.start());
        for (const line of [
            "ovs-vsctl add-br base -- set Bridge base datapath_type=netdev",
            "ip link add name lan type bridge",
            "ip link set dev lan up",
            "ip address add 10.66.1.1/24 dev lan",
            "ip link add name rv0 type veth peer name rv1",
            "ip link set dev rv0 up",
            "ip link set dev rv1 up",
            "ip link add name rv2 type veth peer name rv3",
        ])
            await lab.run(...argv(line));
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    /** A setting goes back to what it was, and stays; a set is there without ports while its bridge is. */
    const isGone = async (kind: string, id: string, wanted: Bag, state: Bag) => {
        const read = await plugin.read(`kvmnet:${kind}`, "new", id, wanted, state);
        if (kind === "ovs:PortSet") return Object.keys(read.state.ports as Bag).length === 0;
        return OF_OTHERS.includes(kind) || read.id === "";
    };

    for (const [kind, inputs, change] of CASES) {
        const type = `kvmnet:${kind}`;
        it(`stays what it is: ${kind} ${JSON.stringify(inputs)}`, async () => {
            const { inputs: wanted } = await plugin.check(type, inputs);
            const made = await plugin.create(type, "old", inputs);

            const read = await plugin.read(type, "new", made.id, wanted, made.state);
            const { owner, ...found } = read.state;
            assert.deepEqual({ owner: made.state.owner, ...found }, made.state, "a refresh finds it");
            assert.match(String(owner), /\/old$/, "and changes no mark");

            const changed = { ...inputs, ...change };
            const state = await plugin.update(type, "new", made, changed);
            assert.match(String(state.owner), /\/new$/);
            assert.equal(state.objectId, made.state.objectId, "it is the same object");
            await assert.rejects(plugin.create(type, "old", inputs), (error: ServiceError) => {
                assert.equal(error.code, status.ALREADY_EXISTS, error.details);
                return true;
            });
            await plugin.delete(type, "new", { id: made.id, state });
            assert.ok(await isGone(kind, made.id, wanted, state));
        });

        it(`gets the mark of its new name with the next update: ${kind} ${JSON.stringify(inputs)}`, async () => {
            const { inputs: wanted } = await plugin.check(type, inputs);
            const made = await plugin.create(type, "old", inputs);
            const told = await plugin.diff(type, made.state, wanted, "new");
            assert.deepEqual([told.diffsList, told.replacesList], [["owner"], []]);
            const state = await plugin.update(type, "new", made, inputs);
            assert.match(String(state.owner), /\/new$/);
            assert.deepEqual(state, { ...made.state, owner: state.owner });
            assert.deepEqual((await plugin.diff(type, state, wanted, "new")).diffsList, []);
            await assert.rejects(plugin.create(type, "old", inputs), { code: status.ALREADY_EXISTS });
            await plugin.delete(type, "new", { id: made.id, state });
        });

        it(`stays where the engine was interrupted before it deleted the former entry: ${kind} ${JSON.stringify(inputs)}`, async () => {
            const { inputs: wanted } = await plugin.check(type, inputs);
            const former = await plugin.create(type, "it", inputs);
            await plugin.beginRun();
            const now = await plugin.create(type, "it", inputs, { entry: true });
            await plugin.beginRun();
            assert.deepEqual((await plugin.diff(type, now.state, wanted)).diffsList, []);
            await plugin.delete(type, "it", former, 0, true);
            const read = await plugin.read(type, "it", now.id, wanted, now.state);
            assert.deepEqual(read.state, now.state);
            await plugin.delete(type, "it", now, 0, true);
            assert.ok(await isGone(kind, now.id, wanted, now.state), "and goes by its own entry");
        });

        it(`is still there where the engine is told to replace it, and makes it before it deletes it: ${kind} ${JSON.stringify(inputs)}`, async () => {
            const { inputs: wanted } = await plugin.check(type, inputs);
            const made = await plugin.create(type, "it", inputs);
            const again = await plugin.create(type, "it", inputs);
            await plugin.delete(type, "it", made, 0, true);
            const read = await plugin.read(type, "it", again.id, wanted, again.state);
            assert.deepEqual(read.state, again.state);
            await plugin.delete(type, "it", again);
            assert.ok(await isGone(kind, again.id, wanted, again.state), "and goes when it is deleted once more");
        });

        it(`goes by its new name alone: ${kind} ${JSON.stringify(inputs)}`, async () => {
            engine.logged.length = 0;
            const made = await plugin.create(type, "old", inputs);
            await plugin.delete(type, "new", made);
            assert.deepEqual(
                engine.logged.filter(({ message }) => /no longer ours/.test(message)),
                [],
            );
            const { inputs: wanted } = await plugin.check(type, inputs);
            assert.ok(await isGone(kind, made.id, wanted, made.state));
        });
    }
});

describe("an object that another entry of a program stands for", function () {
    this.timeout(60_000);
    const lab = new ProviderLab(labName("former"));
    let plugin: Plugin;
    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host);
        for (const name of ["base", "next"])
            await lab.vsctl(
                ...["add-br", name, "--", "set", "Bridge", name, "datapath_type=netdev", "fail_mode=secure"],
            );
    });
    after(async () => {
        await plugin?.stop();
        await lab.down();
    });

    describe("a new resource under the former name of one", () => {
        const PORT = "kvmnet:ovs:Port";
        const SET = "kvmnet:ovs:PortSet";
        const secured = (name: string, digit: number) => ({
            name,
            bridge: "base",
            type: "internal",
            portSecurity: { mac: `52:54:00:00:66:0${digit}` },
        });
        const guards = async () =>
            (await lab.run("ovs-ofctl", "-OOpenFlow15", "--no-stats", "dump-flows", "base", "table=5")).split("\n");

        it("leaves the guards of that one's port", async () => {
            const made = await plugin.create(PORT, "old", secured("fp0", 1));
            const state = await plugin.update(PORT, "new", made, secured("fp0", 1));
            const before = await guards();
            const other = await plugin.create(PORT, "old", secured("fp1", 2));
            const { inputs } = await plugin.check(PORT, secured("fp1", 2));
            assert.deepEqual((await plugin.read(PORT, "old", other.id, inputs, other.state)).state, other.state);
            const after = await guards();
            assert.ok(before.length > 2 && after.length > before.length);
            assert.deepEqual(
                before.filter((flow) => !after.includes(flow)),
                [],
            );
            await plugin.delete(PORT, "old", other);
            await plugin.delete(PORT, "new", { id: made.id, state });
        });

        it("leaves that one's ports of a set, and their taps", async () => {
            const inputs = { bridge: "base", ports: { fs0: { tap: {} }, fs1: { tap: {} } } };
            const made = await plugin.create(SET, "old", inputs);
            const state = await plugin.update(SET, "new", made, inputs);
            const other = await plugin.create(SET, "old", { bridge: "next", ports: { fs2: { tap: {} } } });
            const { inputs: wanted } = await plugin.check(SET, inputs);
            assert.deepEqual((await plugin.read(SET, "new", made.id, wanted, state)).state, state);
            await plugin.delete(SET, "old", other);
            await plugin.delete(SET, "new", { id: made.id, state });
        });
    });

    describe("a resource that the engine is told to replace", () => {
        const TAP = "kvmnet:host:Tap";
        const standing = async (name: string) => {
            const { inputs } = await plugin.check(TAP, { name });
            const former = await plugin.create(TAP, "it", inputs);
            await plugin.beginRun();
            return { inputs, former };
        };

        it("is made anew where it is gone, and the delete of the former entry leaves it", async () => {
            const { inputs, former } = await standing("gt0");
            await lab.run("ip", "link", "delete", "dev", "gt0");
            const now = await plugin.create(TAP, "it", inputs);
            await plugin.delete(TAP, "it", former, 0, true);
            assert.deepEqual((await plugin.read(TAP, "it", now.id, inputs, now.state)).state, now.state);
        });

        it("stays, made anew, where that delete comes with a later run", async () => {
            const { inputs, former } = await standing("gt1");
            await lab.run("ip", "link", "delete", "dev", "gt1");
            const now = await plugin.create(TAP, "it", inputs);
            await plugin.beginRun();
            await plugin.diff(TAP, now.state, inputs);
            await plugin.delete(TAP, "it", former, 0, true);
            assert.deepEqual((await plugin.read(TAP, "it", now.id, inputs, now.state)).state, now.state);
        });

        it("is made anew where it is gone, as a set of ports, which has no id of its own", async () => {
            await lab.vsctl("add-br", "gb0", "--", "set", "Bridge", "gb0", "datapath_type=netdev");
            const inputs = { bridge: "gb0", ports: { gt3: { tap: {} } } };
            const type = "kvmnet:ovs:PortSet";
            const { inputs: wanted } = await plugin.check(type, inputs);
            const former = await plugin.create(type, "it", inputs, { entry: true });
            await plugin.beginRun();
            await lab.vsctl("del-port", "gt3");
            await lab.run("ip", "link", "delete", "dev", "gt3");
            const now = await plugin.create(type, "it", inputs, { entry: true });
            await plugin.delete(type, "it", former, 0, true);
            assert.deepEqual((await plugin.read(type, "it", now.id, wanted, now.state)).state, now.state);
            await plugin.delete(type, "it", now);
        });

        it("goes where the engine deletes it before", async () => {
            const { inputs, former } = await standing("gt2");
            await plugin.diff(TAP, former.state, inputs);
            await plugin.delete(TAP, "it", former, 0, true);
            assert.ok(!(await lab.linkNames()).includes("gt2"));
        });
    });
});

/** What they set is somebody else's. */
const OF_OTHERS = ["host:Link", "host:Sysctl", "ovs:Settings"];
