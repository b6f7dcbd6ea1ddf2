import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Plugin } from "../provider/plugin";
import { labName } from "../support/labs";
import { BEHIND, FaultLab } from "./support/fault-lab";
import { assertSound } from "./support/invariants";
import { BRIDGE_PORT, LINUX_BRIDGE, OVS_BRIDGE, OVS_PORT, TAP } from "./support/kind-names";
import { Stack, type Program } from "./support/stack";
import { foreign, look } from "./support/world";

/** A resource of every kind, a change of every one that can change, and the end of all. */
const MADE: Program = {
    switch: { type: OVS_BRIDGE, inputs: { name: "br", datapathType: "netdev" } },
    tap: { type: TAP, inputs: { name: "t0", mtu: 1400 } },
    port: { type: OVS_PORT, inputs: { name: "t0", bridge: "br", tag: 10 }, needs: ["switch", "tap"] },
    internal: { type: OVS_PORT, inputs: { name: "i0", bridge: "br", type: "internal" }, needs: ["switch"] },
    linux: { type: LINUX_BRIDGE, inputs: { name: "lb" } },
    other: { type: TAP, inputs: { name: "t1" } },
    plug: { type: BRIDGE_PORT, inputs: { name: "t1", bridge: "lb" }, needs: ["linux", "other"] },
};
const TRUNK = { name: "i0", bridge: "br", type: "internal", vlanMode: "trunk", trunks: ["10-12", "20"] };
const CHANGED: Program = {
    ...MADE,
    switch: { type: OVS_BRIDGE, inputs: { name: "br", datapathType: "netdev", failMode: "secure" } },
    tap: { type: TAP, inputs: { name: "t0", mtu: 1300 } },
    port: { type: OVS_PORT, inputs: { name: "t0", bridge: "br", tag: 20 }, needs: ["switch", "tap"] },
    internal: { type: OVS_PORT, inputs: TRUNK, needs: ["switch"] },
    linux: { type: LINUX_BRIDGE, inputs: { name: "lb", mtu: 1400 } },
    other: { type: TAP, inputs: { name: "t1", multiQueue: true } },
};
const RUNS: [what: string, program: Program, leastPoints: number][] = [
    ["made", MADE, 20],
    ["changed", CHANGED, 15],
    ["removed", {}, 12],
];

describe("a provider that is killed", function () {
    this.timeout(600_000);
    /** The first two points are the answers to the handshake and to Configure. */
    const FIRST = 3;
    /** Labs that share the points, as there are two cores. */
    const labs = ["kill-a", "kill-b"].map((role) => new FaultLab(labName(role)));
    /** For each run the first point that it does not come to. */
    const survived = RUNS.map(() => Infinity);

    before(() => Promise.all(labs.map((lab) => lab.up())));
    after(() => Promise.all(labs.map((lab) => lab.down())));

    /** Kills runs at every second point until they survive; each time the next run must put it right. */
    async function lane(lab: FaultLab, first: number): Promise<void> {
        await lab.vsctl("add-br", "theirs", "--", "set", "Bridge", "theirs", "datapath_type=netdev");
        await lab.vsctl("add-port", "theirs", "alien0", "--", "set", "Interface", "alien0", "type=internal");
        await lab.run("ip", "link", "add", "x;id", "type", "bridge");
        const theirs = foreign(await look(lab));
        const healer = await Plugin.start(lab.host);
        const stack = new Stack(healer);
        for (let point = first; survived.some((end) => point < end); point += labs.length)
            for (const [index, [run, program]] of RUNS.entries()) {
                const what = `killed at point ${point} of what is ${run}`;
                if (point < (survived[index] as number)) {
                    const doomed = await Plugin.start(lab.host, "", { KVMNET_FAULT: String(point) });
                    await stack.up(doomed, program);
                    await doomed.stop();
                    if (doomed.process.signalCode !== "SIGKILL") survived[index] = point;
                }
                assert.deepEqual([...(await stack.up(healer, program))], [], what);
                await assertSound(lab, stack, program, theirs, what);
            }
        await healer.stop();
    }

    it("before it wrote anything: the host is as it was, and the next run works", async () => {
        const [lab] = labs as [FaultLab];
        const everything = async () => [
            await lab.run("ip", "-details", "link", "show"),
            await lab.run("ovsdb-client", "dump", `unix:${BEHIND}`, "Open_vSwitch"),
        ];
        const before = await everything();
        const doomed = await Plugin.start(lab.host);
        await lab.signal("ovsdb-server", "STOP");
        // Those that look at the switch first; it does not answer, so none of them comes to its first write.
        const switched = Object.entries(MADE).filter(([, { type }]) => type === OVS_BRIDGE || type === OVS_PORT);
        const doing = Promise.allSettled(switched.map(([name, { type, inputs }]) => doomed.create(type, name, inputs)));
        await sleep(200);
        await doomed.kill();
        await lab.signal("ovsdb-server", "CONT");
        await doing;
        assert.deepEqual(await everything(), before);
        const next = await Plugin.start(lab.host);
        const stack = new Stack(next);
        const theirs = foreign(await look(lab));
        assert.deepEqual([...(await stack.up(next, MADE))], []);
        await assertSound(lab, stack, MADE, theirs, "after a kill before any write");
        assert.deepEqual([...(await stack.up(next, {}))], []);
        await next.stop();
    });

    it("at any of its points has its work finished by the next run, without duplicates, and others' things as they were", async () => {
        await Promise.all(labs.map((lab, index) => lane(lab, FIRST + index)));
        for (const [index, [run, , least]] of RUNS.entries())
            assert.ok((survived[index] as number) > least, `what is ${run} came to point ${survived[index]} only`);
    });
});
