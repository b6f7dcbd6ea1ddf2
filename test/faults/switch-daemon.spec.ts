import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bag } from "../../provider/wire";
import { Plugin, unfinishedOf } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { BEHIND, FaultLab, type Daemon } from "./support/fault-lab";
import { assertSound } from "./support/invariants";
import { OVS_BRIDGE, OVS_PORT, PORT_SET, TAP } from "./support/kind-names";
import { Stack, type Program } from "./support/stack";
import { foreign, look } from "./support/world";

const BRIDGE = "br-sw";
const port = (name: string, tag: number) => ({ name, bridge: BRIDGE, type: "internal", tag });

describe("the switch's daemon under faults", function () {
    this.timeout(300_000);
    const lab = new FaultLab(labName("switch"));
    let plugin: Plugin;
    let stack: Stack;
    let program: Program = { switch: { type: OVS_BRIDGE, inputs: { name: BRIDGE, datapathType: "netdev" } } };
    let theirs: Map<string, string>;
    before(async () => {
        await lab.up();
        theirs = foreign(await look(lab));
        plugin = await Plugin.start(lab.host);
        stack = new Stack(plugin);
        assert.deepEqual([...(await stack.up(plugin, program))], []);
    });
    after(async () => {
        await plugin?.stop();
        await lab.down();
    });

    for (const [state, away, back] of [
        ["hangs", () => lab.signal("ovs-vswitchd", "STOP"), () => lab.signal("ovs-vswitchd", "CONT")],
        ["is not running", () => lab.kill("ovs-vswitchd"), () => lab.start("ovs-vswitchd")],
    ] as const)
        it(`that ${state} is named in bounded time; the object is kept, and the next run finishes it`, async () => {
            const name = state === "hangs" ? "hang0" : "down0";
            const inputs = port(name, 3);
            await away();
            const started = performance.now();
            const left = unfinishedOf(
                await plugin.create(OVS_PORT, name, inputs, { timeout: 1 }).catch((error: unknown) => error),
            );
            assert.ok(performance.now() - started < 15_000, "a wait is 20 s otherwise");
            assert.match(
                left?.reasons[0] ?? "",
                new RegExp(`ovs-vswitchd on lab ${lab.name} does not answer \\(waited 1 s\\)`),
            );
            await back();
            const made = { id: name, state: left?.state ?? {} };
            const now = await plugin.update(OVS_PORT, name, made, inputs);
            assert.equal(now.tag, 3);
            await plugin.delete(OVS_PORT, name, { id: name, state: now });
        });

    it("that hangs is waited for by what asks it about flows as long as customTimeouts says, which the error names", async () => {
        await lab.signal("ovs-vswitchd", "STOP");
        const started = performance.now();
        const flows = { bridge: BRIDGE, flows: ["table=10,priority=7,udp,actions=drop"] };
        await assert.rejects(
            plugin.create("kvmnet:ovs:Flows", "hang", flows, { timeout: 2 }),
            /ovs-vswitchd does not answer \(waited 2 s\)\. .*customTimeouts/,
        );
        assert.ok(performance.now() - started < 15_000, "a wait is 20 s otherwise");
        await lab.signal("ovs-vswitchd", "CONT");
    });

    it("that hangs keeps a cancelled run no longer, and what is there stays for the next one", async () => {
        await lab.signal("ovs-vswitchd", "STOP");
        const doomed = await Plugin.start(lab.host);
        const waiting = doomed.create(OVS_PORT, "c", port("c0", 4)).catch((error: unknown) => error);
        await eventually(async () => assert.match(await lab.vsctl("list-ports", BRIDGE), /^c0$/m));
        const started = performance.now();
        await doomed.cancel();
        assert.match(unfinishedOf(await waiting)?.reasons[0] ?? "", /cancelled/);
        assert.ok(performance.now() - started < 15_000, "a wait is 20 s otherwise");
        await doomed.stop();
        await lab.signal("ovs-vswitchd", "CONT");
        const made = await plugin.create(OVS_PORT, "c", port("c0", 4));
        await plugin.delete(OVS_PORT, "c", made);
    });

    /** Taps and their ports, and what else a run makes. */
    const many = (count: number): Program => ({
        ...program,
        ...Object.fromEntries(
            Array.from({ length: count }, (_, index): [string, Program[string]][] => [
                [`tap${index}`, { type: TAP, inputs: { name: `t${index}` } }],
                [
                    `port${index}`,
                    {
                        type: OVS_PORT,
                        inputs: { name: `t${index}`, bridge: BRIDGE, tag: 100 + index },
                        needs: ["switch", `tap${index}`],
                    },
                ],
            ]).flat(),
        ),
    });

    it("that takes up a set late leaves time to others, whose changes are in the state", async () => {
        await lab.signal("ovs-vswitchd", "STOP");
        const ports = Object.fromEntries(["late1", "late2", "late3"].map((name) => [name, { tag: 7, tap: {} }]));
        const making = plugin.create(PORT_SET, "late", { bridge: BRIDGE, ports });
        const unplugged = async () =>
            (await lab.tries("ovs-vsctl", `--db=unix:${BEHIND}`, "get", "Port", "late3", "name")) !== 0;
        while (await unplugged()) await sleep(20);
        // What was made is looked at by now.
        await sleep(200);
        await lab.vsctl("--no-wait", "set", "Port", "late1", "tag=8");
        await lab.vsctl("--no-wait", "set", "Interface", "late2", 'mac="02:00:00:00:00:07"');
        await lab.signal("ovs-vswitchd", "CONT");
        const { state } = await making;
        const of = state.ports as Record<string, Bag>;
        assert.deepEqual([of.late1?.tag, of.late2?.mac, of.late3?.tag], [8, "02:00:00:00:00:07", 7]);
        assert.deepEqual(Object.keys(state.ofports as Bag).sort(), ["late1", "late2", "late3"]);
        await plugin.delete(PORT_SET, "late", { id: BRIDGE, state });
    });

    it("that is killed and started while ports are made has all of them in the end", async () => {
        program = many(20);
        const running = stack.up(plugin, program);
        await sleep(60);
        await lab.kill("ovs-vswitchd");
        await lab.start("ovs-vswitchd");
        assert.deepEqual([...(await running)], []);
        await assertSound(lab, stack, program, theirs, "restarted at work");
    });

    /** A program declares a link once; here several resources have the same, one after the other. */
    const CHECKED = { checked: true };
    const set = (ports: Bag): Bag => ({ bridge: BRIDGE, ports });
    /** Removals that the daemon does not hear of before it is killed. */
    const removals: [what: string, make: () => Promise<() => Promise<unknown>>][] = [
        [
            "what was removed",
            async () => {
                const made = await plugin.create(OVS_PORT, "left", { name: "left0", bridge: BRIDGE, type: "internal" });
                return () => plugin.delete(OVS_PORT, "left", made);
            },
        ],
        [
            "a set that was removed",
            async () => {
                const made = await plugin.create(PORT_SET, "left", set({ left0: { type: "internal" } }), CHECKED);
                return () => plugin.delete(PORT_SET, "left", made);
            },
        ],
        [
            "what a set no longer has",
            async () => {
                const made = await plugin.create(PORT_SET, "left", set({ left0: { type: "internal" } }), CHECKED);
                return async () => {
                    made.state = await plugin.update(PORT_SET, "left", made, set({}), CHECKED);
                    await plugin.delete(PORT_SET, "left", made);
                };
            },
        ],
    ];
    for (const [removed, make] of removals)
        for (const [what, isTold] of [
            ["", true],
            [", though it had not told the number of the link yet", false],
        ] as const)
            it(`that is killed before it lets go of ${removed}, with its connection, leaves no link of it${what}`, async () => {
                const remove = await make();
                const isThere = async () => (await lab.tries("ip", "link", "show", "dev", "left0")) === 0;
                assert.ok(await isThere());
                await eventually(async () =>
                    assert.match(await lab.vsctl("get", "Interface", "left0", "ifindex"), /^\d/),
                );
                await lab.signal("ovs-vswitchd", "STOP");
                if (!isTold) await lab.vsctl("--no-wait", "clear", "Interface", "left0", "ifindex");
                const going = remove();
                await eventually(async () => assert.doesNotMatch(await lab.vsctl("list-ports", BRIDGE), /^left0$/m));
                lab.proxy.hangUp();
                await lab.kill("ovs-vswitchd");
                await lab.start("ovs-vswitchd");
                await going;
                assert.ok(!(await isThere()));
            });

    it("that is started anew later has its ports again without a run of ours", async () => {
        await lab.kill("ovs-vswitchd");
        await lab.start("ovs-vswitchd");
        await lab.vsctl("set", "Open_vSwitch", ".", "external_ids:seen=yes");
        await assertSound(lab, stack, program, theirs, "restarted");
    });

    it("and its database that stand still in turn only slow a run down", async () => {
        let busy = true;
        const daemons: Daemon[] = ["ovs-vswitchd", "ovsdb-server"];
        const bursts = (async () => {
            for (let round = 0; busy; round++) {
                const daemon = daemons[round % 2] as Daemon;
                await lab.signal(daemon, "STOP");
                await sleep(180);
                await lab.signal(daemon, "CONT");
                await sleep(20);
            }
        })();
        const started = performance.now();
        const grown = many(30);
        assert.deepEqual([...(await stack.up(plugin, grown))], []);
        assert.deepEqual([...(await stack.up(plugin, program))], []);
        busy = false;
        await bursts;
        assert.ok(performance.now() - started < 60_000);
        await assertSound(lab, stack, program, theirs, "stopped in bursts");
    });
});
