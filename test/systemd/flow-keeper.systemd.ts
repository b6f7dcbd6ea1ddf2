import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { killedAtEachMoment } from "../support/killed-runs";
import { statesOf, systemctl } from "./systemctl";

const [BRIDGE, FLOWS, KEEPER] = ["kvmnet:ovs:Bridge", "kvmnet:ovs:Flows", "kvmnet:ovs:FlowKeeper"];
const UNIT = "kvmnet-flows-kb0.service";
const FILE = `/etc/systemd/system/${UNIT}`;
const RUN = "/run/openvswitch";
const DROP = "table=10,priority=10,udp,tp_dst=53,actions=drop";

describe("a keeper of flows on a host with systemd", () => {
    const run = (program: string, ...words: string[]) => execFileSync(program, words, { encoding: "utf8" });
    const startSwitch = () =>
        run("ovs-vswitchd", "--detach", "--pidfile", "--log-file", "--no-chdir", `unix:${RUN}/db.sock`);
    const stop = (daemon: string) => {
        const pid = readFileSync(`${RUN}/${daemon}.pid`, "utf8").trim();
        run("kill", "-KILL", pid);
        run("tail", `--pid=${pid}`, "-f", "/dev/null");
    };
    const noted = () => run("ovs-vsctl", "get", "Bridge", "kb0", "external_ids:kvmnet-keeper").trim();
    let plugin: Plugin;
    let keeper: Made;
    before(async () => {
        for (const folder of [RUN, "/var/log/openvswitch"]) mkdirSync(folder, { recursive: true });
        run("ovsdb-tool", "create", `${RUN}/conf.db`, "/usr/share/openvswitch/vswitch.ovsschema");
        run("ovsdb-server", "--detach", "--pidfile", "--no-chdir", `--remote=punix:${RUN}/db.sock`, `${RUN}/conf.db`);
        run("ovs-vsctl", "--no-wait", "init");
        startSwitch();
        plugin = await Plugin.start("local");
        await plugin.create(BRIDGE, "kb0", { name: "kb0", datapathType: "netdev", failMode: "secure" });
        await plugin.create(FLOWS, "acl", { bridge: "kb0", cookie: "0x2a", flows: [DROP] });
    });
    after(async () => {
        await plugin?.stop();
        for (const daemon of ["ovs-vswitchd", "ovsdb-server"]) stop(daemon);
    });

    it("is a unit, which runs and starts with the host", async () => {
        keeper = await plugin.create(KEEPER, "keeper", { bridge: "kb0" });
        assert.equal(keeper.state.unit, UNIT);
        assert.deepEqual(statesOf(UNIT), ["active", "enabled"]);
    });

    it("puts the flows back after a restart of the switch, and goes on", async () => {
        stop("ovs-vswitchd");
        startSwitch();
        await eventually(() => assert.match(run("ovs-ofctl", "dump-flows", "kb0", "cookie=0x2a/-1"), /tp_dst=53/));
        assert.deepEqual(statesOf(UNIT), ["active", "enabled"]);
    });

    it("is started again by systemd after it was killed", async () => {
        const former = systemctl("show", "--property=MainPID", "--value", UNIT);
        systemctl("kill", "--signal=KILL", UNIT);
        await eventually(() => {
            const now = systemctl("show", "--property=MainPID", "--value", UNIT);
            assert.ok(now !== "0" && now !== former, `MainPID ${now}`);
        });
    });

    it("tells at a refresh that it would not start with the host, and does after the next run", async () => {
        systemctl("disable", UNIT);
        const error: unknown = await plugin
            .read(KEEPER, "keeper", keeper.id, { bridge: "kb0" }, keeper.state)
            .catch((error: unknown) => error);
        assert.match(unfinishedOf(error)?.reasons[0] ?? "no error", /does not start with the host/);
        keeper.state = await plugin.update(KEEPER, "keeper", keeper, { bridge: "kb0" });
        assert.deepEqual(statesOf(UNIT), ["active", "enabled"]);
    });

    it("is a unit again after somebody has stopped it and removed its file", async () => {
        systemctl("disable", "--now", UNIT);
        rmSync(FILE);
        systemctl("daemon-reload");
        keeper.state = await plugin.update(KEEPER, "keeper", keeper, { bridge: "kb0" });
        assert.deepEqual(statesOf(UNIT), ["active", "enabled"]);
    });

    it("runs on and stays noted as ours where an update cannot start it", async () => {
        const [text, note] = [readFileSync(FILE, "utf8"), noted()];
        const once = "ExecStartPre=/bin/sh -c 'test -e /run/tried || { touch /run/tried; exit 1; }'";
        mkdirSync(`${FILE}.d`);
        writeFileSync(`${FILE}.d/once.conf`, `[Service]\n${once}\n`);
        systemctl("daemon-reload");
        const error: unknown = await plugin.update(KEEPER, "keeper", keeper, { bridge: "kb0" }).then(
            () => "no error",
            (error: unknown) => error,
        );
        const reasons = unfinishedOf(error)?.reasons.join() ?? String(error);
        assert.match(reasons, new RegExp(`enable --now ${UNIT}. failed`));
        assert.doesNotMatch(reasons, /could not be taken back/);
        assert.deepEqual(statesOf(UNIT), ["active", "enabled"]);
        assert.equal(readFileSync(FILE, "utf8"), text);
        assert.equal(noted(), note);
        rmSync(`${FILE}.d`, { recursive: true });
        systemctl("daemon-reload");
    });

    it("killed while it is removed is gone with its unit after the next run, whatever was done", async () => {
        const killed = await killedAtEachMoment(
            "local",
            (doomed) => doomed.delete(KEEPER, "keeper", keeper),
            async (moment) => {
                await plugin.delete(KEEPER, "keeper", keeper);
                const left = [FILE, "/var/lib/kvmnet-flows/kb0"].filter((path) => existsSync(path));
                assert.deepEqual([...statesOf(UNIT), ...left], ["inactive", ""], `killed at moment ${moment}`);
                keeper = await plugin.create(KEEPER, "keeper", { bridge: "kb0" });
            },
        );
        assert.ok(killed >= 6, `${killed} moments`);
    });

    it("goes with its unit, also where that does not run", async () => {
        systemctl("stop", UNIT);
        await plugin.delete(KEEPER, "keeper", keeper);
        assert.deepEqual(statesOf(UNIT), ["inactive", ""]);
        assert.equal(existsSync(FILE), false);
        assert.equal(existsSync(`/etc/systemd/system/multi-user.target.wants/${UNIT}`), false);
    });
});
