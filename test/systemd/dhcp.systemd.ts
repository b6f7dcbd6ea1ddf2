import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Plugin, type Made } from "../provider/plugin";
import { statesOf, systemctl } from "./systemctl";

const DHCP = "kvmnet:host:DhcpServer";
const UNIT = "kvmnet-dhcp-br0.service";
const FILE = `/etc/systemd/system/${UNIT}`;

describe("a DHCP server on a host with systemd", () => {
    const processOf = () => systemctl("show", "--property=MainPID", "--value", UNIT);
    const want = { interface: "br0", ranges: [{ start: "10.77.0.50", end: "10.77.0.59", leaseTime: "12h" }] };
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
