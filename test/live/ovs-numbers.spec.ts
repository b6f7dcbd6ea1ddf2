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

    describe("of a link of the host, which flows hold", () => {
        const [names, meter] = [["r0", "r1"], { ingress: { rate: "10Mbit" } }];
        const tap = (name: string) => lab.run("ip", "tuntap", "add", "dev", name, "mode", "tap");
        beforeEach(() => Promise.all(names.map(tap)));
        afterEach(() => Promise.all(names.map((name) => lab.run("ip", "link", "delete", "dev", name))));

        const alone = { name: "r0", bridge: "nb0", ...security };
        const both = { bridge: "nb0", ports: { r1: security } };
        const requestOf = (name: string) => lab.vsctl("get", "Interface", name, "ofport_request");
        const changes = async (type: string, state: Bag, want: Bag) => {
            const { inputs } = await plugin.check(type, want);
            return (await plugin.diff(type, state, inputs)).detaileddiffMap.map(([property]) => property).sort();
        };
        /** Numbers that flows name, and of the ports whose meters are there. */
        const held = async () => {
            const ofctl = (what: string) => lab.run("ovs-ofctl", "-OOpenFlow14", "--no-names", what, "nb0");
            const [flows, meters] = [await ofctl("dump-flows"), await ofctl("dump-meters")];
            const at = [...flows.matchAll(/in_port=(\d+)/g)].map(([, number]) => Number(number));
            const of = [...meters.matchAll(/meter=(\d+)/g)].map(([, id]) => Number(id) - 65536);
            return { flows: [...new Set(at)].sort(), meters: of.sort() };
        };
        const told = async (type: string, name: string, one: Made, want: Bag) => {
            const { inputs } = await plugin.check(type, want);
            const read = await plugin.read(type, name, one.id, inputs, one.state).catch((error: unknown) => error);
            return unfinishedOf(read)?.reasons.join() ?? "";
        };

        it("is one that nobody else is given, which is no difference, nor after an import", async () => {
            const one = await port("r0", { type: "system", ...security });
            const two = await set(both.ports);
            const numbers = [await numberOf("r0"), await numberOf("r1")];
            assert.ok(Math.min(...numbers) >= 32768);
            assert.deepEqual([one.state.ofport, (two.state.ofports as Bag).r1], numbers);
            assert.deepEqual([one.state.ofportRequest, await requestOf("r0")], [undefined, String(numbers[0])]);
            assert.deepEqual((await held()).flows, [...numbers].sort());
            assert.deepEqual(await changes(PORT, one.state, alone), []);
            assert.deepEqual(await changes(SET, two.state, both), []);
            for (const name of names) await lab.vsctl("remove", "Port", name, "external_ids", "kvmnet-owner");
            for (const [type, id] of [
                [PORT, "r0"],
                [SET, "nb0/r1"],
            ] as const) {
                const { inputs, state } = await plugin.read(type, "imported", id);
                assert.doesNotMatch(JSON.stringify(inputs), /ofportRequest/);
                assert.deepEqual(await changes(type, state, inputs), []);
            }
        });

        it("is the one that is declared, from when it is and as long as it is", async () => {
            const one = await port("r0", { type: "system", ...security });
            const two = await set(both.ports);
            const [first, second] = [
                { ...alone, ofportRequest: 5 },
                { bridge: "nb0", ports: { r1: { ofportRequest: 6, ...security } } },
            ];
            assert.deepEqual(await changes(PORT, one.state, first), ["ofportRequest"]);
            assert.deepEqual(await changes(SET, two.state, second), ["ports.r1.ofportRequest"]);
            const changed = async (a: Bag, b: Bag) => {
                one.state = await plugin.update(PORT, "r0", one, a, { checked: true });
                two.state = await plugin.update(SET, "set", two, b, { checked: true });
                assert.deepEqual(await changes(PORT, one.state, a), []);
                assert.deepEqual(await changes(SET, two.state, b), []);
                return Promise.all(names.map(numberOf));
            };
            assert.deepEqual(await changed({ ...first, type: "system" }, second), [5, 6]);
            assert.deepEqual((await held()).flows, [5, 6]);
            const back = await changed({ ...alone, type: "system" }, both);
            assert.deepEqual(back, [5, 6], "no flow of anybody's is at another number than its port");
            assert.deepEqual((await held()).flows, [5, 6]);
        });

        it("is told where somebody has taken it from the port, and asked for again", async () => {
            const one = await port("r0", { type: "system", ...security, ...meter });
            const two = await set(both.ports);
            const numbers = await Promise.all(names.map(numberOf));
            for (const [index, name] of names.entries()) {
                await lab.vsctl("set", "Interface", name, `ofport_request=${index + 7}`);
                await lab.vsctl("clear", "Interface", name, "ofport_request");
            }
            assert.deepEqual(await Promise.all(names.map(numberOf)), [7, 8]);
            const want = { ...alone, ...meter };
            await eventually(async () => {
                assert.match(await told(PORT, "r0", one, want), /it asks for no OpenFlow number/);
                assert.match(await told(SET, "set", two, both), /port r1: it asks for no OpenFlow number/);
            });
            one.state = await plugin.update(PORT, "r0", one, { ...want, type: "system" }, { checked: true });
            two.state = await plugin.update(SET, "set", two, both, { checked: true });
            assert.deepEqual(await Promise.all(names.map(numberOf)), numbers);
            assert.deepEqual(await Promise.all(names.map(requestOf)), numbers.map(String));
            assert.deepEqual((await held()).flows, [...numbers].sort());
            assert.deepEqual([await told(PORT, "r0", one, want), await told(SET, "set", two, both)], ["", ""]);
        });

        it("is had from when flows hold it, and is no longer asked for once they do not", async () => {
            const plain = { name: "r0", bridge: "nb0", type: "system" };
            const one = await port("r0", plain);
            const two = await set({ r1: {} });
            assert.ok(Math.max(...(await Promise.all(names.map(numberOf)))) < 32768);
            const changed = async (more: Bag) => {
                one.state = await plugin.update(PORT, "r0", one, { ...plain, ...more }, { checked: true });
                two.state = await plugin.update(
                    SET,
                    "set",
                    two,
                    { bridge: "nb0", ports: { r1: more } },
                    { checked: true },
                );
            };
            const before = await Promise.all(names.map(numberOf));
            await changed(meter);
            const numbers = await Promise.all(names.map(numberOf));
            assert.deepEqual(numbers, before, "flows of others may name them");
            assert.deepEqual(await Promise.all(names.map(requestOf)), numbers.map(String));
            assert.deepEqual(
                [one.state.ofportRequest, await told(PORT, "r0", one, { ...alone, ...meter })],
                [undefined, ""],
            );
            assert.deepEqual(await held(), { flows: [...numbers].sort(), meters: [...numbers].sort() });
            await changed({ ...meter, ...security });
            assert.deepEqual(await Promise.all(names.map(numberOf)), numbers);
            await changed({});
            assert.deepEqual(await Promise.all(names.map(requestOf)), ["[]", "[]"]);
            assert.deepEqual(await held(), { flows: [], meters: [] });
        });

        it("is another port's where that asks for it while the link is away: what holds that one is left", async () => {
            await lab.run("ip", "link", "delete", "dev", "r0");
            const declared = { ...alone, type: "system", ofportRequest: 5 };
            const unfinished = unfinishedOf(await plugin.create(PORT, "r0", declared).catch((error: unknown) => error));
            assert.match(unfinished?.reasons.join() ?? "", /No such device|no OpenFlow port r0/);
            const one: Made = { id: "r0", state: unfinished?.state ?? {} };
            const other = await port("n0", { ofportRequest: 5, ...security });
            assert.deepEqual([other.state.ofport, (await held()).flows], [5, [5]]);
            await plugin.delete(PORT, "r0", one);
            assert.deepEqual((await held()).flows, [5]);
            assert.equal(await told(PORT, "n0", other, { name: "n0", ...internal, ofportRequest: 5, ...security }), "");
            await tap("r0");
        });

        it("stays that of its flows and its meter while the link is away, whatever is done then, and go with it", async () => {
            await lab.run("ip", "link", "delete", "dev", "r0");
            await lab.run("ip", "link", "delete", "dev", "r1");
            const left = async (work: Promise<unknown>) => {
                const unfinished = unfinishedOf(await work.catch((error: unknown) => error));
                assert.match(unfinished?.reasons.join() ?? "", /No such device/);
                return unfinished?.state ?? {};
            };
            const [first, second] = [
                { ...alone, ...meter, type: "system" },
                { bridge: "nb0", ports: { r1: { ...security, ...meter } } },
            ];
            const one: Made = { id: "r0", state: await left(plugin.create(PORT, "r0", first)) };
            const two: Made = { id: "nb0", state: await left(plugin.create(SET, "set", second)) };
            const numbers = (await Promise.all(names.map(requestOf))).map(Number).sort();
            const whole = { flows: numbers, meters: numbers };
            assert.deepEqual(await held(), whole);
            assert.deepEqual(await changes(PORT, one.state, first), []);
            assert.deepEqual(await changes(SET, two.state, second), []);
            one.state = await left(plugin.update(PORT, "r0", one, { ...first, tag: 7 }));
            two.state = await left(
                plugin.update(SET, "set", two, { bridge: "nb0", ports: { r1: { ...security, ...meter, tag: 7 } } }),
            );
            assert.deepEqual(await held(), whole);
            const other = await port("n0", security);
            assert.deepEqual((await held()).flows, [other.state.ofport, ...numbers].sort());
            await plugin.delete(PORT, "r0", one);
            await plugin.delete(SET, "set", two);
            assert.deepEqual(await held(), { flows: [other.state.ofport], meters: [] });
            await Promise.all(names.map(tap));
        });
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
