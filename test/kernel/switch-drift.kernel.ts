import assert from "node:assert/strict";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { run, runJson, startOvs, tryRun } from "../support/kernel-guest";

const [BRIDGE, PORT, SET, QOS] = ["kvmnet:ovs:Bridge", "kvmnet:ovs:Port", "kvmnet:ovs:PortSet", "kvmnet:ovs:Qos"];

describe("Open vSwitch on the kernel's datapath, changed by others", function () {
    this.timeout(600_000);
    const engine = new FakeEngine();
    let plugin: Plugin;
    let bridge: Made;
    let gold: Made;
    const home: Bag = { name: "kd0", failMode: "secure" };
    before(async () => {
        await startOvs();
        await run("modprobe", "tun");
        plugin = await Plugin.start("local", await engine.start());
        bridge = await plugin.create(BRIDGE, "kd", home);
        gold = await plugin.create(QOS, "kd", { name: "kd-gold", type: "linux-htb", maxRate: "50Mbit" });
    });
    after(async () => {
        if (gold) await plugin.delete(QOS, "kd", gold);
        if (bridge) await plugin.delete(BRIDGE, "kd", bridge);
        await plugin?.stop();
        engine.stop();
    });

    const veth = (name: string) =>
        run("ip", "link", "add", "name", name, "up", "type", "veth", "peer", "name", `${name}-far`);
    const removed = (name: string) => run("ip", "link", "delete", "dev", name);
    const ofport = async (name: string) => Number(await run("ovs-vsctl", "get", "Interface", name, "ofport"));
    const mtu = async (name: string) =>
        (await runJson<{ mtu: number }[]>("ip", "-json", "link", "show", "dev", name))[0]?.mtu;
    const police = async (link: string) =>
        (await run("tc", "filter", "show", "dev", link, "ingress")).match(/police.*? rate (\w+)/s)?.[1];
    const isShaped = async (link: string) => /htb .*ceil 50Mbit/.test(await run("tc", "class", "show", "dev", link));
    /** The OpenFlow numbers at which flows stand. */
    const guarded = async () => {
        const flows = await run("ovs-ofctl", "-OOpenFlow13", "--no-names", "dump-flows", "kd0");
        const numbers = [...flows.matchAll(/in_port=(\d+)/g)].map(([, number]) => Number(number));
        return [...new Set(numbers)].sort((a, b) => a - b);
    };
    const changes = async (type: string, made: Made, inputs: Bag) => {
        const { inputs: wanted, failures } = await plugin.check(type, inputs);
        assert.deepEqual(failures, {});
        const { detaileddiffMap } = await plugin.diff(type, made.state, wanted);
        return detaileddiffMap.map(([property]) => property).sort();
    };
    /** A refresh, whose state stays, and what it says is wrong. */
    const told = async (type: string, made: Made, inputs: Bag): Promise<string> => {
        const wanted = (await plugin.check(type, inputs)).inputs;
        try {
            made.state = (await plugin.read(type, "kd", made.id, wanted, made.state)).state;
            return "";
        } catch (error) {
            const unfinished = unfinishedOf(error);
            assert.ok(unfinished, String(error));
            made.state = unfinished.state;
            return unfinished.reasons.join();
        }
    };
    /** A refresh tells all of this in time: it may take a list of links that is a moment old. */
    const tells = (type: string, made: Made, inputs: Bag, ...all: RegExp[]) =>
        eventually(async () => {
            const reasons = await told(type, made, inputs);
            for (const what of all) assert.match(reasons, what);
        });
    /** An update, after which a refresh finds nothing and a preview is empty. */
    const repaired = async (type: string, made: Made, inputs: Bag) => {
        made.state = await plugin.update(type, "kd", made, inputs);
        assert.equal(await told(type, made, inputs), "");
        assert.deepEqual(await changes(type, made, inputs), []);
    };

    it("takes the next link of a name with all that holds it by itself, whoever was plugged meanwhile", async () => {
        const limits = { ingress: { rate: "10Mbit" }, qos: "kd-gold" };
        const inputs = { name: "kda", bridge: "kd0", ...limits, portSecurity: { mac: "52:54:00:00:00:01" } };
        await veth("kda");
        const made = await plugin.create(PORT, "kd", inputs);
        const former = await ofport("kda");
        await removed("kda");
        await tells(PORT, made, inputs, /could not open network device kda \(No such device\)/);
        await run("ovs-vsctl", "add-port", "kd0", "kdo", "--", "set", "Interface", "kdo", "type=internal");
        assert.deepEqual(await guarded(), [former]);
        await veth("kda");
        await eventually(async () => assert.equal(await ofport("kda"), former));
        assert.deepEqual(await guarded(), [former]);
        await eventually(async () => assert.deepEqual([await police("kda"), await isShaped("kda")], ["10Mbit", true]));
        assert.equal(await told(PORT, made, inputs), "");
        assert.deepEqual(await changes(PORT, made, inputs), []);
        await run("ovs-vsctl", "del-port", "kd0", "kdo");

        for (const what of ["qdisc", "filter"]) {
            await run("tc", what, "delete", "dev", "kda", "ingress");
            await tells(PORT, made, inputs, /its ingress limit is not in force/);
            assert.equal(await police("kda"), undefined);
            await repaired(PORT, made, inputs);
            assert.equal(await police("kda"), "10Mbit");
        }

        await run("ovs-vsctl", "del-port", "kda");
        assert.notDeepEqual(await guarded(), []);
        await plugin.delete(PORT, "kd", made);
        assert.deepEqual(await guarded(), []);
        await removed("kda");
    });

    it("takes the next link of a bond, which names the one that is gone", async () => {
        const inputs = { name: "kdb", bridge: "kd0", interfaces: ["kdb0", "kdb1"], qos: "kd-gold" };
        await veth("kdb0");
        await veth("kdb1");
        const made = await plugin.create(PORT, "kd", inputs);
        await removed("kdb1");
        await tells(PORT, made, inputs, /kdb1: Open vSwitch says: .*No such device/);
        await veth("kdb1");
        await eventually(async () => assert.ok((await ofport("kdb1")) > 0));
        await eventually(async () => assert.ok(await isShaped("kdb1")));
        assert.equal(await told(PORT, made, inputs), "");
        assert.deepEqual(await changes(PORT, made, inputs), []);
        await plugin.delete(PORT, "kd", made);
        for (const link of ["kdb0", "kdb1"]) await removed(link);
    });

    it("sets links up that it has made and that somebody deleted or set down, and gives them the MTU of the bridge where none is asked", async () => {
        const ports = {
            kdi0: { type: "internal" },
            kdi1: { type: "tap" },
            kdi2: { type: "internal" },
            kdi3: { tap: { mtu: 1400 } },
        };
        const inputs = { bridge: "kd0", ports };
        const asking = { ...inputs, ports: { ...ports, kdi2: { ...ports.kdi2, mtuRequest: 1300 } } };
        const are = (...mtus: number[]) =>
            eventually(async () => assert.deepEqual(await Promise.all(["kd0", "kdi2", "kdi3"].map(mtu)), mtus));
        const made = await plugin.create(SET, "kd", asking);
        await are(1300, 1300, 1400);
        await run("ovs-appctl", "dpctl/del-if", "ovs-system", "kdi0");
        await removed("kdi1");
        for (const name of ["kd0", "kdi2"]) await run("ip", "link", "set", "dev", name, "down");
        const down = ["kdi0", "kdi1", "kdi2"].map((name) => new RegExp(`port ${name}: its link is set down`));
        await tells(SET, made, asking, ...down);
        await repaired(SET, made, inputs);
        await are(1400, 1400, 1400);
        assert.match(await told(BRIDGE, bridge, home), /OVS bridge kd0: its link is set down/);
        await repaired(BRIDGE, bridge, home);
        await plugin.delete(SET, "kd", made);
    });

    it("is imported port by port and as a set, without a difference", async () => {
        await veth("kdp0");
        await run("ip", "tuntap", "add", "dev", "kdp1", "mode", "tap");
        const made: [name: string, ...settings: string[]][] = [
            ["kdp0", "ingress_policing_rate=4000", "mtu_request=1400"],
            ["kdp1"],
            ["kdp2", "type=internal"],
            ["kdp3", "type=gre", "options:remote_ip=192.0.2.8"],
        ];
        const added = made.flatMap(([name, ...settings]) => [
            ...["--", "add-port", "kd0", name],
            ...(settings.length > 0 ? ["--", "set", "Interface", name, ...settings] : []),
        ]);
        await run("ovs-vsctl", ...added.slice(1));
        await eventually(async () => assert.equal(await police("kdp0"), "4Mbit"));
        for (const [type, name, id] of [...made.map(([name]) => [PORT, name, name]), [SET, "kdp", "kd0/all"]]) {
            const there = await plugin.read(String(type), String(name), String(id));
            const { diffsList } = await plugin.diff(String(type), there.state, there.inputs);
            assert.deepEqual(diffsList, [], String(id));
            if (type === SET) await plugin.delete(SET, "kdp", { id: "kd0", state: there.state });
        }
        assert.equal(await police("kdp0"), undefined);
        await removed("kdp0");
        assert.equal((await tryRun("ip", "link", "show", "dev", "kdp1")).exitCode, 1, "the tap is the set's");
    });

    describe("as twenty taps of a set", () => {
        const tap: Bag = { tap: {}, tag: 5 };
        const secured: Bag = { ...tap, ingress: { rate: "10Mbit" }, portSecurity: { mac: "52:54:00:00:00:02" } };
        const rest = Array.from({ length: 14 }, (_, index) => [`kdt${index + 6}`, tap]);
        const ports: Record<string, Bag> = {
            ...{ kdt0: secured, kdt1: secured, kdt2: secured, kdt3: { ...tap, qos: "kd-gold" }, kdt4: tap, kdt5: tap },
            ...(Object.fromEntries(rest) as Record<string, Bag>),
            ...{ kdt8: { ...tap, ingress: { rate: "10Mbit" } }, kdt9: { ...tap, ingress: { rate: "10Mbit" } } },
        };
        const inputs = { bridge: "kd0", ports };
        let made: Made;
        before(async () => (made = await plugin.create(SET, "kd", inputs)));

        const names = async () => (await run("ovs-vsctl", "list-ports", "kd0")).split("\n").filter(Boolean);
        const numbers = () => Promise.all(["kdt0", "kdt1", "kdt2"].map(ofport));

        it("is made, and changed port by port", async () => {
            assert.equal((await names()).length, 20);
            assert.deepEqual(
                await guarded(),
                (await numbers()).sort((a, b) => a - b),
            );
            assert.deepEqual(await changes(SET, made, inputs), []);
            const { kdt19: _, ...stay } = ports;
            const other = { ...inputs, ports: { ...stay, kdt0: tap, kdt4: { ...tap, tag: 6 }, kdt20: tap } };
            assert.deepEqual(await changes(SET, made, other), [
                "ports.kdt0.ingress",
                "ports.kdt0.portSecurity",
                "ports.kdt19",
                "ports.kdt20",
                "ports.kdt4.tag",
            ]);
            await repaired(SET, made, other);
            assert.equal(await police("kdt0"), undefined);
            assert.equal((await guarded()).length, 2);
            made.state = await plugin.update(SET, "kd", made, inputs);
            assert.equal(await police("kdt0"), "10Mbit");
        });

        it("tells what others did to it, and is whole after an update", async () => {
            const [, second] = await numbers();
            await run("ovs-vsctl", "del-port", "kdt1", "--", "set", "Port", "kdt5", "tag=9");
            for (const name of ["kdt2", "kdt6"]) await removed(name);
            await run("ip", "link", "set", "dev", "kdt7", "down");
            await run("tc", "qdisc", "replace", "dev", "kdt3", "root", "noqueue");
            await run("tc", "qdisc", "delete", "dev", "kdt8", "ingress");
            await run("tc", "filter", "delete", "dev", "kdt9", "ingress");
            await run("ovs-vsctl", "set", "Interface", "kdt0", "ingress_policing_rate=1");
            await tells(
                SET,
                made,
                inputs,
                ...["kdt2", "kdt6"].map((name) => new RegExp(`port ${name}: .*\\(No such device\\)`)),
                /port kdt3: its QoS is not in force/,
                /port kdt8: its ingress limit is not in force/,
                /port kdt9: its ingress limit is not in force/,
                /port kdt7: its tap is set down/,
                new RegExp(`flows .* are at the OpenFlow number ${second},`),
            );
            assert.deepEqual(await changes(SET, made, inputs), [
                "ports.kdt0.ingress.rate",
                "ports.kdt1",
                "ports.kdt2.tap",
                "ports.kdt5.tag",
                "ports.kdt6.tap",
            ]);
            await repaired(SET, made, inputs);
            assert.deepEqual(
                await guarded(),
                (await numbers()).sort((a, b) => a - b),
            );
            for (const name of ["kdt0", "kdt1", "kdt2", "kdt8", "kdt9"]) assert.equal(await police(name), "10Mbit");
            assert.ok(await isShaped("kdt3"));
        });

        it("is gone with its taps and flows", async () => {
            await plugin.delete(SET, "kd", made);
            assert.deepEqual(await names(), []);
            assert.deepEqual(await guarded(), []);
            assert.doesNotMatch(await run("ip", "-brief", "link"), /^kdt/m);
        });
    });
});
