import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { killedAtEachMoment } from "../support/killed-runs";
import { statesOf, systemctl } from "./systemctl";

const DHCP = "kvmnet:host:DhcpServer";
const UNIT = "kvmnet-dhcp-br0.service";
const CONF = "/var/lib/kvmnet-dhcp/br0/conf";
const FILE = `/etc/systemd/system/${UNIT}`;

describe("a DHCP server on a host with systemd", () => {
    const processOf = () => systemctl("show", "--property=MainPID", "--value", UNIT);
    const want = {
        interface: "br0",
        ranges: [{ start: "10.77.0.50", end: "10.77.0.59", leaseTime: "12h" }],
        dns: false,
    };
    const other = { ...want, ranges: [{ start: "10.77.0.60", end: "10.77.0.69", leaseTime: "12h" }] };
    let plugin: Plugin;
    let made: Made;
    before(async () => {
        for (const words of ["link add br0 type bridge", "address add 10.77.0.1/24 dev br0", "link set br0 up"])
            execFileSync("ip", words.split(" "));
        plugin = await Plugin.start("local");
    });
    after(() => plugin?.stop());

    it("is a unit, which runs and starts with the host", async () => {
        made = await plugin.create(DHCP, "d", want);
        assert.equal(made.state.unit, UNIT);
        assert.deepEqual(statesOf(UNIT), ["active", "enabled"]);
    });

    it("is started anew for another range", async () => {
        const former = processOf();
        made = { ...made, state: await plugin.update(DHCP, "d", made, other) };
        assert.deepEqual(statesOf(UNIT), ["active", "enabled"]);
        assert.notEqual(processOf(), former);
    });

    it("goes on for a reservation, which it reads", async () => {
        const former = processOf();
        const reservations = { web0: { mac: "52:54:00:00:00:11", address: "10.77.0.61" } };
        made = { ...made, state: await plugin.update(DHCP, "d", made, { ...other, reservations }) };
        assert.equal(processOf(), former);
    });

    it("runs as it did before where it cannot start with what an update says, which tells why", async () => {
        const [conf, unit] = [readFileSync(CONF, "utf8"), `# of another release\n${readFileSync(FILE, "utf8")}`];
        writeFileSync(FILE, unit);
        systemctl("daemon-reload");
        const taken = createSocket("udp4");
        await new Promise<void>((done) => taken.bind(53, "10.77.0.1", done));
        try {
            const error: unknown = await plugin.update(DHCP, "d", made, { ...other, dns: true }).then(
                () => "no error",
                (error: unknown) => error,
            );
            const reasons = unfinishedOf(error)?.reasons.join() ?? String(error);
            assert.match(reasons, new RegExp(`enable --now ${UNIT}. failed: .*exited with error code`));
            assert.doesNotMatch(reasons, /could not be taken back/);
            assert.deepEqual(statesOf(UNIT), ["active", "enabled"]);
            assert.equal(readFileSync(CONF, "utf8"), conf);
            assert.equal(readFileSync(FILE, "utf8"), unit);
        } finally {
            taken.close();
        }
    });

    it("leaves nothing where it cannot start", async () => {
        const there = { ...want, interface: "br1", dns: true };
        execFileSync("ip", ["link", "add", "br1", "type", "bridge"]);
        execFileSync("ip", ["address", "add", "10.78.0.1/24", "dev", "br1"]);
        execFileSync("ip", ["link", "set", "br1", "up"]);
        const taken = createSocket("udp4");
        await new Promise<void>((done) => taken.bind(53, "10.78.0.1", done));
        try {
            await assert.rejects(plugin.create(DHCP, "e", there), /exited with error code/);
            const unit = UNIT.replace("br0", "br1");
            assert.equal(systemctl("is-enabled", unit), "");
            assert.match(systemctl("is-active", unit), /failed|inactive/);
            assert.equal(existsSync(FILE.replace("br0", "br1")), false);
            assert.equal(existsSync(CONF.replace("br0", "br1")), false);
        } finally {
            taken.close();
        }
    });

    it("tells at a refresh that it would not start with the host, and does after the next run", async () => {
        const { inputs } = await plugin.check(DHCP, other);
        for (const disabled of [() => undefined, () => rmSync(FILE)]) {
            systemctl("disable", UNIT);
            disabled();
            systemctl("daemon-reload");
            await sleep(1_050);
            const error: unknown = await plugin
                .read(DHCP, "d", made.id, inputs, made.state)
                .catch((error: unknown) => error);
            assert.match(unfinishedOf(error)?.reasons[0] ?? "no error", /does not start with the host/);
            made = { ...made, state: await plugin.update(DHCP, "d", made, other) };
            assert.deepEqual(statesOf(UNIT), ["active", "enabled"]);
            assert.ok(existsSync(FILE));
        }
    });

    it("is a unit again after somebody has removed its file", async () => {
        rmSync(FILE);
        systemctl("daemon-reload");
        made = { ...made, state: await plugin.update(DHCP, "d", made, want) };
        assert.ok(existsSync(FILE));
        assert.deepEqual(statesOf(UNIT), ["active", "enabled"]);
    });

    it("goes with its unit, and goes where somebody has removed the unit's file and its link", async () => {
        await plugin.delete(DHCP, "d", made);
        assert.deepEqual(statesOf(UNIT), ["inactive", ""]);
        assert.equal(existsSync(FILE), false);

        made = await plugin.create(DHCP, "d", want);
        for (const path of [FILE, `/etc/systemd/system/multi-user.target.wants/${UNIT}`]) rmSync(path);
        await plugin.delete(DHCP, "d", made);
        assert.deepEqual(statesOf(UNIT), ["inactive", ""]);
    });

    it("killed while it is removed is gone with its unit after the next run, whatever was done", async () => {
        made = await plugin.create(DHCP, "d", want);
        const killed = await killedAtEachMoment(
            "local",
            (doomed) => doomed.delete(DHCP, "d", made),
            async (moment) => {
                await plugin.delete(DHCP, "d", made);
                const left = [FILE, "/var/lib/kvmnet-dhcp/br0"].filter((path) => existsSync(path));
                assert.deepEqual([...statesOf(UNIT), ...left], ["inactive", ""], `killed at moment ${moment}`);
                made = await plugin.create(DHCP, "d", want);
            },
        );
        assert.ok(killed >= 6, `${killed} moments`);
        await plugin.delete(DHCP, "d", made);
    });

    it("is made where a killed run has left its unit, not yet read by systemd", async () => {
        made = await plugin.create(DHCP, "d", want);
        const text = readFileSync(FILE, "utf8");
        await plugin.delete(DHCP, "d", made);
        writeFileSync(FILE, text);
        made = await plugin.create(DHCP, "d", want);
        assert.deepEqual(statesOf(UNIT), ["active", "enabled"]);
        await plugin.delete(DHCP, "d", made);
    });
});
