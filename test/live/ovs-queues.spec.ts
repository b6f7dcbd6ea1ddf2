import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, type Made } from "../provider/plugin";
import { labName } from "../support/labs";
import { meeting, plain } from "../support/wire";
import { ProviderLab } from "./provider-lab";

const [QOS, PORT, SET] = ["kvmnet:ovs:Qos", "kvmnet:ovs:Port", "kvmnet:ovs:PortSet"];

describe("the queues of a QoS on the userspace datapath", function () {
    this.timeout(120_000);
    const lab = new ProviderLab(labName("ovs-queues"));
    const engine = new FakeEngine();
    let plugin: Plugin;
    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host, await engine.start());
        for (const name of ["a0", "b0", "c0"]) {
            await lab.run("ip", "tuntap", "add", "dev", name, "mode", "tap");
            await lab.run("ip", "link", "set", "dev", name, "up");
        }
        await lab.vsctl("add-br", "qs0", "--", "set", "Bridge", "qs0", "datapath_type=netdev", "fail_mode=secure");
        await lab.vsctl("add-port", "qs0", "a0");
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    const lanes = (...numbers: number[]): Bag => ({
        name: "lanes",
        type: "linux-htb",
        maxRate: "1Gbit",
        queues: Object.fromEntries(numbers.map((number) => [number, { maxRate: `${number + 1}Mbit` }])),
    });
    const told = async (work: () => Promise<unknown>) => {
        engine.logged.length = 0;
        await work();
        return engine.logged.flatMap(({ message }) => (/queue/.test(message) ? [message] : []));
    };
    const one = { name: "b0", bridge: "qs0" };
    const both = (c0: Bag): Bag => ({ bridge: "qs0", ports: { c0 } });

    it("do nothing but queue 0, whatever a flow says, and each who gives a port another is warned of it", async () => {
        const made: { qos?: Made; port?: Made; set?: Made } = {};
        assert.deepEqual(await told(async () => (made.qos = await plugin.create(QOS, "lanes", lanes(0, 1)))), []);
        const shaped = { ...one, qos: "lanes" };
        const [first = "", ...more] = await told(async () => (made.port = await plugin.create(PORT, "b0", shaped)));
        assert.match(first, /^The QoS lanes has the queue 1, into which nothing comes at the port b0: .*queue 0/);
        assert.deepEqual(more, []);

        const [from, to] = await Promise.all(["a0", "b0"].map((name) => lab.vsctl("get", "Interface", name, "ofport")));
        await lab.run("ovs-ofctl", "add-flow", "qs0", `in_port=${from},actions=set_queue:1,output:${to}`);
        const frame = plain({ from: "52:54:00:00:00:01", length: 500 });
        const { b0 } = await meeting(lab.run.bind(lab), { a0: [["every", 10, frame]], b0: [] }, () =>
            setTimeout(2_000),
        );
        assert.ok(b0.heard.filter(({ length }) => length === frame.length).length > 50, "they pass");
        const classes = await lab.run("tc", "-s", "class", "show", "dev", "b0");
        const sent = (id: string) => Number(new RegExp(`class htb ${id} [^]*?Sent (\\d+) bytes`).exec(classes)?.[1]);
        assert.ok(sent("1:1") > 50 * frame.length, "by queue 0");
        assert.equal(sent("1:2"), 0);

        const change = async (inputs: Bag) => (made.qos!.state = await plugin.update(QOS, "lanes", made.qos!, inputs));
        assert.deepEqual(await told(() => change({ ...lanes(0, 1), maxRate: "2Gbit" })), []);
        const [added = "", ...others] = await told(() => change(lanes(0, 1, 7)));
        assert.match(added, /^The QoS lanes has the queues 1, 7, into which nothing comes at the port b0: /);
        assert.deepEqual(others, []);

        const free = async () => (made.set = await plugin.create(SET, "set", both({})));
        assert.deepEqual(await told(free), []);
        const set = async (c0: Bag) => (made.set!.state = await plugin.update(SET, "set", made.set!, both(c0)));
        const [ofSet = ""] = await told(() => set({ qos: "lanes" }));
        assert.match(ofSet, /^The QoS lanes has the queues 1, 7, into which nothing comes at the port c0: /);
        assert.deepEqual(await told(() => set({ qos: "lanes", tag: 5 })), []);
        assert.deepEqual(await told(() => change(lanes(0))), []);
        await plugin.delete(SET, "set", made.set!);
        await plugin.delete(PORT, "b0", made.port!);
        assert.deepEqual(await told(async () => (made.port = await plugin.create(PORT, "b0", shaped))), []);
        await plugin.delete(PORT, "b0", made.port!);
        await plugin.delete(QOS, "lanes", made.qos!);
    });
});
