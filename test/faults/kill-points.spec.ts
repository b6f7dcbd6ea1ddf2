import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bag } from "../../provider/wire";
import { Plugin } from "../provider/plugin";
import { labName } from "../support/labs";
import { BEHIND, FaultLab } from "./support/fault-lab";
import { assertSound } from "./support/invariants";
import { BRIDGE_PORT, LINUX_BRIDGE, OVS_BRIDGE, OVS_PORT, PORT_SET, TAP } from "./support/kind-names";
import { seeded } from "./support/seed";
import { Stack, type Declared, type Program } from "./support/stack";
import { foreign, look } from "./support/world";

/** Links that are plugged in, a change of every one that can change, and the end of all. */
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

const HUNG = { bridge: "br" };
/** What hangs on a switch, stands on links or is a setting, each of a kind of its own. */
const HANGING: Program = {
    switch: { type: OVS_BRIDGE, inputs: { name: "br", datapathType: "netdev", failMode: "secure" } },
    steered: { type: OVS_BRIDGE, inputs: { name: "bc", datapathType: "netdev" } },
    qos: {
        type: "kvmnet:ovs:Qos",
        inputs: { name: "q", type: "linux-htb", maxRate: "100Mbit", queues: { 0: { minRate: "10Mbit" } } },
    },
    mirror: {
        type: "kvmnet:ovs:Mirror",
        inputs: { ...HUNG, name: "m", selectAll: true, outputVlan: 200 },
        needs: ["switch"],
    },
    controller: {
        type: "kvmnet:ovs:Controller",
        inputs: { bridge: "bc", target: "tcp:127.0.0.1:6653", connectionMode: "out-of-band" },
        needs: ["steered"],
    },
    sflow: {
        type: "kvmnet:ovs:Sflow",
        inputs: { ...HUNG, targets: ["127.0.0.1:6343"], sampling: 64 },
        needs: ["switch"],
    },
    flows: {
        type: "kvmnet:ovs:Flows",
        inputs: { ...HUNG, flows: ["table=10,priority=0,actions=NORMAL"] },
        needs: ["switch"],
    },
    settings: { type: "kvmnet:ovs:Settings", inputs: { vlanLimit: 2 } },
    set: { type: PORT_SET, inputs: { ...HUNG, ports: { s0: { tag: 7, tap: { mtu: 1400 } } } }, needs: ["switch"] },
    veth: { type: "kvmnet:host:Veth", inputs: { name: "v0", peer: "v1" } },
    vxlan: { type: "kvmnet:host:Vxlan", inputs: { name: "vx", vni: 7, remote: "192.0.2.201" } },
    address: { type: "kvmnet:host:Address", inputs: { link: "v0", address: "10.99.0.1/24" }, needs: ["veth"] },
    route: {
        type: "kvmnet:host:Route",
        inputs: { destination: "10.98.0.0/16", gateway: "10.99.0.2" },
        needs: ["address"],
    },
    neighbor: {
        type: "kvmnet:host:Neighbor",
        inputs: { link: "v0", address: "10.99.0.77", mac: "52:54:00:00:02:01" },
        needs: ["address"],
    },
    rule: { type: "kvmnet:host:Rule", inputs: { priority: 900, from: "10.97.0.0/16", table: "100" } },
    sysctl: { type: "kvmnet:host:Sysctl", inputs: { key: "net.ipv4.ip_forward", value: "1" } },
    tuned: { type: "kvmnet:host:Link", inputs: { name: "x-lb", txQueueLength: 500 } },
};
const other = (name: string, more: Bag) => {
    const declared = HANGING[name] as Declared;
    return { [name]: { ...declared, inputs: { ...declared.inputs, ...more } } };
};
const HANGING_OTHERWISE: Program = {
    ...HANGING,
    ...other("qos", { queues: { 0: { minRate: "20Mbit" }, 1: { maxRate: "50Mbit" } } }),
    ...other("mirror", { outputVlan: 201 }),
    ...other("controller", { target: "tcp:127.0.0.1:6654" }),
    ...other("sflow", { sampling: 65 }),
    ...other("flows", { flows: ["table=10,priority=0,actions=NORMAL", "table=10,priority=9,udp,actions=drop"] }),
    ...other("settings", { vlanLimit: 1 }),
    ...other("set", { ports: { s0: { tag: 8, tap: { mtu: 1300 } }, s1: { tap: { mtu: 1400 } } } }),
    ...other("veth", { mtu: 1400 }),
    ...other("vxlan", { vni: 8 }),
    ...other("route", { gateway: "10.99.0.3" }),
    ...other("neighbor", { mac: "52:54:00:00:02:02" }),
    ...other("rule", { table: "101" }),
    ...other("sysctl", { value: "0" }),
    ...other("tuned", { txQueueLength: 501 }),
};

type Runs = [what: string, program: Program, leastPoints: number][];
/** `share`: of how many points one is tried, another each time. */
const PROGRAMS: { what: string; share: number; runs: Runs }[] = [
    {
        what: "plugs links into bridges",
        share: 1,
        runs: [
            ["made", MADE, 20],
            ["changed", CHANGED, 15],
            ["removed", {}, 12],
        ],
    },
    {
        what: "hangs things on switches, links and the host",
        share: 2,
        runs: [
            ["made", HANGING, 30],
            ["changed", HANGING_OTHERWISE, 25],
            ["removed", {}, 25],
        ],
    },
];
const chance = seeded("kill points");

/** What a program sets and gives back. */
const settings = async (lab: FaultLab) => [
    await lab.run("cat", "/proc/sys/net/ipv4/ip_forward", "/sys/class/net/x-lb/tx_queue_len"),
    await lab.vsctl("get", "Open_vSwitch", ".", "other_config"),
];

describe("a provider that is killed", function () {
    this.timeout(600_000);
    /** The first two points are the answers to the handshake and to Configure. */
    const FIRST = 3;
    /** Labs that share the points, as there are two cores. */
    const labs = ["kill-a", "kill-b"].map((role) => new FaultLab(labName(role)));

    before(() => Promise.all(labs.map(prepared)));
    after(() => Promise.all(labs.map((lab) => lab.down())));

    /** Others have things there. */
    async function prepared(lab: FaultLab): Promise<void> {
        await lab.up();
        await lab.vsctl("add-br", "theirs", "--", "set", "Bridge", "theirs", "datapath_type=netdev");
        await lab.vsctl("add-port", "theirs", "alien0", "--", "set", "Interface", "alien0", "type=internal");
        await lab.run("ip", "link", "add", "x;id", "type", "bridge");
        await lab.run("ip", "link", "add", "x-lb", "type", "bridge");
    }

    /**
     * Kills runs at every so many of their points until they survive; each time the next run must put it right.
     *
     * @param survived for each run the first point that it does not come to
     */
    async function lane(
        lab: FaultLab,
        { first, stride, runs, survived }: { first: number; stride: number; runs: Runs; survived: number[] },
    ): Promise<void> {
        const before = await settings(lab);
        const theirs = foreign(await look(lab));
        const healer = await Plugin.start(lab.host);
        const stack = new Stack(healer);
        try {
            for (let point = first; survived.some((end) => point < end); point += stride)
                for (const [index, [run, program]] of runs.entries()) {
                    const what = `killed at point ${point} of what is ${run}`;
                    if (point < (survived[index] as number)) {
                        const doomed = await Plugin.start(lab.host, "", { KVMNET_FAULT: String(point) });
                        await stack.up(doomed, program);
                        await doomed.stop();
                        if (doomed.process.signalCode !== "SIGKILL") survived[index] = point;
                    }
                    assert.deepEqual([...(await stack.up(healer, program))], [], what);
                    await assertSound(lab, stack, program, theirs, what);
                    assert.deepEqual(await stack.differing(program), [], `${what}: the next preview is empty`);
                }
            assert.deepEqual(await settings(lab), before, "what was set is as it was");
        } finally {
            await healer.stop();
        }
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
        let answered = 0;
        const doing = Promise.allSettled(
            switched.map(([name, { type, inputs }]) => doomed.create(type, name, inputs).finally(() => answered++)),
        );
        await sleep(200);
        assert.equal(answered, 0, "all are under way");
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

    for (const { what, runs, share } of PROGRAMS)
        it(`at any of its points while it ${what} has its work finished by the next run, without duplicates, and others' things as they were (${chance.say})`, async () => {
            const survived = runs.map(() => Infinity);
            const stride = labs.length * share;
            const skipped = labs.length * chance.pick(share);
            await Promise.all(
                labs.map((lab, index) => lane(lab, { first: FIRST + index + skipped, stride, runs, survived })),
            );
            for (const [index, [run, , least]] of runs.entries())
                assert.ok((survived[index] as number) > least, `what is ${run} came to point ${survived[index]} only`);
        });
});
