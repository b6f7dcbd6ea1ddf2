/** What puts the flows of a bridge back after a restart of ovs-vswitchd, among changes of the same moment and without them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { killedAtEachMoment } from "../support/killed-runs";
import { labName } from "../support/labs";
import { ProviderLab } from "./provider-lab";

const [BRIDGE, FLOWS, KEEPER] = ["kvmnet:ovs:Bridge", "kvmnet:ovs:Flows", "kvmnet:ovs:FlowKeeper"];
const FOLDER = "/var/lib/kvmnet-flows/kb0";

describe("a keeper of flows on a real switch", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("keeper"));
    const engine = new FakeEngine();
    let address: string;
    let plugin: Plugin;
    let keeper: Made;
    let flows: Made;
    const declared = (...ports: number[]): Bag => ({
        bridge: "kb0",
        cookie: "0x2a",
        flows: ports.map((port) => `table=10,priority=10,udp,tp_dst=${port},actions=drop`),
    });
    before(async () => {
        await lab.up();
        address = await engine.start();
        plugin = await Plugin.start(lab.host, address);
        await plugin.create(BRIDGE, "kb0", { name: "kb0", datapathType: "netdev", failMode: "secure" });
        flows = await plugin.create(FLOWS, "acl", declared(1, 2, 3));
        keeper = await plugin.create(KEEPER, "keeper", { bridge: "kb0" });
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    /** Every flow that is there, without what changes by itself. */
    const there = async () =>
        (await lab.run("ovs-ofctl", "--no-stats", "dump-flows", "kb0"))
            .split("\n")
            .map((line) => line.trim())
            .sort();
    const kept = () => lab.run("cat", `${FOLDER}/flows`);
    const changed = async (...ports: number[]) => {
        flows.state = await plugin.update(FLOWS, "acl", flows, declared(...ports));
    };
    const pidOf = (file: string) => lab.run("cat", file);
    const killed = async (pid: string) => {
        await lab.run("kill", "-KILL", "--", pid);
        await lab.run("tail", `--pid=${pid.replace("-", "")}`, "-f", "/dev/null");
    };
    const killSwitch = async () => killed(await pidOf("/run/openvswitch/ovs-vswitchd.pid"));

    it("gives all of them back, and a change of that moment waits for it", async () => {
        await killSwitch();
        await lab.up();
        await changed(1, 2, 3, 4);
        const now = await there();
        for (const port of [1, 2, 3, 4])
            assert.ok(
                now.some((line) => line.includes(`tp_dst=${port} `)),
                `port ${port} of\n${now.join("\n")}`,
            );
        assert.equal((await kept()).match(/tp_dst=/g)?.length, 4);
    });

    it("keeps what two runs change at the same moment", async () => {
        const other = await Plugin.start(lab.host, address);
        const theirs = (port: number): Bag => ({
            bridge: "kb0",
            cookie: "0x2b",
            flows: [`table=11,priority=10,udp,tp_dst=${port},actions=drop`],
        });
        try {
            const second = await other.create(FLOWS, "theirs", theirs(500));
            for (let round = 1; round <= 12; round++) {
                await Promise.all([
                    changed(1, 2, 3, 100 + round),
                    other.update(FLOWS, "theirs", second, theirs(500 + round)).then((state) => (second.state = state)),
                ]);
                const file = await kept();
                for (const port of [100 + round, 500 + round]) assert.match(file, new RegExp(`tp_dst=${port}\\b`));
            }
            await other.delete(FLOWS, "theirs", second);
            await changed(1, 2, 3, 4);
        } finally {
            await other.stop();
        }
    });

    it("tells that somebody has removed the flows, and gives them back before a change", async () => {
        const before = await there();
        await lab.run("ovs-ofctl", "del-flows", "kb0");
        const error: unknown = await plugin.read(KEEPER, "keeper", keeper.id, { bridge: "kb0" }, keeper.state).then(
            () => "no error",
            (error: unknown) => error,
        );
        assert.match(unfinishedOf(error)?.reasons.join() ?? String(error), /that it keeps are not in the switch/);
        await changed(1, 2, 3);
        assert.deepEqual(
            await there(),
            before.filter((line) => !line.includes("tp_dst=4 ")),
        );
        assert.equal((await kept()).match(/tp_dst=/g)?.length, 3);

        await lab.run("ovs-ofctl", "del-flows", "kb0");
        keeper.state = await plugin.update(KEEPER, "keeper", keeper, { bridge: "kb0" });
        await changed(1, 2, 3, 4);
        assert.deepEqual(await there(), before);
    });

    it("keeps what it has where the disk is full, and says what is in the switch and not kept", async () => {
        const file = await kept();
        await lab.run("cp", "-a", FOLDER, "/tmp/kept");
        await lab.run("mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", FOLDER);
        try {
            await lab.run("cp", "-a", "/tmp/kept/.", FOLDER);
            await assert.rejects(lab.run("dd", "if=/dev/zero", `of=${FOLDER}/fill`), /No space left/);
            const error: unknown = await changed(5, 6).then(
                () => "no error",
                (error: unknown) => error,
            );
            const reasons = unfinishedOf(error)?.reasons.join() ?? String(error);
            assert.match(reasons, /are set in the switch, but are not kept .*flows cannot be written: .*No space left/);
            assert.equal(await kept(), file);
            assert.match((await there()).join(), /tp_dst=6 /);
            await lab.run("rm", `${FOLDER}/fill`);
            await changed(5, 6);
            assert.equal((await kept()).match(/tp_dst=[56],/g)?.length, 2);
        } finally {
            await lab.run("umount", FOLDER);
            await lab.run("rm", "-r", "/tmp/kept");
        }
        await changed(1, 2, 3, 4);
    });

    it("that does not run keeps its file: a change is refused until it is started, which the next update does", async () => {
        const [before, file] = [await there(), await kept()];
        await killed(`-${await pidOf(`${FOLDER}/pid`)}`);
        await killSwitch();
        await lab.up();
        await assert.rejects(changed(1), /are not put back, so no other is changed/);
        assert.equal(await kept(), file);
        const error: unknown = await plugin
            .read(KEEPER, "keeper", keeper.id, { bridge: "kb0" }, keeper.state)
            .catch((error: unknown) => error);
        assert.match(unfinishedOf(error)?.reasons.join() ?? String(error), /does not run/);
        keeper.state = await plugin.update(KEEPER, "keeper", keeper, { bridge: "kb0" });
        assert.deepEqual(await there(), before);
        await changed(1, 2);
        assert.equal((await kept()).match(/tp_dst=/g)?.length, 2);
    });

    it("that is started while another one runs takes its place", async () => {
        const former = await pidOf(`${FOLDER}/pid`);
        await lab.run("setsid", "--fork", "/bin/sh", `${FOLDER}/keep`, FOLDER, "kb0", `${FOLDER}/log`);
        await lab.run("timeout", "5", "tail", `--pid=${former}`, "-f", "/dev/null");
        await eventually(async () => assert.notEqual(await pidOf(`${FOLDER}/pid`), former));
        await eventually(async () => assert.equal(await lab.run("pgrep", "-fc", "^ovs-ofctl .*monitor kb0"), "1"));
        await plugin.read(KEEPER, "keeper", keeper.id, { bridge: "kb0" }, keeper.state);
    });

    it("whose program is of another release is told, and an update brings ours", async () => {
        await lab.run("sh", "-c", `echo "# as it was" >>${FOLDER}/keep`);
        const error: unknown = await plugin
            .read(KEEPER, "keeper", keeper.id, { bridge: "kb0" }, keeper.state)
            .catch((error: unknown) => error);
        assert.match(unfinishedOf(error)?.reasons.join() ?? String(error), /of another release/);
        keeper.state = await plugin.update(KEEPER, "keeper", keeper, { bridge: "kb0" });
        await plugin.read(KEEPER, "keeper", keeper.id, { bridge: "kb0" }, keeper.state);
        await killSwitch();
        await lab.up();
        await changed(7);
        assert.ok((await there()).some((line) => line.includes("tp_dst=7 ")));
    });

    /** What a refresh says of it. */
    const faultOf = async () => {
        const error: unknown = await plugin
            .read(KEEPER, "keeper", keeper.id, { bridge: "kb0" }, keeper.state)
            .catch((error: unknown) => error);
        return unfinishedOf(error)?.reasons.join() ?? "";
    };

    it("tells that its file is gone, and an update writes it anew", async () => {
        const file = await kept();
        await lab.run("rm", `${FOLDER}/flows`);
        assert.match(await faultOf(), /keeps are not those that are in the switch/);
        keeper.state = await plugin.update(KEEPER, "keeper", keeper, { bridge: "kb0" });
        assert.equal(await kept(), file);
        assert.equal(await faultOf(), "");
    });

    it("tells that a run was killed between the switch and its file, and an update writes it", async () => {
        let wasStale = false;
        const killed = await killedAtEachMoment(
            lab.host,
            async (doomed) => void (await doomed.update(FLOWS, "acl", flows, declared(8))),
            async () => {
                const [isThere, isKept] = [
                    /tp_dst=8 /.test((await there()).join("\n")),
                    /tp_dst=8,/.test(await kept()),
                ];
                assert.equal((await faultOf()) !== "", isThere !== isKept);
                wasStale ||= isThere !== isKept;
                keeper.state = await plugin.update(KEEPER, "keeper", keeper, { bridge: "kb0" });
                assert.equal(await faultOf(), "");
                assert.equal(/tp_dst=8,/.test(await kept()), isThere);
                await changed(7);
            },
        );
        assert.ok(wasStale, `no kill of ${killed} came between them`);
    });

    describe("with ports that get other numbers", () => {
        const ports = ["kp1", "kp2"];
        const plug = (name: string) =>
            lab.vsctl("add-port", "kb0", name, "--", "set", "Interface", name, "type=internal");
        const numberOf = (name: string) => lab.vsctl("get", "Interface", name, "ofport");
        /** Flows and groups, with the names of ports for their numbers. */
        const named = async () => {
            const dump = async (command: string) =>
                (await lab.run("ovs-ofctl", "-OOpenFlow15", "--names", "--no-stats", command, "kb0"))
                    .split("\n")
                    .slice(1);
            return [...(await dump("dump-flows")), ...(await dump("dump-groups"))].sort();
        };
        let wanted: string[];
        before(async () => {
            for (const port of ports) await plug(port);
            flows.state = await plugin.update(FLOWS, "acl", flows, {
                bridge: "kb0",
                cookie: "0x2a",
                flows: [
                    "table=10,priority=9,udp,in_port=kp1,actions=group:7",
                    "table=10,priority=8,udp,actions=bundle(eth_src,0,hrw,ofport,members:kp2,kp1)",
                    "table=10,priority=7,udp,actions=sample(probability=9,collector_set_id=1,sampling_port=kp2),output:kp2",
                ],
                groups: [
                    "group_id=7,type=ff,bucket=watch_port:kp1,output:kp1,bucket=watch_port:kp2,output:kp2",
                    "group_id=8,type=indirect,bucket=output:kp2",
                ],
            });
            wanted = await named();
            for (const words of ["in_port=kp1", "members:kp2,kp1", "sampling_port=kp2", "watch_port:kp1", "output:kp2"])
                assert.match(wanted.join("\n"), new RegExp(words));
        });
        const restarted = async (...changes: string[]) => {
            await killSwitch();
            await lab.vsctl("--no-wait", ...changes);
            await lab.up();
        };

        it("gives back what names them, in flows and groups, with the numbers that they then have", async () => {
            const [one, two] = [await numberOf("kp1"), await numberOf("kp2")];
            await restarted(
                ...["set", "Interface", "kp1", `ofport_request=${two}`],
                ...["--", "set", "Interface", "kp2", `ofport_request=${one}`],
            );
            assert.deepEqual([await numberOf("kp1"), await numberOf("kp2")], [two, one]);
            await eventually(async () => assert.deepEqual(await named(), wanted));
            assert.equal(await faultOf(), "");
        });

        it("leads nothing of a port that is missing to another one, and all to it once it is there", async () => {
            await restarted(
                ...["del-port", "kp2", "--", "add-port", "kb0", "kp3"],
                ...["--", "set", "Interface", "kp3", "type=internal", `ofport_request=${await numberOf("kp2")}`],
            );
            await eventually(async () => assert.match((await named()).join("\n"), /group_id=7/), 15_000);
            assert.doesNotMatch((await named()).join("\n"), /kp3/);
            assert.equal(await faultOf(), "");
            await plug("kp2");
            await eventually(async () => assert.deepEqual(await named(), wanted), 15_000);
            assert.equal(await faultOf(), "");
        });
    });

    describe("over a change of failMode", () => {
        const FILE = "/var/lib/kvmnet-flows/kf0/flows";
        const NORMAL = /table=10,\s?priority=0[ ,]actions=NORMAL/;
        const made: [type: string, name: string, made: Made][] = [];
        const make = async (type: string, name: string, inputs: Bag) => {
            const one = await plugin.create(type, name, inputs);
            made.push([type, name, one]);
            return one;
        };
        let bridge: Made;
        let former: string[];
        before(async () => {
            bridge = await make(BRIDGE, "kf0", { name: "kf0", datapathType: "netdev" });
            await make(FLOWS, "kf0", { bridge: "kf0", flows: ["table=11,priority=3,udp,actions=drop"] });
            await make(KEEPER, "kf0", { bridge: "kf0" });
            await lab.run("ovs-ofctl", "-OOpenFlow15", "add-meter", "kf0", "meter=9,kbps,bands=type=drop,rate=7");
            await lab.run("ovs-ofctl", "-OOpenFlow15", "add-group", "kf0", "group_id=9,type=all");
            await lab.run("ovs-ofctl", "-OOpenFlow15", "add-flow", "kf0", "priority=7,udp,actions=meter:9,group:9");
            former = await theirs();
            assert.equal(former.length, 7, former.join("\n"));
        });
        after(async () => {
            for (const [type, name, one] of made.reverse()) await plugin.delete(type, name, one);
        });

        const all = async () => {
            const dump = async (command: string) =>
                (await lab.run("ovs-ofctl", "-OOpenFlow15", "--no-stats", command, "kf0")).split("\n");
            const lines = [
                ...(await dump("dump-flows")),
                ...(await dump("dump-groups")),
                ...(await dump("dump-meters")),
            ];
            return lines
                .map((line) => line.trim())
                .filter((line) => line && !/ reply /.test(line))
                .sort();
        };
        /** All but what says whether the bridge switches where no flow decides. */
        const theirs = async () => (await all()).filter((line) => !/priority=0 actions=NORMAL$/.test(line));
        const becomes = (failMode: string, by = plugin) =>
            by.update(BRIDGE, "kf0", bridge, { name: "kf0", datapathType: "netdev", failMode });
        const restarted = async () => {
            await killSwitch();
            await lab.up();
            await eventually(async () => assert.match((await all()).join("\n"), /table=11/));
        };

        it("all that anybody has put there stays, and only what is standalone switches by itself", async () => {
            for (const failMode of ["secure", "standalone"]) {
                bridge.state = await becomes(failMode);
                assert.deepEqual(await theirs(), former);
                assert.equal(NORMAL.test((await all()).join("\n")), failMode === "standalone", failMode);
            }
        });

        it("all stays where a later step of it is refused", async () => {
            const folder = mkdtempSync(join(tmpdir(), "kvmnet-ip-"));
            // It lists links, and changes none.
            writeFileSync(
                join(folder, "ip"),
                `#!/bin/sh
                case " $* " in
                *" -json "*) exec /sbin/ip "$@" ;;
                esac
                echo "RTNETLINK answers: Operation not permitted" >&2
                echo "Command failed -:1" >&2
                exit 1
                `,
                { mode: 0o755 },
            );
            const env = { PATH: `${folder}${delimiter}${process.env.PATH}` };
            const refused = await Plugin.start(lab.host, address, env);
            try {
                await assert.rejects(becomes("secure", refused));
                assert.equal(await lab.vsctl("get", "Bridge", "kf0", "fail_mode"), "standalone");
                assert.deepEqual(await theirs(), former);
                assert.match((await all()).join("\n"), NORMAL);
                assert.match(await lab.run("cat", FILE), NORMAL);
            } finally {
                await refused.stop();
                rmSync(folder, { recursive: true });
            }
        });

        it("what is kept is of the new mode, and given back after a restart", async () => {
            for (const failMode of ["secure", "standalone"]) {
                bridge.state = await becomes(failMode);
                const kept = await lab.run("cat", FILE);
                assert.equal(NORMAL.test(kept), failMode === "standalone", kept);
                await restarted();
                assert.equal(NORMAL.test((await all()).join("\n")), failMode === "standalone", failMode);
            }
        });

        it("what is to be put back is waited for, and kept", async () => {
            const kept = await lab.run("cat", FILE);
            await lab.run("ovs-ofctl", "del-flows", "kf0");
            bridge.state = await becomes("secure");
            assert.match((await all()).join("\n"), /table=11/);
            bridge.state = await becomes("standalone");
            assert.equal(await lab.run("cat", FILE), kept);
        });
    });

    describe("that is taken away", () => {
        it("is gone with all it wrote, and the flows stay", async () => {
            const before = await there();
            const pid = await pidOf(`${FOLDER}/pid`);
            await plugin.delete(KEEPER, "keeper", keeper);
            await lab.run("tail", `--pid=${pid}`, "-f", "/dev/null");
            await assert.rejects(lab.run("ls", FOLDER), /No such file/);
            assert.deepEqual(await there(), before);
        });
    });
});
