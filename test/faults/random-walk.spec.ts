import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Plugin } from "../provider/plugin";
import { labName } from "../support/labs";
import { FaultLab } from "./support/fault-lab";
import { assertHeld } from "./support/held-by-flows";
import { assertSound } from "./support/invariants";
import { seeded } from "./support/seed";
import { Stack } from "./support/stack";
import { Walk } from "./support/walk";
import { foreign, look } from "./support/world";

const STEPS = Number(process.env.KVMNET_STEPS ?? 500);
const chance = seeded("walk");

describe("a random walk of operations and faults", function () {
    this.timeout(60_000 + STEPS * 1_200);
    const lab = new FaultLab(labName("walk"));
    /** Answers checks and diffs, and is never killed. */
    let judge: Plugin;
    let plugin: Plugin;
    /** Started ahead, so that a kill costs little. */
    let next: Promise<Plugin>;
    const prepare = () => {
        next = Plugin.start(lab.host);
        next.catch(() => undefined);
    };

    /** Of which a program holds some, and gives back what they were. */
    const settings = async () => ({
        forwarding: await lab.run("cat", "/proc/sys/net/ipv4/ip_forward"),
        queue: await lab.run("cat", "/sys/class/net/their-tap/tx_queue_len"),
        rules: await lab.run("ip", "rule", "show"),
        switch: await lab.vsctl("get", "Open_vSwitch", ".", "other_config"),
        routes: await lab.run("ip", "route", "show", "table", "all", "proto", "145"),
    });

    before(async () => {
        await lab.up();
        await lab.vsctl("add-br", "theirs", "--", "set", "Bridge", "theirs", "datapath_type=netdev");
        await lab.run("ip", "link", "add", "their-lb", "type", "bridge");
        await lab.run("ip", "tuntap", "add", "dev", "their-tap", "mode", "tap");
        [judge, plugin] = await Promise.all([Plugin.start(lab.host), Plugin.start(lab.host)]);
        prepare();
    });
    after(async () => {
        await Promise.all([judge?.stop(), plugin?.stop(), next?.then((spare) => spare.stop())]);
        await lab.down();
    });

    it(`of ${STEPS} steps ends as declared, with everybody else's things as they were (${chance.say})`, async () => {
        const before = await settings();
        const walk = new Walk(lab, chance, foreign(await look(lab)));
        const stack = new Stack(judge);
        const log: string[] = [];
        const say = () => `${chance.say}, the last of ${log.length} steps: ${log.slice(-12).join("; ")}`;
        // Until a refresh the state does not know what others did to our things, and a run may fail of it.
        let meddled = false;

        const run = async (names: string[], during?: () => Promise<void>) => {
            const doing = stack.up(plugin, walk.program, names);
            await during?.();
            return doing;
        };
        /** The next command of the engine: a plugin of its own, a refresh, a run. */
        const settle = async () => {
            await plugin.stop();
            plugin = await next;
            prepare();
            await stack.refresh(plugin);
            assert.deepEqual([...(await stack.up(plugin, walk.program))], [], say());
            await assertSound(lab, stack, walk.program, walk.theirs, say());
            await assertHeld(lab, walk.program, say());
            await stack.refresh(plugin);
            assert.deepEqual(await stack.differing(walk.program), [], `the next preview is empty: ${say()}`);
            meddled = false;
        };
        const faults: Record<string, (names: string[]) => Promise<void>> = {
            "the plugin is killed": async (names) => {
                const doomed = plugin;
                plugin = await next;
                const doing = stack.up(doomed, walk.program, names);
                await sleep(chance.pick(40));
                await doomed.kill();
                await doing;
                prepare();
                // What it began is known to nobody but the program, so the program is run again before it changes.
                const errors = await run(names);
                if (!meddled) assert.deepEqual([...errors], [], say());
            },
            "the connection is cut": async (names) => {
                const after = chance.pick(30);
                const errors = await run(names, async () => {
                    await sleep(after);
                    lab.proxy.hangUp();
                });
                if (!meddled) assert.deepEqual([...errors], [], say());
            },
            "ovs-vswitchd is restarted": async (names) => {
                const errors = await run(names, async () => {
                    await lab.kill("ovs-vswitchd");
                    await lab.start("ovs-vswitchd");
                });
                if (!meddled) assert.deepEqual([...errors], [], say());
            },
            "somebody meddles": async (names) => {
                await run(names);
                const now = foreign(await look(lab));
                for (const [thing, text] of walk.theirs) assert.equal(now.get(thing), text, `${thing}: ${say()}`);
                for (let left = 1 + chance.pick(5); left > 0; left--) log.push(await walk.meddle());
                meddled = true;
            },
        };

        while (log.length < STEPS) {
            const names: string[] = [];
            for (let left = 1 + chance.pick(4); left > 0; left--) {
                const edited = await walk.edit();
                names.push(...edited);
                log.push(edited.length > 0 ? `declare ${edited.join(", ")}` : "remove one");
            }
            if (chance.pick(3) === 0) {
                const fault = chance.of(Object.keys(faults));
                log.push(fault);
                await faults[fault]?.(names);
            } else if (chance.pick(8) === 0) {
                log.push("refresh");
                await stack.refresh(plugin, names);
            } else {
                const errors = await run(names);
                if (!meddled) assert.deepEqual([...errors], [], say());
            }
            if (chance.pick(8) === 0) await settle();
        }
        await settle();
        await walk.clear();
        await settle();
        assert.deepEqual(await settings(), before, `settings are what they were: ${say()}`);
    });
});
