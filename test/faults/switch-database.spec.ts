import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bag } from "../../provider/wire";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { DATABASE, FaultLab } from "./support/fault-lab";
import { assertSound } from "./support/invariants";
import { OVS_BRIDGE, OVS_PORT } from "./support/kind-names";
import { seeded } from "./support/seed";
import { Stack, type Program } from "./support/stack";
import { foreign, look, marks } from "./support/world";

const BRIDGE = "br-db";
const port = (name: string, tag: number) => ({ name, bridge: BRIDGE, type: "internal", tag });

describe("the switch database under faults", function () {
    this.timeout(300_000);
    const lab = new FaultLab(labName("db"));
    const stopped = new FaultLab(labName("half-open"));
    let plugin: Plugin;
    let bridge: Made;
    /** How long a run waits for another end that says nothing any more [ms], each time; it does so while the other tests run. */
    let halfOpen: Promise<number[]>;

    before(async () => {
        await Promise.all([lab.up(), stopped.up()]);
        halfOpen = givenUp();
        halfOpen.catch(() => undefined);
        plugin = await Plugin.start(lab.host);
        bridge = await plugin.create(OVS_BRIDGE, "switch", { name: BRIDGE, datapathType: "netdev" });
    });
    after(async () => {
        await plugin?.stop();
        await Promise.all([lab.down(), stopped.down()]);
    });
    afterEach(() => lab.proxy.set(undefined));

    /**
     * The analogue for a unix socket of a path that drops packets: nothing is closed, and nothing is heard any more. First who
     * listens is stopped before a change, and then a change arrives and what is said of it does not.
     */
    async function givenUp(): Promise<number[]> {
        await stopped.vsctl(
            ...["add-br", "theirs", "--", "set", "Bridge", "theirs", "datapath_type=netdev"],
            ...["--", "add-port", "theirs", "alien0", "--", "set", "Interface", "alien0", "type=internal"],
        );
        await stopped.run("ip", "link", "add", "x-lb", "type", "bridge");
        const theirs = foreign(await look(stopped));
        const other = await Plugin.start(stopped.host);
        const stack = new Stack(other);
        let program: Program = { switch: { type: OVS_BRIDGE, inputs: { name: BRIDGE, datapathType: "netdev" } } };
        assert.deepEqual([...(await stack.up(other, program))], []);
        const waits: number[] = [];
        for (const [name, silence, heard] of [
            ["half0", () => stopped.signal("ovsdb-server", "STOP"), () => stopped.signal("ovsdb-server", "CONT")],
            ["half1", () => stopped.proxy.set({ kind: "swallow" }), () => undefined],
        ] as const) {
            program = { ...program, [name]: { type: OVS_PORT, inputs: port(name, 31), needs: ["switch"] } };
            await silence();
            const started = performance.now();
            const running = stack.up(other, program);
            await stopped.proxy.left();
            waits.push(performance.now() - started);
            await heard();
            assert.deepEqual([...(await running)], []);
            assert.equal(stopped.proxy.inserts("Port", name), 1, `${name} was asked for once`);
            await assertSound(stopped, stack, program, theirs, `${name} was made beside a silence`);
        }
        assert.ok(stopped.proxy.struck, "the reply to a commit was swallowed");
        await other.stop();
        return waits;
    }
    const tagOf = (name: string) => lab.vsctl("--bare", "--columns=tag", "find", "Port", `name=${name}`);
    const portsNamed = async (name: string) =>
        (await lab.vsctl("--bare", "--columns=_uuid", "find", "Port", `name=${name}`)).split("\n").filter(Boolean)
            .length;

    describe("whose server is killed", () => {
        it("before it took a change: nothing of it is there, and it is made by the same run once the server is back", async () => {
            await lab.signal("ovsdb-server", "STOP");
            let isAnswered = false;
            const making = plugin.create(OVS_PORT, "early", port("early0", 5)).finally(() => (isAnswered = true));
            await sleep(100);
            assert.ok(!isAnswered, "it is under way");
            await lab.kill("ovsdb-server");
            await lab.revive();
            await making;
            assert.equal(await tagOf("early0"), "5");
            assert.equal(await portsNamed("early0"), 1);
        });

        it("for good: the run ends in bounded time and says what to start, and the next one works", async () => {
            await lab.kill("ovsdb-server");
            const started = performance.now();
            await assert.rejects(
                plugin.create(OVS_PORT, "away", port("away0", 5)),
                /its database does not answer at .*db\.sock.*Install and start Open vSwitch there/,
            );
            assert.ok(performance.now() - started < 30_000);
            await lab.revive();
            await plugin.create(OVS_PORT, "away", port("away0", 5));
            assert.equal(await tagOf("away0"), "5");
        });

        /** The commit arrives, its reply does not, and the server is killed and started again. */
        async function afterCommit(work: () => Promise<unknown>): Promise<void> {
            const before = Number(await lab.vsctl("get", "Open_vSwitch", ".", "next_cfg"));
            lab.proxy.set({ kind: "swallow" });
            const doing = work();
            await eventually(async () =>
                assert.ok(Number(await lab.vsctl("get", "Open_vSwitch", ".", "next_cfg")) > before),
            );
            assert.ok(lab.proxy.struck, "the reply to a commit was swallowed");
            await lab.kill("ovsdb-server");
            await lab.revive();
            await doing;
        }
        /** How often a row was asked for that carries this key or value, in transactions that were passed on. */
        const asked = (table: string, word: string, since: number) =>
            lab.proxy.transactions
                .slice(since)
                .flat()
                .filter(
                    ({ op, table: of, row }) => op === "insert" && of === table && JSON.stringify(row).includes(word),
                ).length;
        const rowsOf = async (table: string) =>
            (await lab.vsctl("--bare", "--columns=_uuid", "list", table)).split(/\n+/).filter(Boolean).length;
        let made: Made;

        // No index of the schema would keep a second row of the name from being made.
        for (const [type, table, also, inputs] of [
            ["Qos", "QoS", "Queue", { name: "once", type: "linux-htb", queues: { 1: { maxRate: "1Mbit" } } }],
            ["Mirror", "Mirror", undefined, { bridge: BRIDGE, name: "once", selectAll: true, outputVlan: 77 }],
            ["Controller", "Controller", undefined, { bridge: BRIDGE, target: "tcp:127.0.0.1:6799" }],
            ["Sflow", "sFlow", undefined, { bridge: BRIDGE, targets: ["127.0.0.1:6343"] }],
            ["Netflow", "NetFlow", undefined, { bridge: BRIDGE, targets: ["127.0.0.1:2055"] }],
        ] as [string, string, string | undefined, Bag][]) {
            const token = `kvmnet:ovs:${type}`;
            const tables = also ? [table, also] : [table];
            it(`before it took a ${type}: nothing of it is there, and the same run makes it once`, async () => {
                const others = foreign(await look(lab));
                await lab.signal("ovsdb-server", "STOP");
                const before = lab.proxy.transactions.length;
                const making = plugin.create(token, "once", inputs);
                await eventually(() => assert.ok(lab.proxy.transactions.length > before));
                await lab.kill("ovsdb-server");
                await lab.revive();
                made = await making;
                const things = marks(await look(lab)).get(String(made.state.owner)) ?? [];
                assert.deepEqual(things.map((thing) => thing.split(" ")[0]).sort(), tables);
                assert.deepEqual(foreign(await look(lab)), others, "what others have");
                await plugin.delete(token, "once", made);
                assert.equal(await rowsOf(table), 0);
            });

            it(`after it made a ${type}, before it said so: it is found, not made twice, and removed whole`, async () => {
                const before = lab.proxy.transactions.length;
                await afterCommit(async () => (made = await plugin.create(token, "once", inputs)));
                for (const one of tables) {
                    assert.equal(asked(one, "once", before), 1, one);
                    assert.equal(await rowsOf(one), 1, one);
                }
                await afterCommit(() => plugin.delete(token, "once", made));
                for (const one of tables) assert.equal(await rowsOf(one), 0, one);
            });
        }

        it("after it made a port, before it said so: the port is found and not made twice", async () => {
            await afterCommit(async () => (made = await plugin.create(OVS_PORT, "p", port("late0", 6))));
            assert.equal(await portsNamed("late0"), 1);
            assert.equal(await tagOf("late0"), "6");
            assert.equal(lab.proxy.inserts("Port", "late0"), 1);
        });

        it("after it changed a port, before it said so: the port is as declared", async () => {
            await afterCommit(async () => (made.state = await plugin.update(OVS_PORT, "p", made, port("late0", 7))));
            assert.equal(made.state.tag, 7);
            assert.equal(await tagOf("late0"), "7");
        });

        it("after it removed a port, before it said so: the port is gone, and that is success", async () => {
            await afterCommit(() => plugin.delete(OVS_PORT, "p", made));
            assert.equal(await portsNamed("late0"), 0);
        });

        it("after it said so, while ovs-vswitchd is waited for: the wait goes on with the new server", async () => {
            await lab.signal("ovs-vswitchd", "STOP");
            const before = lab.proxy.transactions.length;
            const making = plugin.create(OVS_PORT, "w", port("wait0", 8));
            await eventually(() => assert.ok(lab.proxy.transactions.length > before + 1));
            await sleep(200);
            await lab.kill("ovsdb-server");
            await lab.revive();
            const started = performance.now();
            await making;
            assert.ok(performance.now() - started < 18_000, "a switch that is silent is waited for 20 s");
            assert.equal(lab.proxy.inserts("Port", "wait0"), 1);
        });
    });

    describe("whose connection", () => {
        it("breaks in the middle of a message: the work is done once, wherever the cut is", async () => {
            const { pick, say } = seeded("cut");
            for (let round = 0; round < 6; round++) {
                const of = round % 2 === 0 ? "requests" : "replies";
                const afterBytes = pick(round < 3 ? 400 : 900);
                const what = `${say}, round ${round}: ${of} cut after ${afterBytes} bytes`;
                lab.proxy.set({ kind: "cut", of, afterBytes });
                const made = await plugin.create(OVS_PORT, "cut", port(`cut${round}`, 20 + round));
                assert.ok(lab.proxy.struck, what);
                assert.equal(await tagOf(`cut${round}`), String(20 + round), what);
                assert.equal(await portsNamed(`cut${round}`), 1, what);
                // A removal says less.
                lab.proxy.set({ kind: "cut", of, afterBytes: Math.ceil(afterBytes / 3) });
                await plugin.delete(OVS_PORT, "cut", made);
                assert.ok(lab.proxy.struck, `${what}, at its end`);
                assert.equal(await portsNamed(`cut${round}`), 0, what);
            }
        });

        it("breaks while a new plugin greets it: the work is done, wherever the cut is", async () => {
            for (const [of, afterBytes] of [
                ["requests", 20],
                ["replies", 200],
                ["replies", 10_000],
            ] as const) {
                const fresh = await Plugin.start(lab.host);
                lab.proxy.set({ kind: "cut", of, afterBytes });
                try {
                    const made = await fresh.create(OVS_PORT, "greet", port("greet0", 19));
                    assert.ok(lab.proxy.struck, `the line was cut after ${afterBytes} bytes of ${of}`);
                    await fresh.delete(OVS_PORT, "greet", made);
                } finally {
                    await fresh.stop();
                }
            }
        });

        it("is slow: the work is done", async () => {
            lab.proxy.set({ kind: "delay", ms: 300 });
            await plugin.create(OVS_PORT, "slow", port("slow0", 30));
            assert.equal(await tagOf("slow0"), "30");
        });

        for (const [index, when] of ["before it took a change", "after it took a change"].entries())
            it(`is half open ${when}: it is given up within 10 s, and the work is done once on the next one`, async () => {
                const took = (await halfOpen)[index] ?? NaN;
                assert.ok(took > 4_000 && took < 10_000, `it was given up after ${took.toFixed()} ms`);
            });
    });

    describe("whose file", () => {
        const size = async () => Number(await lab.run("stat", "--format=%s", DATABASE));

        it("is copied at the moment of the reply holds what was promised", async () => {
            const before = lab.proxy.transactions.length;
            await plugin.create(OVS_PORT, "durable", port("dur0", 40));
            const writes = lab.proxy.transactions
                .slice(before)
                .filter((operations) => operations.some(({ op }) => op !== "select"));
            assert.ok(writes.length > 0);
            for (const operations of writes)
                assert.deepEqual(operations.at(-1), { op: "commit", durable: true }, "its reply waits for the disk");
            await lab.run("cp", DATABASE, "/run/copy.db");
            await lab.kill("ovsdb-server");
            await lab.revive("/run/copy.db");
            assert.equal(await tagOf("dur0"), "40");
            await lab.kill("ovsdb-server");
            await lab.revive();
        });

        it("was torn by a power cut loses the last change alone; a refresh tells, and the next run heals it", async () => {
            const stack = new Stack(plugin);
            const program: Program = {
                kept: { type: OVS_PORT, inputs: port("kept0", 41) },
                torn: { type: OVS_PORT, inputs: port("torn0", 42) },
            };
            const { kept = program.torn } = program;
            await lab.vsctl(
                ...["add-br", "beside", "--", "set", "Bridge", "beside", "datapath_type=netdev"],
                ...["--", "add-port", "beside", "alien1", "--", "set", "Interface", "alien1", "type=internal"],
            );
            const theirs = foreign(await look(lab));
            assert.deepEqual([...(await stack.up(plugin, { kept: kept as Program[string] }))], []);
            const whole = await size();
            assert.deepEqual([...(await stack.up(plugin, program))], []);
            await lab.kill("ovsdb-server");
            await lab.run("truncate", `--size=${whole + 40}`, DATABASE);
            await lab.revive();
            await stack.refresh(plugin);
            assert.deepEqual([...stack.kept.keys()], ["kept"]);
            assert.deepEqual([...(await stack.up(plugin, program))], []);
            assert.equal(await tagOf("torn0"), "42");
            assert.deepEqual(foreign(await look(lab)), theirs);
            await lab.vsctl("del-br", "beside");
        });

        it("has no room left: the run says so, the database answers, and with room the next run finishes", async () => {
            await lab.run("mkdir", "-p", "/run/small");
            await lab.run("mount", "-t", "tmpfs", "-o", "size=64k", "small", "/run/small");
            await lab.kill("ovsdb-server");
            await lab.run("ovsdb-tool", "compact", DATABASE, "/run/small/conf.db");
            await lab.revive("/run/small/conf.db");
            const program: Program = Object.fromEntries(
                Array.from({ length: 150 }, (_, index) => [
                    `full${index}`,
                    { type: OVS_PORT, inputs: port(`full${index}`, 50) },
                ]),
            );
            const outcome = await Promise.allSettled(
                Object.entries(program).map(([name, { inputs }]) =>
                    plugin.create(OVS_PORT, name, inputs, { timeout: 1 }),
                ),
            );
            const errors = outcome.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
            const refused = errors.filter((error) => !unfinishedOf(error));
            assert.ok(refused.length > 0);
            for (const { message } of refused)
                assert.match(message, /could not write the change to its file \(\/run\/small\/conf\.db: .*Make room/);
            assert.equal(await portsNamed("dur0"), 1, "it can be read");
            const made = outcome.flatMap((one, index) =>
                one.status === "fulfilled" || unfinishedOf(one.reason) ? [`full${index}`] : [],
            );
            const written = (await lab.vsctl("list-ports", BRIDGE)).split("\n");
            assert.deepEqual(
                written.filter((name) => name.startsWith("full")).sort(),
                made.sort(),
                "nothing of what was refused",
            );
            await lab.run("mount", "-o", "remount,size=8m", "/run/small");
            const stack = new Stack(plugin);
            assert.deepEqual([...(await stack.up(plugin, program))], []);
            const there = (await lab.vsctl("list-ports", BRIDGE)).split("\n");
            assert.equal(there.filter((name) => name.startsWith("full")).length, 150);
            assert.equal((await plugin.read(OVS_BRIDGE, "switch", BRIDGE, {}, bridge.state)).id, BRIDGE);
            const own = [...marks(await look(lab))].filter(([, things]) => things.some((thing) => /full/.test(thing)));
            assert.deepEqual(own.map(([mark]) => mark).sort(), [...stack.owners().values()].sort());
            for (const [mark, things] of own) assert.equal(things.length, 1, `${mark} is on ${things.join()}`);
        });
    });
});
