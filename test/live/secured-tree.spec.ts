import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { Bag } from "../../provider/wire";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { meeting, rootClaim } from "../support/wire";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { ProviderLab } from "./provider-lab";

const [PORT, SET] = ["kvmnet:ovs:Port", "kvmnet:ovs:PortSet"];
const security = { portSecurity: { mac: "52:54:00:00:00:01" } };
const other = "02:00:00:00:00:99";
const OFF = '{rstp-enable="false", stp-enable="false"}';

describe("a secured port and its bridge's spanning tree", function () {
    this.timeout(120_000);
    const lab = new ProviderLab(labName("secured-tree"));
    let plugin: Plugin;
    let made: [type: string, name: string, made: Made][] = [];
    const taps = ["g0", "g1", "g2"];
    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host);
        for (const name of taps) {
            await lab.run("ip", "tuntap", "add", "dev", name, "mode", "tap");
            await lab.run("ip", "link", "set", "dev", name, "up");
        }
    });
    beforeEach(() =>
        lab.vsctl("add-br", "tr0", "--", "set", "Bridge", "tr0", "datapath_type=netdev", "fail_mode=secure"),
    );
    afterEach(async () => {
        for (const [type, name, one] of made) await plugin.delete(type, name, one);
        made = [];
        await lab.vsctl("del-br", "tr0");
    });
    after(async () => {
        await plugin?.stop();
        await lab.down();
    });

    const one = (more: Bag = {}): Bag => ({ name: "g0", bridge: "tr0", type: "system", ...more });
    const port = async (more: Bag = {}) => {
        const port = await plugin.create(PORT, "g0", one(more), { checked: true });
        made.push([PORT, "g0", port]);
        return port;
    };
    const both = (more: Bag = {}): Bag => ({ bridge: "tr0", ports: { g1: more, g2: {} } });
    const set = async (more: Bag = {}) => {
        const set = await plugin.create(SET, "set", both(more), { checked: true });
        made.push([SET, "set", set]);
        return set;
    };
    /** Both, as they become with an update. */
    const changed = async (port: Made, set: Made, more: Bag, of: Bag = more) => {
        port.state = await plugin.update(PORT, "g0", port, one(more), { checked: true });
        set.state = await plugin.update(SET, "set", set, both(of), { checked: true });
    };
    const configOf = (name: string) => lab.vsctl("get", "Port", name, "other_config");
    const configs = () => Promise.all(taps.map(configOf));
    const faultOf = async (type: string, name: string, { id, state }: Made, want: Bag) => {
        const { inputs } = await plugin.check(type, want);
        const read = await plugin.read(type, name, id, inputs, state).catch((error: unknown) => error);
        return unfinishedOf(read)?.reasons.join() ?? "";
    };

    for (const kind of ["stp", "rstp"] as const)
        it(`cannot become the root of ${kind}, as a port that is not secured can, and is not waited for`, async () => {
            await lab.vsctl("set", "Bridge", "tr0", `${kind}_enable=true`);
            const started = performance.now();
            await port(security);
            assert.ok(performance.now() - started < 4_000, "it has no state to come");
            await plugin.delete(PORT, "g0", made.pop()![2]);
            await lab.vsctl("set", "Bridge", "tr0", `${kind}_enable=false`);
            await port(security);
            await set(security);
            await lab.vsctl("set", "Bridge", "tr0", `${kind}_enable=true`);
            const rootAfter = async (...names: string[]) => {
                const said = names.map((name) => [name, [["every", 50, rootClaim(kind, other)]]] as const);
                let root: string | undefined;
                await meeting(lab.run.bind(lab), Object.fromEntries(said) as never, async () => {
                    await setTimeout(3_000);
                    const told = await lab.run("ovs-appctl", `${kind}/show`, "tr0");
                    root = /Root ID:[^]*?stp-system-id\s+(\S+)/.exec(told)?.[1];
                });
                return root;
            };
            assert.notEqual(await rootAfter("g0", "g1"), other);
            assert.equal(await rootAfter("g2"), other);
        });

    it("have nothing to do with each other from when it is secured, and as long as it is", async () => {
        const [port0, set0] = [await port(), await set()];
        assert.deepEqual(await configs(), ["{}", "{}", "{}"]);
        await changed(port0, set0, security);
        assert.deepEqual(await configs(), [OFF, OFF, "{}"]);
        await changed(port0, set0, { ...security, tag: 5 });
        assert.deepEqual(await configs(), [OFF, OFF, "{}"]);
        await changed(port0, set0, { tag: 5 });
        assert.deepEqual(await configs(), ["{}", "{}", "{}"]);
    });

    it("leaves what others say of one that is not secured", async () => {
        const [port0, set0] = [await port(), await set()];
        for (const name of taps) await lab.vsctl("set", "Port", name, "other_config:stp-enable=false");
        await changed(port0, set0, { tag: 5 });
        assert.deepEqual(await configs(), Array(3).fill('{stp-enable="false"}'));
    });

    it("keeps of it what is declared, whether it is secured or not", async () => {
        const declared = { otherConfig: { "stp-enable": "false", "x-else": "1" } };
        const port0 = await port({ ...security, ...declared });
        const changes = async (more: Bag) => {
            const { inputs } = await plugin.check(PORT, one(more));
            return (await plugin.diff(PORT, port0.state, inputs)).detaileddiffMap.map(([property]) => property);
        };
        const to = async (more: Bag) => {
            port0.state = await plugin.update(PORT, "g0", port0, one(more), { checked: true });
            assert.deepEqual(await changes(more), []);
            return configOf("g0");
        };
        assert.deepEqual(await changes({ ...security, ...declared }), []);
        assert.equal(await to(declared), '{stp-enable="false", x-else="1"}');
        assert.equal(await to({ otherConfig: { "stp-enable": "true" } }), '{stp-enable="true"}');
        assert.equal(await to(security), OFF);
        assert.equal(await to({ ...security, ...declared }), `{rstp-enable="false", stp-enable="false", x-else="1"}`);
        assert.equal(await to(security), OFF);
        assert.equal(await to({}), "{}");
    });

    it("are told to meet where the rows do not say otherwise, as those of former versions, until the next update", async () => {
        const [port0, set0] = [await port(security), await set(security)];
        const told = async () => [
            await faultOf(PORT, "g0", port0, one(security)),
            await faultOf(SET, "set", set0, both(security)),
        ];
        assert.deepEqual(await told(), ["", ""]);
        for (const change of [
            ["remove", "Port", "other_config", "stp-enable", "rstp-enable"],
            ["set", "Port", "other_config:rstp-enable=true"],
        ]) {
            const [verb = "", table = "", ...rest] = change;
            for (const name of ["g0", "g1"]) await lab.vsctl(verb, table, name, ...rest);
            await eventually(async () => {
                const [ofPort = "", ofSet = ""] = await told();
                assert.match(ofPort, /^OVS port g0: it takes part in spanning tree/);
                assert.match(ofSet, /^OVS port set tr0: port g1: it takes part in spanning tree/);
            });
            await changed(port0, set0, security);
            assert.deepEqual(await configs(), [OFF, OFF, "{}"]);
            assert.deepEqual(await told(), ["", ""]);
        }
    });

    it("is no difference after an import, which declares nothing of it", async () => {
        await port(security);
        await set(security);
        for (const name of taps) await lab.vsctl("remove", "Port", name, "external_ids", "kvmnet-owner");
        for (const [type, id] of [
            [PORT, "g0"],
            [SET, "tr0/g1,g2"],
        ] as const) {
            const { inputs, state } = await plugin.read(type, "imported", id);
            assert.match(JSON.stringify(inputs), /portSecurity/);
            assert.doesNotMatch(JSON.stringify(inputs), /otherConfig/);
            assert.deepEqual((await plugin.diff(type, state, inputs)).detaileddiffMap, []);
        }
    });

    it("is so, too, where a port of somebody else's that takes part in it is imported and secured", async () => {
        await lab.vsctl("add-port", "tr0", "g0", "--", "set", "Port", "g0", "other_config:stp-enable=true");
        const { inputs, state } = await plugin.read(PORT, "g0", "g0");
        assert.deepEqual(inputs.otherConfig, { "stp-enable": "true" });
        const port0: Made = { id: "g0", state };
        made.push([PORT, "g0", port0]);
        port0.state = await plugin.update(PORT, "g0", port0, one(security), { checked: true });
        assert.equal(await configOf("g0"), OFF);
    });
});
