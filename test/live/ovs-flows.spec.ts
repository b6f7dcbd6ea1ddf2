import assert from "node:assert/strict";
import { Secret, type Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { ProviderLab } from "./provider-lab";

const [BRIDGE, FLOWS, CONTROLLER] = ["kvmnet:ovs:Bridge", "kvmnet:ovs:Flows", "kvmnet:ovs:Controller"];
const PORT = "kvmnet:ovs:Port";
/** Cookie of the flows that hand on from table 0 over table 5 to table 10. */
const SHARED = "cookie=0x6b6e000000000000";
const HAND_ON = `${SHARED}, priority=1 actions=goto_table:5`;
const PASS_ON = `${SHARED}, table=5, priority=0 actions=goto_table:10`;
const NORMAL = `${SHARED}, table=10, priority=0 actions=NORMAL`;

describe("OpenFlow flows on a real switch", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("flows"));
    const engine = new FakeEngine();
    let address: string;
    let plugin: Plugin;
    before(async () => {
        await lab.up();
        address = await engine.start();
        plugin = await Plugin.start(lab.host, address);
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    const ofctl = (...argv: string[]) => lab.run("ovs-ofctl", "--protocols=OpenFlow14", ...argv);
    const dump = async (bridge: string) =>
        (await ofctl("--no-stats", "--no-names", "dump-flows", bridge))
            .split("\n")
            .map((line) => line.trim())
            .sort();
    /** A refresh may be answered by a look that is up to a second old. */
    const refreshed = async (name: string, { id, state }: Made, want: Bag) => {
        await new Promise((resolve) => setTimeout(resolve, 1_050));
        const { inputs } = await plugin.check(FLOWS, want);
        return plugin.read(FLOWS, name, id, inputs, state);
    };
    /** ovs-vswitchd forgets all flows when it is killed, as the kernel does it where memory is short. */
    const restarted = async () => {
        const pid = await lab.run("cat", "/run/openvswitch/ovs-vswitchd.pid");
        await lab.run("kill", "-KILL", pid);
        await eventually(() => assert.rejects(lab.run("kill", "-0", pid)));
        const quiet = ["--no-chdir", "--pidfile", "--detach", "--log-file", "--verbose=console:off"];
        await lab.run("ovs-vswitchd", ...quiet, "--verbose=syslog:off");
        await lab.vsctl("set", "Open_vSwitch", ".", "external_ids:seen=yes");
    };
    const groups = async (bridge: string) => (await ofctl("--no-names", "dump-groups", bridge)).split("\n").slice(1);
    const meters = async (bridge: string) =>
        (await ofctl("dump-meters", bridge)).split("\n").slice(1).filter(Boolean).join(" ");
    const bridge = (name: string, more: Bag = {}) =>
        plugin.create(BRIDGE, name, { name, datapathType: "netdev", ...more });
    const tap = async (bridge: string, name: string) => {
        await lab.run("ip", "tuntap", "add", "dev", name, "mode", "tap");
        await lab.vsctl("add-port", bridge, name);
    };

    describe("flows, groups and meters", () => {
        const ACL = "table=10,priority=100,in_port=tap-a,arp,actions=NORMAL";
        const DROP = "table=10, priority=0, actions=drop";
        let made: Made;
        let want: Bag;
        before(async () => {
            await bridge("f1");
            await tap("f1", "tap-a");
            await tap("f1", "tap-b");
            want = {
                bridge: "f1",
                cookie: "0x002A",
                flows: [
                    ACL,
                    DROP,
                    "table=11 tcp tp_dst=80 nw_dst=10.1.2.3/24 actions=mod_dl_dst:00:11:22:33:44:55,group:7",
                    "table=11,ip,actions=meter:5,output:tap-b",
                ],
                groups: [
                    "group_id=7,type=select,bucket=weight=5,output:tap-a,bucket=actions=mod_nw_ttl:3,output:tap-b",
                ],
                meters: ["meter=5,kbps,burst,band=type=drop,rate=10000,burst_size=8000"],
            };
        });

        it("are put in under their cookie, with ports by name", async () => {
            made = await plugin.create(FLOWS, "acl", want);
            assert.equal(made.id, "f1/0x2a");
            assert.deepEqual(
                { ...made.state, owner: "", objectId: "" },
                { ...want, cookie: "0x2a", owner: "", objectId: "" },
            );
            assert.deepEqual(
                await dump("f1"),
                [
                    HAND_ON,
                    PASS_ON,
                    "priority=0 actions=NORMAL",
                    "cookie=0x2a, table=10, priority=100,arp,in_port=1 actions=NORMAL",
                    "cookie=0x2a, table=10, priority=0 actions=drop",
                    "cookie=0x2a, table=11, tcp,nw_dst=10.1.2.0/24,tp_dst=80 actions=set_field:00:11:22:33:44:55->eth_dst,group:7",
                    "cookie=0x2a, table=11, ip actions=meter:5,output:2",
                ].sort(),
            );
            assert.deepEqual(await groups("f1"), [
                " group_id=7,type=select,bucket=weight:5,actions=output:1,bucket=actions=mod_nw_ttl:3,output:2",
            ]);
            assert.equal(await meters("f1"), "meter=5 kbps burst bands= type=drop rate=10000 burst_size=8000");
        });

        it("read back as they were written, so that nothing is to be changed", async () => {
            const { inputs, state } = await refreshed("acl", made, want);
            assert.deepEqual(inputs, { ...want, cookie: "0x2a" });
            assert.equal((await plugin.diff(FLOWS, state, (await plugin.check(FLOWS, want)).inputs)).changes, 1);
        });

        it("made twice by one resource are the same flows", async () => {
            const before = await dump("f1");
            await plugin.create(FLOWS, "acl", want);
            assert.deepEqual(await dump("f1"), before);
        });

        it("of another resource under the same cookie are refused", () =>
            assert.rejects(plugin.create(FLOWS, "other", want), /belongs to resource acl/));

        it("change live: what stays keeps its counters, and flows of others stay", async () => {
            await ofctl("add-flow", "f1", "cookie=0x99,table=12,priority=7,actions=drop");
            await ofctl("add-group", "f1", "group_id=70,type=all,bucket=output:1");
            await ofctl("add-meter", "f1", "meter=50,kbps,band=type=drop,rate=1");
            want = {
                ...want,
                flows: [ACL, "table=10,priority=5,actions=meter:6,NORMAL"],
                groups: ["group_id=8,type=all,bucket=output:tap-a"],
                meters: ["meter=6,pktps,band=type=drop,rate=1000"],
            };
            made.state = await plugin.update(FLOWS, "acl", made, want);
            assert.deepEqual(
                await dump("f1"),
                [
                    HAND_ON,
                    PASS_ON,
                    "priority=0 actions=NORMAL",
                    "cookie=0x2a, table=10, priority=100,arp,in_port=1 actions=NORMAL",
                    "cookie=0x2a, table=10, priority=5 actions=meter:6,NORMAL",
                    "cookie=0x99, table=12, priority=7 actions=drop",
                ].sort(),
            );
            assert.deepEqual((await groups("f1")).sort(), [
                " group_id=70,type=all,bucket=actions=output:1",
                " group_id=8,type=all,bucket=actions=output:1",
            ]);
            assert.match(
                await meters("f1"),
                /^(meter=6 pktps bands= type=drop rate=1000 ?|meter=50 kbps bands= type=drop rate=1 ?){2}$/,
            );
        });

        it("shows what somebody changed by hand, and repairs it", async () => {
            await ofctl("--strict", "del-flows", "f1", "table=10,priority=100,arp,in_port=1");
            await ofctl("add-flow", "f1", "cookie=0x2a,table=10,priority=8,actions=drop");
            await ofctl("mod-meter", "f1", "meter=6,pktps,band=type=drop,rate=2000");
            await ofctl("del-groups", "f1", "group_id=8");
            const { state } = await refreshed("acl", made, want);
            assert.deepEqual(
                { flows: state.flows, groups: state.groups, meters: state.meters },
                {
                    flows: ["table=10,priority=5,actions=meter:6,NORMAL", "table=10,priority=8,actions=drop"],
                    groups: undefined,
                    meters: ["meter=6,pktps,bands=type=drop,rate=2000"],
                },
            );
            made.state = await plugin.update(FLOWS, "acl", { ...made, state }, want);
            assert.deepEqual(made.state.flows, want.flows);
            assert.ok(!(await dump("f1")).some((line) => line.includes("priority=8")));
            assert.match(await meters("f1"), /meter=6 pktps bands= type=drop rate=1000/);
            assert.ok((await groups("f1")).some((line) => line.includes("group_id=8")));
        });

        it("shows that table 0 no longer hands on, and repairs it", async () => {
            await ofctl("--strict", "del-flows", "f1", "table=0,priority=1");
            const error: unknown = await refreshed("acl", made, want).catch((error: unknown) => error);
            assert.match(unfinishedOf(error)?.reasons[0] ?? "", /table 0 does not hand on to table 10/);
            made.state = await plugin.update(FLOWS, "acl", made, want);
            assert.ok((await dump("f1")).includes(HAND_ON));
        });

        it("shows that a restart of ovs-vswitchd dropped them, and puts them back", async () => {
            const whole = async () => [await dump("f1"), await groups("f1"), await meters("f1")];
            const ours = (lines: string[]) => lines.filter((line) => !line.startsWith("cookie=0x99"));
            const flows = await dump("f1");
            const others = await lab.vsctl("get", "Bridge", "f1", "external_ids");
            await restarted();
            assert.deepEqual(await whole(), [["priority=0 actions=NORMAL"], [], ""]);
            await ofctl("add-flow", "f1", "cookie=0x99,table=12,priority=7,actions=drop");
            const { state } = await refreshed("acl", made, want);
            assert.deepEqual([state.flows, state.groups, state.meters], [undefined, undefined, undefined]);
            made.state = await plugin.update(FLOWS, "acl", { ...made, state }, want);
            assert.deepEqual(made.state.flows, want.flows);
            const now = await dump("f1");
            assert.deepEqual(ours(now), ours(flows), "all flows of ours, and no other");
            assert.deepEqual(await groups("f1"), [" group_id=8,type=all,bucket=actions=output:1"]);
            assert.equal(await meters("f1"), "meter=6 pktps bands= type=drop rate=1000");
            assert.ok(now.includes("cookie=0x99, table=12, priority=7 actions=drop"), "others' flow stays");
            assert.equal(await lab.vsctl("get", "Bridge", "f1", "external_ids"), others);
        });

        it("are gone after delete, with groups, meters and the way to table 10; others stay", async () => {
            await ofctl("add-group", "f1", "group_id=70,type=all,bucket=output:1");
            await plugin.delete(FLOWS, "acl", made);
            assert.deepEqual(await dump("f1"), [
                "cookie=0x99, table=12, priority=7 actions=drop",
                "priority=0 actions=NORMAL",
            ]);
            assert.deepEqual(await groups("f1"), [" group_id=70,type=all,bucket=actions=output:1"]);
            assert.equal(await meters("f1"), "");
            assert.doesNotMatch(await lab.vsctl("get", "Bridge", "f1", "external_ids"), /flows/);
            await plugin.delete(FLOWS, "acl", made);
        });
    });

    describe("texts that Open vSwitch spells in another way", () => {
        const select = (rest: string) => ({ groups: [`group_id=7,type=select,${rest}`] });
        const all = (bucket: string) => ({ groups: [`group_id=7,type=all,bucket=${bucket}`] });
        const texts: Bag[] = [
            { flows: ["table=10,action=drop"] },
            { flows: ["table=10,in_port=0s actions=output:sp-a 0s"] },
            { flows: ["table=10,ip,actions=ct(table=11,nat)"] },
            { flows: ["table=10,ip,ct_state=+trk+est,ct_nw_src=10.0.0.1,actions=drop"] },
            select("bucket=weight:1,output:1,bucket=weight:0x10,output:2"),
            select("selection_method=dp_hash,selection_method_param=0,bucket=output:1"),
            select("selection_method=hash,selection_method_param=0x10,bucket=output:1"),
            select("selection_method=hash,fields(nw_src,nw_dst,tp_dst,dl_src),bucket=output:1"),
            select("selection_method=hash,fields(ip_src=255.255.255.255,tunnel_id),bucket=output:1"),
            { groups: ["group_id=7,type=fast_failover,bucket=watch_port:sp-a,weight:0,sp-a"] },
            all("sp-a"),
            all("strip_vlan,output:1"),
            all("pop_mpls:0x800,output:1"),
            all("set_field:5->udp_dst,output:1"),
        ];
        before(async () => {
            await bridge("sp");
            await bridge("sp13", { protocols: ["OpenFlow13"] });
            for (const name of ["sp-a", "0s", "nat"]) await tap("sp", name);
        });
        const isSame = async (want: Bag) => {
            const made = await plugin.create(FLOWS, "sp", want);
            const { changes } = await plugin.diff(FLOWS, made.state, (await plugin.check(FLOWS, want)).inputs);
            await plugin.delete(FLOWS, "sp", made);
            assert.equal(changes, 1, JSON.stringify(made.state));
        };
        for (const want of texts)
            it(`make no difference: ${Object.values(want).join()}`, () => isSame({ bridge: "sp", ...want }));

        it("make none where a bridge speaks an older OpenFlow, which is not given what it cannot carry", async () => {
            const want = { bridge: "sp13", flows: ["table=10,ip,actions=mod_vlan_vid:5,mod_nw_tos:184,NORMAL"] };
            await isSame({ ...want, ...select("bucket=weight:1,output:1,bucket=weight:2,strip_vlan,output:2") });
            const lost: [Bag, RegExp][] = [
                [{ flows: ["table=10,importance=5,actions=drop"] }, /importance, which OpenFlow13 does not carry/],
                [select("selection_method=hash,bucket=output:1"), /selection_method.*Leave it out, or add OpenFlow15/],
                [all("bucket_id:5,output:1"), /bucket_id, which OpenFlow13 does not carry/],
            ];
            for (const [more, said] of lost)
                await assert.rejects(plugin.create(FLOWS, "sp13", { ...want, ...more }), said);
        });

        it("take few programs to read where ports that they name are gone", async () => {
            const gone = Array.from({ length: 60 }, (_, at) => `table=10,priority=${at + 1},in_port=sp-a,actions=drop`);
            const rest = Array.from({ length: 60 }, (_, at) => `table=11,priority=${at + 1},actions=sp-a`);
            const want = { bridge: "sp", flows: [...gone, "table=12,actions=drop", ...rest] };
            const made = await plugin.create(FLOWS, "gone", want);
            await lab.vsctl("del-port", "sp", "sp-a");
            const { inputs } = await plugin.check(FLOWS, want);
            engine.debugged.length = 0;
            const reader = await Plugin.start(lab.host, address);
            const { state } = await reader.read(FLOWS, "gone", made.id, inputs, made.state);
            await reader.stop();
            assert.ok((state.flows as string[]).includes("table=12,actions=drop"));
            const programs = engine.debugged
                .join("\n")
                .split("\n")
                .filter((line) => line.includes("parse-flows"));
            assert.ok(programs.length > 0 && programs.length < 10, programs.join("\n"));
            await plugin.delete(FLOWS, "gone", made);
        });
    });

    describe("table 10", () => {
        it("says NORMAL while nobody has a flow in it, and not any more afterwards", async () => {
            await bridge("t10");
            const want = { bridge: "t10", flows: ["table=11,actions=drop"] };
            const made = await plugin.create(FLOWS, "t10", want);
            assert.deepEqual(
                (await dump("t10")).filter((line) => line.startsWith(SHARED)),
                [HAND_ON, PASS_ON, NORMAL].sort(),
            );
            made.state = await plugin.update(FLOWS, "t10", made, {
                bridge: "t10",
                flows: ["table=10,priority=9,arp,actions=NORMAL"],
            });
            assert.ok(!(await dump("t10")).includes(NORMAL));
            made.state = await plugin.update(FLOWS, "t10", made, want);
            assert.ok((await dump("t10")).includes(NORMAL));
            await plugin.delete(FLOWS, "t10", made);
        });

        it("stays empty on a bridge that is secure by its owner's wish", async () => {
            await bridge("t10s", { failMode: "secure" });
            const made = await plugin.create(FLOWS, "t10s", { bridge: "t10s", flows: ["table=11,actions=drop"] });
            assert.deepEqual(
                await dump("t10s"),
                [HAND_ON, PASS_ON, `cookie=${made.state.cookie as string}, table=11, actions=drop`].sort(),
            );
        });
    });

    describe("what a bridge does with them", () => {
        /** What becomes of a packet from a tap, in the words of Open vSwitch's own tracer. */
        const trace = async (bridge: string, from: string) =>
            (await lab.run("ovs-appctl", "ofproto/trace", bridge, `in_port=${from},tcp,tp_dst=80`)).split("\n").at(-1);

        it("follows them: what passed before is dropped, and passes again without them", async () => {
            await bridge("pk");
            await tap("pk", "pk-a");
            await tap("pk", "pk-b");
            assert.match((await trace("pk", "pk-a")) ?? "", /^Datapath actions: \d+,\d+$/);
            const want = { bridge: "pk", flows: ["table=10,priority=9,in_port=pk-a,tcp,tp_dst=80,actions=drop"] };
            const made = await plugin.create(FLOWS, "pk", want);
            assert.equal(await trace("pk", "pk-a"), "Datapath actions: drop");
            await plugin.delete(FLOWS, "pk", made);
            assert.match((await trace("pk", "pk-a")) ?? "", /^Datapath actions: \d+,\d+$/);
        });
    });

    describe("a bridge with ports that are secured", () => {
        it("stays secure until they are not", async () => {
            const made = await bridge("shut", { failMode: "secure" });
            await lab.run("ip", "tuntap", "add", "dev", "tap-o", "mode", "tap");
            const port = { bridge: "shut", name: "tap-o", portSecurity: { mac: "52:54:00:12:34:56" } };
            const guarded = await plugin.create(PORT, "tap-o", port);
            const open = { name: "shut", datapathType: "netdev" };
            await assert.rejects(
                plugin.update(BRIDGE, "shut", made, open),
                /it has ports with portSecurity \(tap-o\).*Leave failMode secure, or remove portSecurity/,
            );
            assert.equal(await lab.vsctl("get", "Bridge", "shut", "fail_mode"), "secure");
            await plugin.update(PORT, "tap-o", guarded, { bridge: "shut", name: "tap-o" });
            assert.equal((await plugin.update(BRIDGE, "shut", made, open)).failMode, "standalone");
        });
    });

    describe("a bridge whose OpenFlow is too old for flows of ours", () => {
        const old = { name: "old", datapathType: "netdev", protocols: ["OpenFlow10"] };

        it("changes its failMode all the same", async () => {
            const made = await bridge("old", { protocols: ["OpenFlow10"] });
            made.state = await plugin.update(BRIDGE, "old", made, { ...old, failMode: "secure" });
            assert.equal(await lab.vsctl("get", "Bridge", "old", "fail_mode"), "secure");
            await plugin.delete(BRIDGE, "old", made);
        });

        const users: [what: string, type: string, inputs: Bag][] = [
            ["flows", FLOWS, { flows: ["table=10,actions=NORMAL"] }],
            ["a keeper of flows", "kvmnet:ovs:FlowKeeper", {}],
        ];
        for (const [what, type, inputs] of users)
            it(`is none with ${what}`, async () => {
                const made = await bridge("old");
                const theirs = await plugin.create(type, "on-old", { bridge: "old", ...inputs });
                await assert.rejects(
                    plugin.update(BRIDGE, "old", made, old),
                    /the protocols of the bridge old are OpenFlow10, .* needs OpenFlow13 or newer/,
                );
                assert.equal(await lab.vsctl("get", "Bridge", "old", "protocols"), "[]");
                await plugin.delete(type, "on-old", theirs);
                made.state = await plugin.update(BRIDGE, "old", made, old);
                await plugin.delete(BRIDGE, "old", made);
            });
    });

    describe("two sets of flows on one bridge", () => {
        const meter = (rate: number, id = 5) => `meter=${id},kbps,bands=type=drop,rate=${rate}`;

        it("come and go at the same moment without touching each other", async () => {
            await bridge("two");
            const want = (cookie: string, table: number) => ({
                bridge: "two",
                cookie,
                flows: [`table=${table},priority=4,actions=drop`],
                meters: [`meter=${table},kbps,bands=type=drop,rate=1`],
            });
            const made = await Promise.all(
                [11, 12, 13].map((table) => plugin.create(FLOWS, `two-${table}`, want(`0x${table}`, table))),
            );
            assert.equal((await dump("two")).length, 7);
            await Promise.all([
                plugin.delete(FLOWS, "two-11", made[0] as Made),
                plugin.delete(FLOWS, "two-12", made[1] as Made),
                plugin.update(FLOWS, "two-13", made[2] as Made, want("0x13", 14)),
            ]);
            assert.deepEqual(
                await dump("two"),
                [
                    "cookie=0x13, table=14, priority=4 actions=drop",
                    HAND_ON,
                    PASS_ON,
                    NORMAL,
                    "priority=0 actions=NORMAL",
                ].sort(),
            );
            assert.equal(await meters("two"), "meter=14 kbps bands= type=drop rate=1");
        });

        for (const [what, of, said] of [
            [
                "one meter",
                (table: number) => ({ flows: [`table=${table},actions=meter:5,NORMAL`], meters: [meter(table)] }),
                /meter 5 is wanted by another change of this moment/,
            ],
            [
                "the place of one flow",
                (table: number) => ({ flows: ["table=30,priority=4,actions=drop"], meters: [meter(1, table)] }),
                /"table=30,priority=4,actions=drop" with the cookie 0x\w+ is not one of these and has the place/,
            ],
        ] as const)
            it(`that want ${what} at the same moment: one has all of its own, and the other is refused`, async () => {
                await bridge("same");
                const [one, other] = await Promise.allSettled(
                    [21, 22].map((table) =>
                        plugin.create(FLOWS, `same-${table}`, { bridge: "same", cookie: `0x${table}`, ...of(table) }),
                    ),
                );
                const [good, bad] = one?.status === "fulfilled" ? [one, other] : [other, one];
                assert.ok(good?.status === "fulfilled" && bad?.status === "rejected", JSON.stringify([one, other]));
                assert.match(String(bad.reason), said);
                const { cookie, meters: wanted = [] } = good.value.state as { cookie: string; meters: string[] };
                const own = (await dump("same")).filter((line) => /^cookie=0x2[12],/.test(line));
                assert.ok(own.length === 1 && own[0]?.startsWith(`cookie=${cookie},`), own.join("\n"));
                const expected = wanted.join().replaceAll(",", " ").replace("bands=", "bands= ");
                assert.equal(await meters("same"), expected);
                // Nor does it have it in the next run, whatever it has noted.
                const table = good === one ? 22 : 21;
                const again = { bridge: "same", cookie: `0x${table}`, ...of(table) };
                const kept = unfinishedOf(bad.reason);
                const bag = { id: `same/0x${table}`, state: kept?.state ?? {} };
                await assert.rejects(
                    kept
                        ? plugin.update(FLOWS, `same-${table}`, bag, again)
                        : plugin.create(FLOWS, `same-${table}`, again),
                    / is on the bridge already|has the place of one of them/,
                );
                assert.equal(await meters("same"), expected);
                await plugin.delete(FLOWS, good.value.state.cookie === "0x21" ? "same-21" : "same-22", good.value);
                assert.equal(await meters("same"), "");
            });
    });

    describe("a provider that was killed after any of its writes", () => {
        it("leaves what the next run adopts", async () => {
            await bridge("kill");
            const want = {
                bridge: "kill",
                flows: ["table=11,actions=drop"],
                meters: ["meter=3,kbps,bands=type=drop,rate=1"],
            };
            let killed = 0;
            // The first three points are replies: handshake, configure and check.
            for (let point = 4, done = false; !done; point++) {
                const doomed = await Plugin.start(lab.host, "", { KVMNET_FAULT: String(point) });
                done = await doomed.create(FLOWS, "kill", want).then(
                    () => true,
                    () => false,
                );
                await doomed.stop();
                if (!done) killed += 1;
                const made = await plugin.create(FLOWS, "kill", want);
                assert.equal((await dump("kill")).length, 5);
                await plugin.delete(FLOWS, "kill", made);
                assert.deepEqual(await dump("kill"), ["priority=0 actions=NORMAL"]);
                assert.equal(await meters("kill"), "");
            }
            assert.ok(killed >= 3, `${killed} points`);
        });
    });

    describe("flows of somebody else", () => {
        before(async () => {
            await bridge("theirs");
            await ofctl("add-flow", "theirs", "cookie=0x77,table=10,priority=3,ip,nw_dst=10.0.0.1,actions=drop");
            await ofctl("add-group", "theirs", "group_id=9,type=all,bucket=output:LOCAL");
            await ofctl("add-meter", "theirs", "meter=9,kbps,band=type=drop,rate=7");
        });

        it("are told with what does not reach ours: all that they match, but for what guarded ports send", async () => {
            await bridge("told");
            await ofctl("add-flow", "told", "udp,actions=drop");
            engine.logged.length = 0;
            const made = await plugin.create(FLOWS, "told", { bridge: "told", flows: ["table=10,actions=NORMAL"] });
            const [told, ...more] = engine.logged.map(({ message }) => message);
            assert.match(
                told ?? "",
                /^Table 0 of told holds 1 flows .* table 10, .* but for what a port with portSecurity/,
            );
            assert.deepEqual(more, []);
            await plugin.delete(FLOWS, "told", made);
        });

        it("are not replaced by a flow of the same place", async () => {
            await assert.rejects(
                plugin.create(FLOWS, "same", {
                    bridge: "theirs",
                    flows: ["table=10,priority=3,ip,nw_dst=10.0.0.1,actions=NORMAL"],
                }),
                /"table=10,priority=3,ip,nw_dst=10.0.0.1,actions=drop" with the cookie 0x77 is not one of these/,
            );
            assert.ok(
                (await dump("theirs")).includes("cookie=0x77, table=10, priority=3,ip,nw_dst=10.0.0.1 actions=drop"),
            );
        });

        it("keep their groups and meters", async () => {
            const base = { bridge: "theirs", flows: ["table=20,actions=drop"] };
            await assert.rejects(
                plugin.create(FLOWS, "g", { ...base, groups: ["group_id=9,type=all,bucket=output:1"] }),
                /group 9 is on the bridge already/,
            );
            await assert.rejects(
                plugin.create(FLOWS, "m", { ...base, meters: ["meter=9,kbps,band=type=drop,rate=1"] }),
                /meter 9 is on the bridge already/,
            );
            assert.match(await meters("theirs"), /rate=7/);
        });

        for (const [place, line] of [
            ["table 0", "priority=1 actions=drop"],
            ["table 5", "table=5, priority=0 actions=drop"],
        ] as const)
            it(`stay where ours would hand on: ${place}`, async () => {
                const name = `on-${place.at(-1)}`;
                await bridge(name);
                await ofctl("add-flow", name, `cookie=0x78,${line.replace(" actions", ",actions")}`);
                const want = { bridge: name, flows: ["table=10,actions=NORMAL"] };
                await assert.rejects(
                    plugin.create(FLOWS, name, want),
                    /the flow "table=.,priority=.,actions=drop" with the cookie 0x78 has the place of a flow of kvmnet/,
                );
                assert.deepEqual(await dump(name), [`cookie=0x78, ${line}`, "priority=0 actions=NORMAL"]);
                await ofctl("del-flows", name, "cookie=0x78/-1");
                await plugin.create(FLOWS, name, want);
            });
        it("stay where they came later, and keep nobody from removing what is ours", async () => {
            await bridge("later");
            const [one, other] = [
                { bridge: "later", cookie: "0xc", flows: ["table=10,priority=1,actions=NORMAL"] },
                { bridge: "later", cookie: "0xd", flows: ["table=10,priority=2,arp,actions=NORMAL"] },
            ];
            const made = await plugin.create(FLOWS, "one", one);
            await plugin.create(FLOWS, "other", other);
            await ofctl("add-flow", "later", "cookie=0x78,priority=1,actions=drop");
            await plugin.delete(FLOWS, "one", made);
            const left = await dump("later");
            assert.ok(left.includes("cookie=0x78, priority=1 actions=drop"), left.join("\n"));
            assert.ok(!left.some((line) => line.startsWith("cookie=0xc,")), left.join("\n"));
        });

        it("stay with the groups and meters that they use", async () => {
            await bridge("use");
            const [want, less] = [
                {
                    bridge: "use",
                    cookie: "0xa",
                    groups: ["group_id=7,type=all,bucket=output:LOCAL"],
                    meters: ["meter=7,kbps,bands=type=drop,rate=5"],
                },
                { bridge: "use", cookie: "0xa" },
            ];
            const made = await plugin.create(FLOWS, "used", want);
            for (const [use, said] of [
                ["group:7", /"table=10,priority=32768,actions=group:7" with the cookie 0xb uses group 7, and would go/],
                ["meter:7,NORMAL", /uses meter 7, and would go with it/],
            ] as const) {
                const user = { bridge: "use", cookie: "0xb", flows: [`table=10,actions=${use}`] };
                const uses = await plugin.create(FLOWS, "uses", user);
                await assert.rejects(plugin.update(FLOWS, "used", made, less), said);
                await assert.rejects(plugin.delete(FLOWS, "used", made), said);
                assert.ok((await dump("use")).some((line) => line.startsWith("cookie=0xb,")));
                await plugin.delete(FLOWS, "uses", uses);
            }
            await plugin.delete(FLOWS, "used", made);
        });

        it("can be imported by their cookie, after which nothing is to be changed", async () => {
            await assert.rejects(
                plugin.create(FLOWS, "old", { bridge: "theirs", cookie: "0x77" }),
                /pulumi import kvmnet:ovs:Flows old "theirs\/0x77"/,
            );
            const read = await plugin.read(FLOWS, "old", "theirs/0x77");
            assert.deepEqual(read.inputs, {
                bridge: "theirs",
                cookie: "0x77",
                flows: ["table=10,priority=3,ip,nw_dst=10.0.0.1,actions=drop"],
            });
            const { inputs, failures } = await plugin.check(FLOWS, read.inputs);
            assert.deepEqual(failures, {});
            assert.equal((await plugin.diff(FLOWS, read.state, inputs)).changes, 1);
            const state = await plugin.update(FLOWS, "old", { id: read.id, state: read.state }, read.inputs);
            await plugin.delete(FLOWS, "old", { id: read.id, state });
            assert.deepEqual(await dump("theirs"), ["priority=0 actions=NORMAL"]);
        });
    });

    describe("text that cannot be meant", () => {
        before(() => bridge("bad"));
        const refused: [string, Bag, RegExp][] = [
            [
                "a match that Open vSwitch would widen",
                { flows: ["table=10,tp_dst=80,actions=drop"] },
                /would match more than it says/,
            ],
            ["a field that there is not", { flows: ["table=10,colour=red,actions=drop"] }, /unknown keyword colour/],
            [
                "a port that there is not",
                { flows: ["table=10,in_port=tap-nope,actions=drop"] },
                /tap-nope: invalid or unknown port/,
            ],
            [
                "a learn action that the text hides from a table of its own",
                { flows: ["table=10,actions=learn:table=0"] },
                /the flow "table=10,actions=learn:table=0" would learn flows to a table that is kvmnet's/,
            ],
            [
                "a learn action that takes the cookie of what is declared",
                { cookie: "0x5", flows: ["table=10,actions=learn(table=12,cookie=5,output:NXM_OF_IN_PORT[])"] },
                /would learn flows with 0x5, the cookie of what is declared here/,
            ],
            [
                "a group that learns so",
                { groups: ["group_id=7,type=all,bucket=learn:table=5"] },
                /the group "group_id=7,.*" would learn flows to a table/,
            ],
            [
                "an action without its match",
                { flows: ["table=10,actions=dec_ttl"] },
                /cannot be said in OpenFlow 1.3 or later/,
            ],
            [
                "two flows in one place",
                {
                    flows: [
                        "table=10,ip,nw_dst=10.0.0.1,actions=drop",
                        "table=10,nw_dst=10.0.0.1/32,ip,actions=NORMAL",
                    ],
                },
                /have one place/,
            ],
            [
                "a field without what it needs",
                { flows: ["table=10,priority=1,actions=NORMAL", "table=10,ip,ct_nw_src=10.0.0.1,actions=drop"] },
                /"table=10,ip,ct_nw_src=10.0.0.1,actions=drop" would not be taken .*OFPBMC_BAD_PREREQ.* needs another one first/,
            ],
            [
                "a group that is none",
                { groups: ["group_id=7,type=all,bucket=weight:5,output:1"] },
                /the group "group_id=7,.*" is refused: Only select groups can have bucket weights/,
            ],
            ["a meter that there is not", { flows: ["table=10,actions=meter:3,NORMAL"] }, /INVALID_METER/],
            ["a group that there is not", { flows: ["table=10,actions=group:3"] }, /BAD_OUT_GROUP/],
        ];
        for (const [what, want, said] of refused)
            it(`is refused: ${what}`, async () => {
                await assert.rejects(plugin.create(FLOWS, "bad", { bridge: "bad", ...want }), said);
                assert.deepEqual(await dump("bad"), ["priority=0 actions=NORMAL"]);
                assert.doesNotMatch(await lab.vsctl("get", "Bridge", "bad", "external_ids"), /flows/);
            });

        it("is refused without a part of it where it is secret", async () => {
            const secret: Record<string, string[]>[] = [
                { flows: ["table=10,ip,nw_src=CanaryBad,actions=drop"] },
                { flows: ["table=10,actions=outputCanary"] },
                { flows: ["table=10,in_port=bad,ip,nw_src=CanaryBad,actions=drop"] },
                { flows: ["table=10,actions=meter:51966"] },
                { groups: ["group_id=51966,type=all,bucket=CanaryBad"] },
            ];
            for (const given of secret) {
                const want = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, new Secret(value)]));
                const error = await plugin
                    .create(FLOWS, "bad", { bridge: "bad", ...want }, { checked: true })
                    .catch((error: unknown) => error as Error);
                assert.ok(error instanceof Error, JSON.stringify(given));
                assert.match(error.message, /OpenFlow flows bad/);
                assert.doesNotMatch(error.message, /canary|51966/i);
            }
            // What an update refuses is told as unfinished.
            const good = { bridge: "bad", flows: ["table=10,priority=1,actions=drop"] };
            const made = await plugin.create(FLOWS, "bad", good);
            for (const given of secret) {
                const want = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, new Secret(value)]));
                const error = await plugin
                    .update(FLOWS, "bad", made, { bridge: "bad", flows: good.flows, ...want }, { checked: true })
                    .catch((error: unknown) => error as Error);
                assert.ok(error instanceof Error, JSON.stringify(given));
                const told = `${error.message} ${(unfinishedOf(error)?.reasons ?? []).join(" ")}`;
                assert.match(told, /OpenFlow flows bad/);
                assert.doesNotMatch(told, /canary|51966/i);
            }
            await plugin.delete(FLOWS, "bad", made);
        });

        it("is refused by check, with the property", async () => {
            const { failures } = await plugin.check(FLOWS, {
                bridge: "bad",
                cookie: "0x0",
                flows: [
                    "actions=drop",
                    "table=0,actions=drop",
                    "table=10",
                    "table=10,actions=drop\nflow delete",
                    "table=10,cookie=5,actions=drop",
                    "table=10,actions=learn(table=0,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[])",
                    "table=254,actions=drop",
                    "table=10,table:0,actions=drop",
                    "table=10,table(0),actions=drop",
                    "table=11,actions=learn(table=12,table:0,priority=5,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[])",
                ],
                groups: ["type=all,bucket=output:1", "group_id=7,type=all,bucket=learn(table=5,eth_dst=eth_src)"],
                meters: [
                    "meter=70000,kbps,bands=type=drop,rate=1",
                    "meter=7,kbps,bands=type=drop,rate=1,bands=type=drop,rate=2",
                ],
            });
            assert.deepEqual(Object.keys(failures).sort(), [
                "cookie",
                "flows[0]",
                "flows[1]",
                "flows[2]",
                "flows[3]",
                "flows[4]",
                "flows[5]",
                "flows[6]",
                "flows[7]",
                "flows[8]",
                "flows[9]",
                "groups[0]",
                "groups[1]",
                "meters[0]",
                "meters[1]",
            ]);
        });
    });

    describe("a bridge with a controller", () => {
        it("takes no flow, and a bridge with flows takes no controller", async () => {
            await bridge("ctl");
            const flows = { bridge: "ctl", flows: ["table=10,actions=NORMAL"] };
            const controller = { bridge: "ctl", target: "tcp:127.0.0.1:6653" };
            const made = await plugin.create(FLOWS, "ctl", flows);
            await assert.rejects(plugin.create(CONTROLLER, "ctl", controller), /the bridge has Flows/);
            await plugin.delete(FLOWS, "ctl", made);
            const there = await plugin.create(CONTROLLER, "ctl", controller);
            await assert.rejects(plugin.create(FLOWS, "ctl", flows), /has a controller, which decides its flows/);
            await plugin.delete(CONTROLLER, "ctl", there);
            await plugin.create(FLOWS, "ctl", flows);
        });

        it("that empties the tables is refused where a port is secured, by an update, too", async () => {
            await bridge("safe", { failMode: "secure" });
            await lab.run("ip", "tuntap", "add", "dev", "tap-s", "mode", "tap");
            const port = { bridge: "safe", name: "tap-s", portSecurity: { mac: "52:54:00:12:34:56" } };
            const made = await plugin.create(PORT, "tap-s", port);
            const flows = await dump("safe");
            const service = { bridge: "safe", target: "tcp:127.0.0.1:6653", type: "service" };
            const primary = { ...service, type: "primary" };
            const said = /ports whose ingress limit or portSecurity is flows \(tap-s\)/;
            await assert.rejects(plugin.create(CONTROLLER, "safe", primary), said);
            const there = await plugin.create(CONTROLLER, "safe", service);
            await assert.rejects(plugin.update(CONTROLLER, "safe", there, primary), said);
            assert.deepEqual(await dump("safe"), flows);
            await plugin.delete(CONTROLLER, "safe", there);
            await plugin.delete(PORT, "tap-s", made);
        });
    });

    describe("a restart of ovs-vswitchd", () => {
        it("drops them, which a refresh shows", async () => {
            await bridge("re");
            const want = { bridge: "re", flows: ["table=10,actions=NORMAL"] };
            const made = await plugin.create(FLOWS, "re", want);
            const pid = await lab.run("cat", "/run/openvswitch/ovs-vswitchd.pid");
            await lab.run("kill", "-KILL", pid);
            await lab.run("tail", `--pid=${pid}`, "-f", "/dev/null");
            await lab.up();
            const { state } = await refreshed("re", made, want);
            assert.equal(state.flows, undefined);
            await plugin.update(FLOWS, "re", { ...made, state }, want);
            assert.ok((await dump("re")).some((line) => line.endsWith("table=10, actions=NORMAL")));
        });
    });
});
