import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { labName } from "../support/labs";
import { BESIDE } from "./support/beside-kinds";
import { FaultLab } from "./support/fault-lab";
import { assertHeld } from "./support/held-by-flows";
import { assertSound } from "./support/invariants";
import { seeded } from "./support/seed";
import { Side } from "./support/side";
import { Walk } from "./support/walk";
import { KINDS } from "./support/walk-kinds";
import { foreign, look } from "./support/world";

const STEPS = Number(process.env.KVMNET_STEPS ?? 500);
const chance = seeded("walk");

describe("a random walk of operations and faults", function () {
    this.timeout(60_000 + STEPS * 1_200);
    const lab = new FaultLab(labName("walk"));
    let ours: Side;
    /** Another stack on the same host, in part in the same bridge, which runs at the same moment or does not. */
    let beside: Side;

    /** Of which a program holds some, and gives back what they were. */
    const settings = async () => ({
        forwarding: await lab.run("cat", "/proc/sys/net/ipv4/ip_forward"),
        filtering: await lab.run("cat", "/proc/sys/net/ipv4/conf/their-lb/rp_filter"),
        queues: await lab.run("cat", "/sys/class/net/their-tap/tx_queue_len", "/sys/class/net/their-lb/tx_queue_len"),
        rules: await lab.run("ip", "rule", "show"),
        addresses: await lab.run("ip", "-brief", "address", "show", "dev", "their-lb"),
        switch: await lab.vsctl("get", "Open_vSwitch", ".", "other_config"),
        routes: await lab.run("ip", "route", "show", "table", "all", "proto", "145"),
    });

    before(async () => {
        await lab.up();
        const secure = ["set", "Bridge", "theirs", "datapath_type=netdev", "fail_mode=secure"];
        await lab.vsctl("add-br", "theirs", "--", ...secure);
        await lab.run("ip", "link", "add", "their-lb", "type", "bridge");
        await lab.run("ip", "tuntap", "add", "dev", "their-tap", "mode", "tap");
        const theirs = foreign(await look(lab));
        ours = await Side.start(lab, "dev", new Walk(lab, chance, theirs, KINDS));
        beside = await Side.start(lab, "ops", new Walk(lab, chance, theirs, BESIDE));
    });
    after(async () => {
        await Promise.all([ours?.stop(), beside?.stop()]);
        await lab.down();
    });

    it(`of ${STEPS} steps of two stacks ends as declared, with everybody else's things as they were (${chance.say})`, async () => {
        const before = await settings();
        const { walk } = ours;
        const log: string[] = [];
        const say = () => `${chance.say}, the last of ${log.length} steps: ${log.slice(-12).join("; ")}`;
        // Until a refresh the states do not know what others did to our things, and a run may fail of it.
        let meddled = false;
        /** What the other stack does in the next run of ours: names that it looks at. */
        let meanwhile: string[] | undefined;

        /** Of both stacks, when there is something to do for the other. */
        const run = async (work: (side: Side) => Promise<unknown> = () => Promise.resolve(), names?: string[]) => {
            const others = meanwhile;
            meanwhile = undefined;
            const [mine, theirs] = await Promise.all([
                ours.up(names),
                others ? beside.up(others) : new Map<string, Error>(),
                work(ours),
            ]);
            if (!meddled) assert.deepEqual([...mine, ...theirs], [], say());
        };
        const both = <Result>(work: (side: Side) => Promise<Result>) => Promise.all([ours, beside].map(work));
        /** The next commands of the engine: a refresh, a run, a preview. */
        const settle = async () => {
            await both((side) => side.renew());
            await both((side) => side.refresh());
            const errors = await both((side) => side.up());
            assert.deepEqual(
                errors.flatMap((failed) => [...failed]),
                [],
                say(),
            );
            for (const [side, other] of [
                [ours, beside],
                [beside, ours],
            ] as const) {
                const others = other.stack.owners().values();
                await assertSound(lab, side.stack, side.walk.program, walk.theirs, say(), others);
            }
            await assertHeld(lab, { ...ours.walk.program, ...beside.walk.program }, say());
            await both((side) => side.refresh());
            const differing = await both((side) => side.stack.differing(side.walk.program));
            assert.deepEqual(differing, [[], []], `the next preview is empty: ${say()}`);
            meddled = false;
        };
        const faults: Record<string, (names: string[]) => Promise<void>> = {
            "the plugin is killed": async (names) => {
                const others = meanwhile;
                meanwhile = undefined;
                await Promise.all([
                    ours.killed(chance.pick(40), names),
                    ...(others ? [beside.killed(chance.pick(40), others)] : []),
                ]);
                // What it began is known to nobody but the program, so the program is run again before it changes.
                meanwhile = others;
                await run(undefined, names);
            },
            "a program is killed": async (names) => {
                const errors = await ours.withoutAProgram(chance.pick(60), names);
                if (!meddled) assert.deepEqual([...errors], [], say());
            },
            "the database's server is restarted": (names) =>
                run(async () => {
                    await lab.kill("ovsdb-server");
                    await lab.revive();
                }, names),
            "the connection is cut": async (names) => {
                const after = chance.pick(30);
                await run(async () => {
                    await sleep(after);
                    lab.proxy.hangUp();
                }, names);
            },
            "ovs-vswitchd is restarted": (names) =>
                run(async () => {
                    await lab.kill("ovs-vswitchd");
                    await lab.start("ovs-vswitchd");
                }, names),
            "somebody meddles": async (names) => {
                await run(undefined, names);
                const now = foreign(await look(lab));
                for (const [thing, text] of walk.theirs) assert.equal(now.get(thing), text, `${thing}: ${say()}`);
                for (let left = 1 + chance.pick(5); left > 0; left--) log.push(await walk.meddle());
                meddled = true;
            },
        };
        /** @returns the names that a run has to look at */
        const edited = async ({ walk: edits }: Side, who: string) => {
            const names: string[] = [];
            for (let left = 1 + chance.pick(4); left > 0; left--) {
                const some = await edits.edit();
                names.push(...some);
                log.push(`${who}${some.length > 0 ? `declare ${some.join(", ")}` : "remove one"}`);
            }
            return names;
        };

        while (log.length < STEPS) {
            const names = await edited(ours, "");
            if (chance.pick(3) === 0) meanwhile = await edited(beside, "beside: ");
            if (chance.pick(3) === 0) {
                const fault = chance.of(Object.keys(faults));
                log.push(fault);
                await faults[fault]?.(names);
            } else if (chance.pick(8) === 0) {
                log.push("refresh");
                await ours.refresh(names);
            } else await run(undefined, names);
            if (chance.pick(8) === 0) await settle();
        }
        await settle();
        await both((side) => side.walk.clear());
        await settle();
        assert.deepEqual(await settings(), before, `settings are what they were: ${say()}`);
    });
});
