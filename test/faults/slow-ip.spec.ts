import assert from "node:assert/strict";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, urnOf } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { FaultLab } from "./support/fault-lab";
import { assertSound } from "./support/invariants";
import { IpBetween } from "./support/ip-between";
import { BRIDGE_PORT, LINUX_BRIDGE, TAP } from "./support/kind-names";
import { Stack, type Program } from "./support/stack";
import { foreign, look } from "./support/world";

const program: Program = {
    bridge: { type: LINUX_BRIDGE, inputs: { name: "slow-lb" } },
    ...Object.fromEntries(
        ["slow0", "slow1", "slow2"].flatMap((name): [string, Program[string]][] => [
            [name, { type: TAP, inputs: { name } }],
            [`plug ${name}`, { type: BRIDGE_PORT, inputs: { name, bridge: "slow-lb" }, needs: ["bridge", name] }],
        ]),
    ),
};

describe("an `ip` that is slow", function () {
    this.timeout(300_000);
    const lab = new FaultLab(labName("slow-ip"));
    const engine = new FakeEngine();
    const ip = new IpBetween();
    let plugin: Plugin;
    let stack: Stack;
    let theirs: Map<string, string>;

    before(async () => {
        await lab.up();
        await lab.run("ip", "link", "add", "name", "theirs0", "type", "veth", "peer", "name", "theirs1");
        await lab.run("ip", "link", "add", "name", "theirs-lb", "type", "bridge");
        await lab.run("ip", "link", "set", "dev", "theirs0", "master", "theirs-lb");
        theirs = foreign(await look(lab));
        plugin = await Plugin.start(lab.host, await engine.start(), ip.env);
        stack = new Stack(plugin);
    });
    after(async () => {
        ip.remove();
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    /** What a person is told beside a resource while the work goes on, and how long it took until then [ms]. */
    async function toldOf(type: string, name: string, message: string, since: number): Promise<void> {
        await eventually(() =>
            assert.ok(
                engine.logged.some((one) => one.urn === urnOf(type, name) && one.message === message),
                `told: ${JSON.stringify(engine.logged)}`,
            ),
        );
        const tookMs = performance.now() - since;
        assert.ok(tookMs >= 1_000 && tookMs < 5_000, `it was told after ${tookMs.toFixed()} ms`);
    }
    /** Makes and removals that the kernel was asked for. */
    const changes = () => ip.lines().filter((line) => /^(tuntap|link) (add|delete) /.test(line));

    it("to list links is told after a second, and the run goes on once it answers", async () => {
        ip.hold("listing");
        const started = performance.now();
        const running = stack.up(plugin, program);
        await toldOf(TAP, "slow0", `lists the links of lab ${lab.name} ...`, started);
        ip.release("listing");
        assert.deepEqual([...(await running)], []);
        await assertSound(lab, stack, program, theirs, "after links were listed late");
    });

    it("to change links is told after a second by what it is to do, and nothing is done twice", async () => {
        const { bridge = program.bridge } = program;
        const rest: Program = { bridge: bridge as Program[string] };
        assert.deepEqual([...(await stack.up(plugin, rest))], []);
        const before = changes().length;
        ip.hold("change");
        const started = performance.now();
        const running = stack.up(plugin, program);
        await toldOf(TAP, "slow0", "makes the tap slow0 ...", started);
        assert.ok(!(await look(lab)).links.has("slow0"), "it is not there yet");
        ip.release("change");
        assert.deepEqual([...(await running)], []);
        await assertSound(lab, stack, program, theirs, "after links were changed late");
        assert.equal(changes().length - before, 3, "each tap was made once");
    });

    it("in all that it does slows a run down, and no more", async () => {
        ip.slow(0.1);
        const before = changes().length;
        const started = performance.now();
        await stack.refresh(plugin);
        assert.deepEqual([...(await stack.up(plugin, {}))], []);
        assert.deepEqual([...(await stack.up(plugin, program))], []);
        ip.slow(0);
        assert.ok(performance.now() - started < 60_000);
        await assertSound(lab, stack, program, theirs, "after a run with an `ip` that is slow");
        const [taps, links] = [3, 4];
        assert.equal(changes().length - before, links + taps + 1, "each was removed once and made once");
    });
});
