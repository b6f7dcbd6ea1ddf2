import assert from "node:assert/strict";
import type { Bag } from "../../provider/wire";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { ProviderLab } from "./provider-lab";

const [PORT, SET] = ["kvmnet:ovs:Port", "kvmnet:ovs:PortSet"];
const internal = { bridge: "nb0", type: "internal" };
const security = { portSecurity: { mac: "52:54:00:00:00:01", addresses: ["192.0.2.1"] } };

describe("the OpenFlow number that a port asks for", function () {
    this.timeout(120_000);
    const lab = new ProviderLab(labName("ovs-numbers"));
    let plugin: Plugin;
    let made: [type: string, name: string, made: Made][] = [];
    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host);
    });
    beforeEach(() =>
        lab.vsctl("add-br", "nb0", "--", "set", "Bridge", "nb0", "datapath_type=netdev", "fail_mode=secure"),
    );
    afterEach(async () => {
        for (const [type, name, one] of made) await plugin.delete(type, name, one);
        made = [];
        await lab.vsctl("del-br", "nb0");
    });
    after(async () => {
        await plugin?.stop();
        await lab.down();
    });

    const port = async (name: string, more: Bag = {}, stack?: string) => {
        const one = await plugin.create(PORT, name, { name, ...internal, ...more }, { stack, checked: true });
        made.push([PORT, name, one]);
        return one;
    };
    const set = async (ports: Bag) => {
        const one = await plugin.create(SET, "set", { bridge: "nb0", ports }, { checked: true });
        made.push([SET, "set", one]);
        return one;
    };
    const numberOf = async (name: string) => Number(await lab.vsctl("get", "Interface", name, "ofport"));
    const isUp = async (name: string) =>
        (await lab.links()).find(({ ifname }) => ifname === name)?.flags.includes("UP");
    const read = (name: string, one: Made, more: Bag = {}) =>
        plugin.read(PORT, name, name, { name, ...internal, ...more }, one.state);

    it("is that of a port of the same stack which did not ask for it, and goes on with another: both work", async () => {
        const first = await port("n0");
        assert.equal(first.state.ofport, 1);
        const second = await port("n1", { ofportRequest: 1 });
        assert.equal(second.state.ofport, 1);
        assert.equal(await numberOf("n1"), 1);
        assert.ok((await numberOf("n0")) > 1);
        assert.ok(await isUp("n1"), "the link that the switch made anew is set up");
        await lab.vsctl("set", "Bridge", "nb0", "other_config:any=change");
        assert.equal(await numberOf("n1"), 1, "whatever changes next");
        assert.ok(await isUp("n1"));
    });

    it("is so in a set, too", async () => {
        await port("n0");
        const { state } = await set({ n1: { type: "internal" }, n2: { type: "internal", ofportRequest: 1 } });
        assert.equal((state.ofports as Record<string, number>).n2, 1);
        await lab.vsctl("set", "Bridge", "nb0", "other_config:any=change");
        assert.equal(await numberOf("n2"), 1);
        assert.ok(await isUp("n2"));
    });

    it("is told where the port is held to something", async () => {
        await port("n0");
        const { state } = await port("n1", { ofportRequest: 1, ...security });
        assert.equal(state.ofport, 1);
        const flows = await lab.run("ovs-ofctl", "-O", "OpenFlow14", "dump-flows", "nb0", "table=0");
        assert.match(flows, /in_port=1[ ,]|in_port=n1[ ,]/);
        const again = await read("n1", { id: "n1", state }, { ofportRequest: 1, ...security });
        assert.deepEqual(again.state.portSecurity, state.portSecurity, "it holds");
    });

    const untouched = async (asks: () => Promise<unknown>, says: RegExp) => {
        const before = await lab.everything();
        await assert.rejects(asks(), says);
        assert.equal(await lab.everything(), before);
    };

    it("is not taken from somebody else's port", async () => {
        await lab.vsctl("add-port", "nb0", "alien0", "--", "set", "Interface", "alien0", "type=internal");
        assert.equal(await numberOf("alien0"), 1);
        const says = /n1 asks for 1 of the port alien0, which is somebody else's port.*Choose another ofportRequest/;
        await untouched(() => port("n1", { ofportRequest: 1 }), says);
        await untouched(() => set({ n1: { type: "internal", ofportRequest: 1 } }), says);
        const own = await port("n2");
        await untouched(
            () => plugin.update(PORT, "n2", own, { name: "n2", ...internal, ofportRequest: 1 }),
            /n2 asks for 1 of the port alien0/,
        );
    });

    it("is not taken from a port of another stack", async () => {
        await port("n0", {}, "prod");
        await untouched(() => port("n1", { ofportRequest: 1 }), /of the port n0, which is somebody else's port/);
        plugin.stack = "prod";
        await plugin
            .delete(PORT, "n0", (made.pop() as [string, string, Made])[2])
            .finally(() => (plugin.stack = "dev"));
    });

    it("is not taken from a port that is held at it", async () => {
        await port("n0", security);
        await untouched(
            () => port("n1", { ofportRequest: 1 }),
            /n1 asks for 1 of the port n0, which its ingress limit or portSecurity hangs on/,
        );
    });

    const swapped = (a: number, b: number, first: Bag = {}, second: Bag = {}) => ({
        bridge: "nb0",
        ports: {
            n0: { type: "internal", ofportRequest: a, ...first },
            n1: { type: "internal", ofportRequest: b, ...second },
        },
    });

    it("goes from one port to another in one change of a set, also where they are held", async () => {
        const there = await set(swapped(1, 2, security, security).ports);
        there.state = await plugin.update(SET, "set", there, swapped(2, 1, security, security), { checked: true });
        assert.deepEqual(there.state.ofports, { n0: 2, n1: 1 });
    });

    it("goes from a port that is held to one that is not, which then passes all", async () => {
        const there = await set(swapped(1, 2, security).ports);
        there.state = await plugin.update(SET, "set", there, swapped(2, 1, security), { checked: true });
        assert.deepEqual(there.state.ofports, { n0: 2, n1: 1 });
        const flows = await lab.run("ovs-ofctl", "-O", "OpenFlow14", "--no-names", "dump-flows", "nb0");
        assert.match(flows, /in_port=2/);
        assert.doesNotMatch(flows, /in_port=1[ ,]/);
    });

    it("goes to a new port of a set whose former port asks for none any more", async () => {
        const there = await set({ n0: { type: "internal", ofportRequest: 7 } });
        const ports = { n0: { type: "internal" }, n1: { type: "internal", ofportRequest: 7 } };
        there.state = await plugin.update(SET, "set", there, { bridge: "nb0", ports }, { checked: true });
        assert.equal((there.state.ofports as Record<string, number>).n1, 7);
    });

    it("goes from one port to another one after the other, in one run", async () => {
        const [a, b] = [await port("n0", { ofportRequest: 1 }), await port("n1", { ofportRequest: 2 })];
        const first = plugin.update(PORT, "n0", a, { name: "n0", ...internal, ofportRequest: 2 }, { checked: true });
        await eventually(async () =>
            assert.equal(await lab.vsctl("get", "Interface", "n0", "ofport_request"), "2", "its change is committed"),
        );
        b.state = await plugin.update(PORT, "n1", b, { name: "n1", ...internal, ofportRequest: 1 }, { checked: true });
        a.state = await first;
        assert.deepEqual([a.state.ofport, b.state.ofport], [2, 1]);
    });

    it("goes from one port to another in one run", async () => {
        const [a, b] = [await port("n0", { ofportRequest: 1 }), await port("n1", { ofportRequest: 2 })];
        const change = async (name: string, one: Made, ofportRequest: number) =>
            (one.state = await plugin.update(PORT, name, one, { name, ...internal, ofportRequest }, { checked: true }));
        await Promise.all([change("n0", a, 2), change("n1", b, 1)]);
        assert.deepEqual([await numberOf("n0"), await numberOf("n1")], [2, 1]);
        assert.deepEqual([await isUp("n0"), await isUp("n1")], [true, true]);
    });

    it("is refused in the preview where two ports of a program want it", async () => {
        await plugin.check(PORT, { name: "n8", ...internal, ofportRequest: 7 });
        const ports = { n1: { ofportRequest: 7 }, n2: { ofportRequest: 8 }, n3: { ofportRequest: 8 } };
        const { failures } = await plugin.check(SET, { bridge: "nb0", ports });
        assert.deepEqual(failures, {
            "ports.n3.ofportRequest": "the port n2 asks for 8, too; a number is one port's (got 8)",
        });
    });

    it("is told as missing where another port has it and asks for it, too, and is had once that is gone", async () => {
        await lab.vsctl(
            "add-port",
            "nb0",
            "alien0",
            "--",
            "set",
            "Interface",
            "alien0",
            "type=internal",
            "ofport_request=5",
        );
        const error = await port("n1", { ofportRequest: 5 }).catch((error: unknown) => error);
        const gone = unfinishedOf(error);
        assert.match(gone?.reasons.join() ?? "", /its OpenFlow number is \d+ and not 5, which the port alien0 has/);
        made.push([PORT, "n1", { id: "n1", state: gone?.state ?? {} }]);
        await lab.vsctl("del-port", "alien0");
        const state = await plugin.update(
            PORT,
            "n1",
            { id: "n1", state: gone?.state ?? {} },
            { name: "n1", ...internal, ofportRequest: 5 },
            { checked: true },
        );
        assert.equal(state.ofport, 5);
        assert.ok(await isUp("n1"));
    });
});
