import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { guestParts } from "../../lab/guest/parts";
import { Secret, type Bag } from "../../provider/wire";
import { labPaths } from "../../schemas/lab-paths";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { killedAtEachMoment } from "../support/killed-runs";
import { labName } from "../support/labs";
import { ProviderLab } from "./provider-lab";

const [BRIDGE, DHCP] = ["kvmnet:host:Bridge", "kvmnet:host:DhcpServer"];
const MAC = "52:54:00:00:00:11";

describe("a DHCP server on a real host", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("dhcp"));
    const engine = new FakeEngine();
    /** The lab's /var/lib/kvmnet-dhcp, as the machine sees it. */
    const folder = join(labPaths(lab.name).folder, "lib/kvmnet-dhcp");
    let plugin: Plugin;
    let busybox: string;
    before(async () => {
        busybox = join(await guestParts(() => undefined), "bin/busybox");
        await lab.up();
        plugin = await Plugin.start(lab.host, await engine.start());
        await plugin.create(BRIDGE, "br", { name: "br" });
        await lab.run("ip", "address", "add", "10.77.0.1/24", "dev", "br");
        await lab.run("ip", "netns", "add", "guest");
        await lab.run("ip", "link", "add", "guest0", "type", "veth", "peer", "name", "eth0", "netns", "guest");
        await lab.run("ip", "link", "set", "guest0", "up", "master", "br");
        await inGuest("ip", "link", "set", "eth0", "up", "address", MAC);
        writeFileSync(join(labPaths(lab.name).folder, "lib/client"), "#!/bin/sh\nset\n", { mode: 0o755 });
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    const inGuest = (...argv: string[]) => lab.run("ip", "netns", "exec", "guest", ...argv);
    /** What a real client is given: udhcpc's variables. */
    const lease = async (...more: string[]) => {
        const asked = ["udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "5", "-T", "1", "-s", "/var/lib/client"];
        const told = await inGuest(busybox, ...asked, ...more.flatMap((option) => ["-O", option]));
        return Object.fromEntries(
            [...told.matchAll(/^(\w+)='(.*)'$/gm)].map(([, key, value]) => [key, value]),
        ) as Record<string, string>;
    };
    const ask = (name: string) => inGuest(busybox, "nslookup", "-type=a", name, "10.77.0.1");
    const pids = async () => (await lab.run(busybox, "pidof", "dnsmasq").catch(() => "")).split(" ").filter(Boolean);
    /** A refresh may be answered by a look that is up to a second old. */
    const refreshed = async ({ id, state }: Made, want: Bag) => {
        await new Promise((resolve) => setTimeout(resolve, 1_050));
        return plugin.read(DHCP, "d", id, (await plugin.check(DHCP, want)).inputs, state);
    };

    /** A refresh, then what an `up` does after it. */
    const refreshedAndUp = async (was: Made, wanted: Bag): Promise<Bag> => {
        const { inputs } = await plugin.check(DHCP, wanted);
        let state: Bag;
        try {
            ({ state } = await refreshed(was, wanted));
            if ((await plugin.diff(DHCP, state, inputs)).diffsList.length === 0) return state;
        } catch (error) {
            const there = unfinishedOf(error);
            if (!there) throw error;
            ({ state } = there);
        }
        return plugin.update(DHCP, "k", { id: was.id, state }, wanted);
    };

    const RANGES = [{ start: "10.77.0.50", end: "10.77.0.59", leaseTime: "12h" }];
    const want = { interface: "br", ranges: RANGES, domain: "lan" };
    let made: Made;

    it("gives a guest an address of its range", async () => {
        made = await plugin.create(DHCP, "d", want);
        assert.equal(made.id, "br");
        assert.equal(made.state.leaseFile, "/var/lib/kvmnet-dhcp/br/leases");
        const { ip = "", mask, lease: seconds, serverid, router, domain } = await lease();
        assert.match(ip, /^10\.77\.0\.5\d$/);
        assert.deepEqual([mask, seconds, serverid, router, domain], ["24", "43200", "10.77.0.1", "10.77.0.1", "lan"]);
    });

    it("reads back as it was declared", async () => {
        const { inputs } = await plugin.check(DHCP, want);
        const read = await refreshed(made, want);
        assert.deepEqual(read.inputs, inputs);
        assert.equal((await plugin.diff(DHCP, read.state, inputs)).changes, 1);
    });

    it("made twice by one resource is the same server, and is refused to another", async () => {
        const [pid] = await pids();
        await plugin.create(DHCP, "d", want);
        assert.deepEqual(await pids(), [pid]);
        await assert.rejects(plugin.create(DHCP, "other", want), /belongs to resource d/);
    });

    it("takes reservations and names without a restart", async () => {
        const [pid] = await pids();
        made.state = await plugin.update(DHCP, "d", made, {
            ...want,
            reservations: {
                web0: { mac: MAC, address: "10.77.0.11" },
                web1: { mac: "52:54:00:00:00:12", address: "10.77.0.12" },
            },
            names: { "db.lan": ["10.77.0.5"] },
        });
        assert.deepEqual(await pids(), [pid]);
        const { ip, hostname } = await lease("hostname");
        assert.deepEqual([ip, hostname], ["10.77.0.11", "web0"]);
        await inGuest("ip", "address", "add", "10.77.0.11/24", "dev", "eth0");
        assert.match(await ask("db.lan"), /10\.77\.0\.5/);
        assert.match(await ask("web0.lan"), /10\.77\.0\.11/);
    });

    it("answers the name of a guest that has an address reserved and has not asked for it yet", async () => {
        for (const name of ["web1.lan", "web1"]) assert.match(await ask(name), /10\.77\.0\.12/);
        assert.match(await inGuest(busybox, "nslookup", "10.77.0.12", "10.77.0.1"), /name = web1\.lan/);
    });

    it("forgets a reservation that is no longer declared", async () => {
        made.state = await plugin.update(DHCP, "d", made, want);
        assert.deepEqual(made.state.reservations, {});
        await inGuest("ip", "address", "flush", "dev", "eth0");
        assert.match((await lease()).ip ?? "", /^10\.77\.0\.5\d$/);
    });

    it("restarts for other settings, and keeps its leases", async () => {
        const { ip } = await lease();
        const [pid] = await pids();
        made.state = await plugin.update(DHCP, "d", made, {
            ...want,
            options: { router: "10.77.0.254", "42": "10.77.0.123" },
            ranges: [{ start: "10.77.0.50", end: "10.77.0.69", leaseTime: "12h" }],
        });
        assert.notDeepEqual(await pids(), [pid]);
        assert.equal((await pids()).length, 1);
        const after = await lease("ntpsrv");
        assert.deepEqual([after.ip, after.router, after.ntpsrv], [ip, "10.77.0.254", "10.77.0.123"]);
    });

    it("announces no router where that is empty, and reads back so", async () => {
        const closed = { ...want, options: { router: "" } };
        made.state = await plugin.update(DHCP, "d", made, closed);
        assert.equal((await lease()).router, undefined);
        const { inputs } = await plugin.check(DHCP, closed);
        assert.deepEqual((await plugin.diff(DHCP, (await refreshed(made, closed)).state, inputs)).diffsList, []);
        made.state = await plugin.update(DHCP, "d", made, { ...want, options: { router: "10.77.0.254" } });
    });

    it("that dnsmasq refuses is told in its words, and the one before goes on", async () => {
        const [pid] = await pids();
        await assert.rejects(
            plugin.update(DHCP, "d", made, { ...want, options: { "no-such-option": "1" } }),
            /bad dhcp-option/,
        );
        assert.deepEqual(await pids(), [pid]);
        assert.equal((await lease()).router, "10.77.0.254");
    });

    it("that cannot start leaves nothing behind", async () => {
        await lab.run("ip", "link", "add", "br2", "type", "bridge");
        await lab.run("ip", "address", "add", "10.78.0.1/24", "dev", "br2");
        await lab.run("ip", "link", "set", "br2", "up");
        await lab.run(
            "dnsmasq",
            "--interface=br2",
            "--bind-interfaces",
            "--except-interface=lo",
            "--conf-file=/dev/null",
            "--pid-file=/run/foreign.pid",
            "--dhcp-leasefile=/run/foreign.leases",
            "--dhcp-range=10.78.0.9,10.78.0.10",
        );
        await assert.rejects(
            plugin.create(DHCP, "two", { interface: "br2", ranges: [{ start: "10.78.0.50", end: "10.78.0.59" }] }),
            /Address already in use/,
        );
        assert.equal(existsSync(join(folder, "br2")), false);
        await lab.run("kill", (await lab.run("cat", "/run/foreign.pid")).trim());
        await eventually(async () => assert.equal((await pids()).length, 1));
    });

    it("that died is told, and started again", async () => {
        await lab.run("kill", "-KILL", ...(await pids()));
        const error: unknown = await refreshed(made, want).catch((error: unknown) => error);
        assert.match(unfinishedOf(error)?.reasons[0] ?? "", /dnsmasq does not run/);
        made.state = await plugin.update(DHCP, "d", made, want);
        assert.equal((await pids()).length, 1);
        assert.match((await lease()).ip ?? "", /^10\.77\.0\.5\d$/);
    });

    it("whose files somebody changed is told, and repaired", async () => {
        const conf = join(folder, "br/conf");
        writeFileSync(conf, `${readFileSync(conf, "utf8")}log-dhcp\n`);
        const error: unknown = await refreshed(made, want).catch((error: unknown) => error);
        assert.match(unfinishedOf(error)?.reasons[0] ?? "", /files were changed by hand/);
        made.state = await plugin.update(DHCP, "d", made, want);
        assert.doesNotMatch(readFileSync(conf, "utf8"), /log-dhcp/);
    });

    it("shows a setting that somebody changed, and sets it back", async () => {
        const conf = join(folder, "br/conf");
        writeFileSync(conf, readFileSync(conf, "utf8").replace("domain=lan", "domain=wan"));
        const read = await refreshed(made, want);
        assert.equal(read.state.domain, "wan");
        made.state = await plugin.update(DHCP, "d", { ...made, state: read.state }, want);
        assert.equal((await lease()).domain, "lan");
    });

    it("that nobody marked is imported, without a difference afterwards", async () => {
        const conf = join(folder, "br/conf");
        writeFileSync(conf, readFileSync(conf, "utf8").replace(/^# kvmnet-owner.*\n/, ""));
        const read = await plugin.read(DHCP, "d", "br");
        assert.equal(read.state.owner, "");
        assert.equal((await plugin.diff(DHCP, read.state, read.inputs)).changes, 1);
        made.state = await plugin.update(DHCP, "d", { id: "br", state: read.state }, read.inputs);
        assert.match(readFileSync(conf, "utf8"), /^# kvmnet-owner kvmnet:/);
    });

    it("stands beside another on another interface", async () => {
        const other = await plugin.create(DHCP, "b2", {
            interface: "br2",
            ranges: [{ start: "10.78.0.50", end: "10.78.0.59" }],
        });
        assert.equal((await pids()).length, 2);
        await plugin.delete(DHCP, "b2", other);
        assert.equal((await pids()).length, 1);
    });

    it("is gone after delete with all its files, and a second delete is success", async () => {
        await plugin.delete(DHCP, "d", made);
        assert.deepEqual(await pids(), []);
        assert.equal(existsSync(join(folder, "br")), false);
        await assert.rejects(lease());
        await plugin.delete(DHCP, "d", made);
    });

    it("killed half way is finished by the next run, whatever was done", async () => {
        let killed = 0;
        // The first three points are replies: handshake, configure and check.
        for (let point = 4, done = false; !done; point++) {
            const doomed = await Plugin.start(lab.host, "", { KVMNET_FAULT: String(point) });
            done = await doomed.create(DHCP, "k", want).then(
                () => true,
                () => false,
            );
            await doomed.stop();
            if (!done) killed += 1;
            const there = await plugin.create(DHCP, "k", want);
            assert.equal((await pids()).length, 1);
            await plugin.delete(DHCP, "k", there);
            assert.deepEqual(await pids(), []);
        }
        assert.ok(killed >= 6, `${killed} points`);
    });

    it("killed while it is changed serves what is declared after the next run, whatever was done", async () => {
        const domain = { ...want, names: { "db.lan": ["10.77.0.5"] } };
        const changed = { ...domain, names: { "db.lan": ["10.77.0.6"] }, reservations: { web0: { mac: MAC } } };
        made = await plugin.create(DHCP, "k", domain);
        await inGuest("ip", "address", "replace", "10.77.0.99/24", "dev", "eth0");
        const killed = await killedAtEachMoment(
            lab.host,
            async (doomed) => void (await doomed.update(DHCP, "k", made, changed)),
            async (moment) => {
                const what = `killed at moment ${moment}`;
                made.state = await refreshedAndUp(made, changed);
                assert.match(await ask("db.lan"), /10\.77\.0\.6/, what);
                assert.deepEqual(await refreshedAndUp(made, changed), made.state, what);
                made.state = await plugin.update(DHCP, "k", made, domain);
                assert.match(await ask("db.lan"), /10\.77\.0\.5/, what);
            },
        );
        assert.ok(killed >= 7, `${killed} moments`);
    });

    it("killed while it is removed is gone after the next run, whatever was done", async () => {
        const killed = await killedAtEachMoment(
            lab.host,
            (doomed) => doomed.delete(DHCP, "k", made),
            async (moment) => {
                await plugin.delete(DHCP, "k", made);
                assert.deepEqual(await pids(), []);
                const left = await lab.run("find", "/run/kvmnet/dhcp", "/var/lib/kvmnet-dhcp", "-mindepth", "1");
                assert.equal(left, "", `killed at moment ${moment}`);
                made = await plugin.create(DHCP, "k", want);
            },
        );
        assert.ok(killed >= 6, `${killed} moments`);
        await plugin.delete(DHCP, "k", made);
    });

    it("needs its interface, and warns where that has no address in the range", async () => {
        await assert.rejects(plugin.create(DHCP, "no", { ...want, interface: "nobr" }), /there is no link nobr/);
        engine.logged.length = 0;
        const odd = await plugin.create(DHCP, "odd", {
            interface: "br",
            ranges: [
                { start: "10.99.0.50", end: "10.99.0.59" },
                { start: "10.77.0.50", end: "10.77.1.59" },
            ],
            reservations: {
                far: { mac: MAC, address: "10.78.0.16" },
                near: { mac: "52:54:00:00:00:12", address: "10.77.0.16" },
            },
        });
        assert.match(
            engine.logged.map(({ message }) => message).join(),
            /br .* has no address in the network of 10\.99\.0\.50, 10\.99\.0\.59, 10\.77\.1\.59, 10\.78\.0\.16, so/,
        );
        await plugin.delete(DHCP, "odd", odd);
    });

    it("warns of what is secret without telling it", async () => {
        engine.logged.length = 0;
        const ranges = new Secret([{ start: "10.99.0.50", end: "10.99.0.59", leaseTime: "12h" }]);
        const odd = await plugin.create(DHCP, "odd", { interface: "br", ranges });
        await plugin.delete(DHCP, "odd", odd);
        const said = engine.logged.map(({ message }) => message).join();
        assert.match(said, /has no address in the network of \[secret\]/);
        assert.doesNotMatch(said, /10\.99/);
    });

    it("is judged by check: nothing reaches a file that could mean more there", async () => {
        const { failures } = await plugin.check(DHCP, {
            interface: "br\nport=0",
            ranges: [
                { start: "10.77.0.60", leaseTime: "1m" },
                { start: "10.77.0.61", leaseTime: "49711d" },
                { start: "10.77.0.62", leaseTime: "49710d" },
            ],
            reservations: { web1: { mac: MAC, address: "10.77.0.9,set:x" } },
            options: { router: "10.77.0.1\nconf-file=/etc/shadow", "a b": "1" },
            names: { db: ["10.0.0.1 evil"] },
            domain: "lan,local",
            upstreams: ["1.1.1.1#53"],
        });
        assert.deepEqual(Object.keys(failures).sort(), [
            "domain",
            "interface",
            "names.db[0]",
            "options.router",
            'options["a b"]',
            "ranges[0].leaseTime",
            "ranges[1].leaseTime",
            "reservations.web1.address",
            "upstreams[0]",
        ]);
    });

    it("is judged by check as a whole", async () => {
        const { failures } = await plugin.check(DHCP, {
            interface: "br",
            ranges: [
                { start: "10.77.0.60", end: "10.77.0.50" },
                { start: "10.77.0.1", end: "fd00::1" },
            ],
            reservations: {
                "web 0": { mac: MAC },
                ...Object.fromEntries(
                    ["101", "2h", "2H", "infinite", "ignore", "Infinite", "vm-101", "h"].map((name, index) => [
                        name,
                        { mac: `52:54:00:00:01:0${index}` },
                    ]),
                ),
                web1: { mac: MAC, address: "10.77.0.9" },
                web2: { mac: "52:54:00:00:00:12", address: "10.77.0.9" },
            },
            names: { "db.lan\nx": ["10.0.0.1"] },
            routerAdvertisements: true,
            dns: false,
        });
        assert.deepEqual(Object.keys(failures).sort(), [
            "dns",
            'names["db.lan\\nx"]',
            "ranges",
            "ranges[0].end",
            "ranges[1].end",
            "reservations.101",
            "reservations.2H",
            "reservations.2h",
            "reservations.ignore",
            "reservations.infinite",
            "reservations.web1.mac",
            "reservations.web2.address",
            'reservations["web 0"]',
        ]);
    });
});
