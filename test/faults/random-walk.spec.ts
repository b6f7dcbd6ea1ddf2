import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { labName } from "../support/labs";
import { BESIDE } from "./support/beside-kinds";
import { deckOf } from "./support/deck";
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
        // Nor do they know what a switch has forgotten that was restarted: its flows.
        let forgotten = false;
        /** What the other stack does in the next run of ours: names that it looks at. */
        let meanwhile: string[] | undefined;

        /** Of both stacks, when there is something to do for the other. @returns what the work at the same moment does */
        const run = async <Result = void>(work?: () => Promise<Result>, names?: string[]) => {
            const others = meanwhile;
            meanwhile = undefined;
            const [mine, theirs, result] = await Promise.all([
                ours.up(names),
                others ? beside.up(others) : new Map<string, Error>(),
                work?.(),
            ]);
            if (!meddled) assert.deepEqual([...mine, ...theirs], [], say());
            return result;
        };
        const isAtWork = () => ours.stack.isAtWork || beside.stack.isAtWork;
        const both = <Result>(work: (side: Side) => Promise<Result>) => Promise.all([ours, beside].map(work));
        /** The next commands of the engine: a run, before it a refresh where it needs one or by chance, and a preview. */
        const settle = async () => {
            const isAsked = chance.pick(4) === 0;
            const refreshes = isAsked || meddled || forgotten;
            log.push(refreshes ? "a refresh and a run of all" : "a run of all");
            await both((side) => side.renew());
            if (refreshes) await both((side) => side.refresh());
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
            meddled = forgotten = false;
        };
        /** What befalls a run. Each tells whether it hit work that was under way. */
        const faults: Record<string, (names: string[]) => Promise<boolean | undefined>> = {
            "the plugin is killed": async (names) => {
                const others = meanwhile;
                meanwhile = undefined;
                const hits = await Promise.all([
                    ours.killed(chance.pick(40), names),
                    ...(others ? [beside.killed(chance.pick(40), others)] : []),
                ]);
                // What it began is known to nobody but the program, so the program is run again before it changes.
                meanwhile = others;
                await run(undefined, names);
                return hits.includes(true);
            },
            "a program is killed": async (names) => {
                const [errors, isHit] = await ours.withoutAProgram(chance.pick(4), names);
                if (!meddled) assert.deepEqual([...errors], [], say());
                return isHit;
            },
            "the database's server is restarted": (names) => {
                forgotten = true;
                return run(async () => {
                    await lab.kill("ovsdb-server");
                    const isHit = isAtWork();
                    await lab.revive();
                    return isHit;
                }, names);
            },
            "the connection is cut": (names) => {
                const after = chance.pick(30);
                return run(async () => {
                    await sleep(after);
                    const isHit = isAtWork();
                    lab.proxy.hangUp();
                    return isHit;
                }, names);
            },
            "ovs-vswitchd is restarted": (names) => {
                forgotten = true;
                return run(async () => {
                    await lab.kill("ovs-vswitchd");
                    const isHit = isAtWork();
                    await lab.start("ovs-vswitchd");
                    return isHit;
                }, names);
            },
            "somebody meddles": async (names) => {
                await run(undefined, names);
                const now = foreign(await look(lab));
                for (const [thing, text] of walk.theirs) assert.equal(now.get(thing), text, `${thing}: ${say()}`);
                for (let left = 1 + chance.pick(5); left > 0; left--) log.push(await walk.meddle());
                meddled = true;
                return false;
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

        const dealt = new Map(Object.keys(faults).map((fault) => [fault, { times: 0, hits: 0 }]));
        const nextFault = deckOf(chance, [...dealt.keys()]);
        const isNextFaulty = deckOf(chance, [true, false, false]);
        while (log.length < STEPS) {
            const names = await edited(ours, "");
            if (chance.pick(3) === 0) meanwhile = await edited(beside, "beside: ");
            if (isNextFaulty()) {
                const fault = nextFault();
                log.push(fault);
                const count = dealt.get(fault) as { times: number; hits: number };
                count.times++;
                if (await faults[fault]?.(names)) count.hits++;
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
        const told = [...dealt].map(([fault, { times, hits }]) => `${fault} ${times} times, ${hits} at work`);
        console.log(`      ${chance.say}, ${log.length} steps: ${told.join("; ")}`);
        for (const [fault, { times }] of dealt)
            assert.ok(times >= Math.floor(STEPS / 100), `${fault}, ${times} times: ${say()}`);
    });
});
