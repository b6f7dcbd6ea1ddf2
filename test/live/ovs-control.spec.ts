import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { DiffResponse } from "@pulumi/pulumi/proto/provider_pb";
import type { Bag } from "../../provider/wire";
import { labPaths } from "../../schemas/lab-paths";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { ProviderLab } from "./provider-lab";

const { DiffChanges } = DiffResponse;
const OVS = "kvmnet:ovs:";
const [BRIDGE, MIRROR, CONTROLLER, MANAGER] = [`${OVS}Bridge`, `${OVS}Mirror`, `${OVS}Controller`, `${OVS}Manager`];
const [TLS, SETTINGS, SFLOW, IPFIX, NETFLOW] = [
    `${OVS}Tls`,
    `${OVS}Settings`,
    `${OVS}Sflow`,
    `${OVS}Ipfix`,
    `${OVS}Netflow`,
];

describe("what watches and controls a real switch", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("control"));
    const engine = new FakeEngine();
    let plugin: Plugin;
    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host, await engine.start());
        await plugin.create(BRIDGE, "br", { name: "br", datapathType: "netdev" });
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    const get = (table: string, record: string, column: string) => lab.vsctl("get", table, record, column);
    /** The one row of a table whose rows have no name. */
    const only = (table: string, column: string) => lab.vsctl("--bare", `--columns=${column}`, "list", table);
    /** A refresh may be answered by a look that is up to a second old. */
    const refreshed = async (type: string, name: string, { id, state }: Made, want: Bag) => {
        await new Promise((resolve) => setTimeout(resolve, 1_050));
        return plugin.read(type, name, id, (await plugin.check(type, want)).inputs, state);
    };
    const isSame = async (type: string, state: Bag, want: Bag) =>
        (await plugin.diff(type, state, (await plugin.check(type, want)).inputs)).changes === DiffChanges.DIFF_NONE;

    /** What holds for every resource that is one row of the switch database. */
    const rowTests = (one: {
        type: string;
        want: Bag;
        id: string;
        update: Bag;
        /** Reads what `update` changed, as `ovs-vsctl` tells it. */
        seen: () => Promise<string>;
        values: [first: string, updated: string];
        /** Changes by hand what `update` changed. */
        drift: () => Promise<unknown>;
        /** Rows of its table, by hand. */
        count: () => Promise<string>;
        replaces?: Bag;
    }) => {
        let made: Made;
        it("is made with its mark, and reads back as it was declared", async () => {
            made = await plugin.create(one.type, "it", one.want);
            assert.equal(made.id, one.id);
            assert.equal(await one.seen(), one.values[0]);
            assert.ok(await isSame(one.type, made.state, one.want));
            const read = await refreshed(one.type, "it", made, one.want);
            assert.deepEqual(read.inputs, (await plugin.check(one.type, one.want)).inputs);
        });

        it("made twice by one resource is the same row, and is refused to another", async () => {
            const again = await plugin.create(one.type, "it", one.want);
            assert.equal(again.state.objectId, made.state.objectId);
            await assert.rejects(plugin.create(one.type, "other", one.want), /belongs to resource it/);
        });

        it("changes live", async () => {
            made.state = await plugin.update(one.type, "it", made, { ...one.want, ...one.update });
            assert.equal(await one.seen(), one.values[1]);
        });

        it("shows what somebody changed, and repairs it", async () => {
            await one.drift();
            const want = { ...one.want, ...one.update };
            const read = await refreshed(one.type, "it", made, want);
            assert.ok(!(await isSame(one.type, read.state, want)));
            made.state = await plugin.update(one.type, "it", { ...made, state: read.state }, want);
            assert.equal(await one.seen(), one.values[1]);
        });

        if (one.replaces)
            it("is replaced when what it is changes", async () => {
                const { inputs } = await plugin.check(one.type, { ...one.want, ...one.replaces });
                const { replacesList } = await plugin.diff(one.type, made.state, inputs);
                assert.deepEqual(replacesList, Object.keys(one.replaces ?? {}));
            });

        it("that nobody marked is imported, without a difference afterwards", async () => {
            const row = made.state.objectId as string;
            const table =
                one.type === SFLOW ? "sFlow" : { [IPFIX]: "IPFIX", [NETFLOW]: "NetFlow", [TLS]: "SSL" }[one.type];
            await lab.vsctl("remove", table ?? one.type.slice(OVS.length), row, "external_ids", "kvmnet-owner");
            await assert.rejects(plugin.create(one.type, "new", one.want), /pulumi import/);
            const read = await plugin.read(one.type, "it", one.id);
            assert.ok(await isSame(one.type, read.state, read.inputs));
            made.state = await plugin.update(one.type, "it", { id: one.id, state: read.state }, read.inputs);
            assert.equal(await one.seen(), one.values[1]);
        });

        it("is gone after delete, and a second delete is success", async () => {
            await plugin.delete(one.type, "it", made);
            assert.equal(await one.count(), "");
            await plugin.delete(one.type, "it", made);
        });
    };

    describe("a mirror", () => {
        before(async () => {
            for (const name of ["m-a", "m-b", "m-out"]) {
                await lab.run("ip", "tuntap", "add", "dev", name, "mode", "tap");
                await lab.vsctl("add-port", "br", name);
            }
        });
        const names = async () => {
            const uuids = (await get("Mirror", "ids", "select_src_port")).replace(/[[\] ]/g, "").split(",");
            return (await Promise.all(uuids.filter(Boolean).map((uuid) => get("Port", uuid, "name")))).sort().join(",");
        };
        const want = {
            bridge: "br",
            name: "ids",
            selectSourcePorts: ["m-a"],
            selectVlans: ["10", "20-22"],
            outputPort: "m-out",
        };
        rowTests({
            type: MIRROR,
            want,
            id: "br/ids",
            update: { selectSourcePorts: ["m-b", "m-a"] },
            seen: names,
            values: ["m-a", "m-a,m-b"],
            drift: () => lab.vsctl("clear", "Mirror", "ids", "select_src_port"),
            count: () => lab.vsctl("--bare", "--columns=name", "list", "Mirror"),
            replaces: { name: "ids2" },
        });

        it("copies what it selects, and nothing else", async () => {
            const trace = (vlan: number) =>
                lab.run("ovs-appctl", "ofproto/trace", "br", `in_port=m-a,dl_vlan=${vlan},dl_dst=52:54:00:00:00:99`);
            const made = await plugin.create(MIRROR, "copy", want);
            const [inVlan, other] = (await Promise.all([trace(20), trace(30)])).map(
                (text) => text.split("\n").at(-1) ?? "",
            );
            assert.equal((inVlan ?? "").split(",").length, (other ?? "").split(",").length + 1);
            await plugin.delete(MIRROR, "copy", made);
        });

        it("shows that its output went, and gets it back", async () => {
            const made = await plugin.create(MIRROR, "out", want);
            await lab.vsctl("del-port", "br", "m-out", "--", "add-port", "br", "m-out");
            const read = await refreshed(MIRROR, "out", made, want);
            assert.equal(read.state.outputPort, undefined);
            const state = await plugin.update(MIRROR, "out", { ...made, state: read.state }, want);
            assert.equal(state.outputPort, "m-out");
            await plugin.delete(MIRROR, "out", { ...made, state });
        });

        it("shows that it selects packets without a tag, which somebody else has chosen, and takes every VLAN again", async () => {
            const { selectVlans: _, ...all } = want;
            const made = await plugin.create(MIRROR, "untagged", all);
            await lab.vsctl("set", "Mirror", "ids", "select_vlan=0,4095");
            const read = await refreshed(MIRROR, "untagged", made, all);
            assert.deepEqual(read.state.selectVlans, ["0", "4095"]);
            made.state = await plugin.update(MIRROR, "untagged", { ...made, state: read.state }, all);
            assert.equal(await get("Mirror", "ids", "select_vlan"), "[]");
            assert.ok(await isSame(MIRROR, made.state, all));
            await plugin.delete(MIRROR, "untagged", made);
        });

        it("of another owner in the same bridge stays", async () => {
            await lab.vsctl(
                "--",
                "--id=@m",
                "create",
                "Mirror",
                "name=theirs",
                "select_all=true",
                "--",
                "add",
                "Bridge",
                "br",
                "mirrors",
                "@m",
            );
            const made = await plugin.create(MIRROR, "ours", want);
            await plugin.delete(MIRROR, "ours", made);
            assert.equal(await lab.vsctl("--bare", "--columns=name", "list", "Mirror"), "theirs");
            await lab.vsctl("clear", "Bridge", "br", "mirrors");
        });

        it("is refused without its ports, with what to do", () =>
            assert.rejects(
                plugin.create(MIRROR, "no", { ...want, outputPort: "m-none" }),
                /the bridge br has no port m-none. Declare it/,
            ));

        it("is judged by check", async () => {
            const { failures } = await plugin.check(MIRROR, {
                bridge: "br",
                name: "no name",
                selectAll: true,
                selectSourcePorts: ["m-a"],
                outputPort: "m-a",
                outputVlan: 5,
                snaplen: 3,
            });
            assert.deepEqual(Object.keys(failures).sort(), ["name", "outputPort", "selectAll", "snaplen"]);
        });
    });

    describe("a controller", () => {
        before(() => plugin.create(BRIDGE, "ctl", { name: "ctl", datapathType: "netdev" }));
        const want = { bridge: "ctl", target: "tcp:127.0.0.1:6653", maxBackoff: 1000, dscp: 10 };
        rowTests({
            type: CONTROLLER,
            want,
            id: "ctl/tcp:127.0.0.1:6653",
            update: { maxBackoff: 2000 },
            seen: () => only("Controller", "max_backoff"),
            values: ["1000", "2000"],
            drift: async () => lab.vsctl("set", "Controller", await only("Controller", "_uuid"), "max_backoff=3000"),
            count: () => only("Controller", "target"),
            replaces: { target: "ssl:127.0.0.1:6653" },
        });

        it("that answers is connected, which a refresh tells", async () => {
            const target = "unix:/var/run/openvswitch/ctl.controller";
            const controller = await OpenFlowController.listen(
                join(labPaths(lab.name).folder, "openvswitch/ctl.controller"),
            );
            const made = await plugin.create(CONTROLLER, "live", { bridge: "ctl", target, maxBackoff: 1000 });
            await eventually(async () => assert.equal(await only("Controller", "is_connected"), "true"));
            const read = await refreshed(CONTROLLER, "live", made, { bridge: "ctl", target });
            assert.equal(read.state.isConnected, true);
            assert.ok(controller.greeted > 0);
            await plugin.delete(CONTROLLER, "live", made);
            await controller.close();
        });

        for (const target of [
            "unix:/run/controller.sock",
            "unix:/run/openvswitch/ctl.controller",
            "punix:/var/run/openvswitch/mine.sock",
            "punix:/var/run/openvswitch/ctl.sub/folder",
        ])
            it(`at a socket that Open vSwitch never opens is refused: ${target}`, () =>
                assert.rejects(
                    plugin.create(CONTROLLER, "closed", { bridge: "ctl", target }),
                    /Open vSwitch opens no socket there .* only p?unix:\/var\/run\/openvswitch\/(ctl\.)?NAME/,
                ));

        it("may wait at a socket of its bridge, where the switch says its run directory", async () => {
            const file = "/var/run/openvswitch/ctl.wait";
            const want = { bridge: "ctl", target: `punix:${file}` };
            const made = await plugin.create(CONTROLLER, "wait", want);
            await eventually(() => lab.run("test", "-S", file));
            await plugin.delete(CONTROLLER, "wait", made);
            await lab.vsctl("set", "Open_vSwitch", ".", "external_ids:rundir=/opt/run");
            await assert.rejects(plugin.create(CONTROLLER, "wait", want), /only punix:\/opt\/run\/ctl.NAME/);
            await lab.vsctl("remove", "Open_vSwitch", ".", "external_ids", "rundir");
        });

        for (const target of [
            "ptcp::127.0.0.1",
            "ptcp:0",
            "pssl:0:127.0.0.1",
            "tcp:127.0.0.1:0",
            "tcp:127.0.0.1:65536",
        ])
            it(`is refused by check at a port that nobody meant: ${target}`, async () => {
                const { failures } = await plugin.check(CONTROLLER, { bridge: "ctl", target });
                assert.deepEqual(Object.keys(failures), ["target"]);
            });

        it("by tcp is warned of", async () => {
            engine.logged.length = 0;
            const made = await plugin.create(CONTROLLER, "open", { bridge: "ctl", target: "tcp:10.0.0.5" });
            assert.match(engine.logged.map(({ message }) => message).join(), /opens the flows of ctl without TLS/);
            await plugin.delete(CONTROLLER, "open", made);
        });

        it("is judged by check", async () => {
            const { failures } = await plugin.check(CONTROLLER, {
                bridge: "ctl",
                target: "http://controller",
                burstLimit: 30,
                localNetmask: "255.255.255.0",
                inactivityProbe: -1,
            });
            assert.deepEqual(Object.keys(failures).sort(), ["burstLimit", "inactivityProbe", "localIp", "target"]);
        });
    });

    describe("a manager", () => {
        const want = { target: "ptcp:6640:127.0.0.1", inactivityProbe: 7000 };
        rowTests({
            type: MANAGER,
            want,
            id: want.target,
            update: { inactivityProbe: 8000 },
            seen: () => only("Manager", "inactivity_probe"),
            values: ["7000", "8000"],
            drift: async () => lab.vsctl("set", "Manager", await only("Manager", "_uuid"), "inactivity_probe=1"),
            count: () => only("Manager", "target"),
            replaces: { target: "ptcp:6641:127.0.0.1" },
        });

        it("lets a client in while it is there, and not afterwards", async () => {
            const client = () => lab.run("ovsdb-client", "--timeout=30", "list-dbs", "tcp:127.0.0.1:6640");
            const made = await plugin.create(MANAGER, "in", want);
            await eventually(async () => assert.match(await client(), /Open_vSwitch/));
            await plugin.delete(MANAGER, "in", made);
            await eventually(() => assert.rejects(client()));
        });

        it("of two has a row each", async () => {
            const [one, two] = await Promise.all([
                plugin.create(MANAGER, "one", { target: "ptcp:6640:127.0.0.1" }),
                plugin.create(MANAGER, "two", { target: "ptcp:6641:127.0.0.1" }),
            ]);
            await plugin.delete(MANAGER, "one", one);
            assert.equal(await only("Manager", "target"), "ptcp:6641:127.0.0.1");
            await plugin.delete(MANAGER, "two", two);
        });
    });

    describe("TLS settings", () => {
        const pki = "/var/lib/libvirt/pki";
        const want = { privateKey: `${pki}/sw.key`, certificate: `${pki}/sw.pem`, caCert: `${pki}/ca.pem` };
        before(async () => {
            await lab.run("mkdir", "-p", pki);
            const openssl = (...argv: string[]) => lab.run("openssl", ...argv);
            const key = (name: string) => [
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                `${pki}/${name}.key`,
            ];
            await openssl("req", "-x509", ...key("ca"), "-out", `${pki}/ca.pem`, "-days", "2", "-subj", "/CN=ca");
            for (const name of ["sw", "client"]) {
                await openssl("req", ...key(name), "-out", `${pki}/${name}.csr`, "-subj", `/CN=${name}`);
                const signing = ["-CA", `${pki}/ca.pem`, "-CAkey", `${pki}/ca.key`, "-CAcreateserial", "-days", "2"];
                await openssl("x509", "-req", "-in", `${pki}/${name}.csr`, ...signing, "-out", `${pki}/${name}.pem`);
            }
        });
        rowTests({
            type: TLS,
            want,
            id: "SSL",
            update: { bootstrapCaCert: true },
            seen: () => only("SSL", "bootstrap_ca_cert"),
            values: ["false", "true"],
            drift: async () => lab.vsctl("set", "SSL", await only("SSL", "_uuid"), "bootstrap_ca_cert=false"),
            count: () => only("SSL", "certificate"),
        });

        it("let a manager speak TLS to a client that shows a certificate of the same authority, and to no other", async () => {
            const client = (...more: string[]) =>
                lab.run(
                    "ovsdb-client",
                    "--timeout=30",
                    `--ca-cert=${pki}/ca.pem`,
                    ...more,
                    "list-dbs",
                    "ssl:127.0.0.1:6642",
                );
            const made = await plugin.create(TLS, "tls", want);
            const manager = await plugin.create(MANAGER, "tls", { target: "pssl:6642:127.0.0.1" });
            await eventually(async () =>
                assert.match(
                    await client(`--private-key=${pki}/client.key`, `--certificate=${pki}/client.pem`),
                    /Open_vSwitch/,
                ),
            );
            await lab.run(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                `${pki}/x.key`,
                "-out",
                `${pki}/x.pem`,
                "-subj",
                "/CN=x",
            );
            await assert.rejects(client(`--private-key=${pki}/x.key`, `--certificate=${pki}/x.pem`));
            await plugin.delete(MANAGER, "tls", manager);
            await plugin.delete(TLS, "tls", made);
        });

        it("warn of files that are not there, and never show a key", async () => {
            engine.logged.length = 0;
            const made = await plugin.create(TLS, "gone", { ...want, privateKey: "/nowhere/sw.key" });
            assert.match(engine.logged.map(({ message }) => message).join(), /There is no \/nowhere\/sw.key/);
            assert.equal(JSON.stringify(made.state).includes("BEGIN"), false);
            await plugin.delete(TLS, "gone", made);
        });

        it("that only the command lines of the daemons have are none of it", async () => {
            const { failures } = await plugin.check(TLS, { ...want, protocols: "TLSv1.3", ciphers: "HIGH" });
            assert.deepEqual(Object.keys(failures).sort(), ["ciphers", "protocols"]);
        });
    });

    describe("settings", () => {
        const other = (key: string) => lab.vsctl("--if-exists", "get", "Open_vSwitch", ".", `other_config:${key}`);
        const want = { vlanLimit: 2, maxIdle: 20000, otherConfig: { "x-test": "1" } };
        let made: Made;
        before(async () => {
            await lab.vsctl("set", "Open_vSwitch", ".", "other_config:vlan-limit=1", "other_config:theirs=7");
        });

        it("are set, and what is not declared stays", async () => {
            made = await plugin.create(SETTINGS, "s", want);
            assert.equal(made.id, "Open_vSwitch");
            assert.deepEqual(
                [await other("vlan-limit"), await other("max-idle"), await other("x-test"), await other("theirs")],
                ['"2"', '"20000"', '"1"', '"7"'],
            );
            assert.equal(made.state.dpdkInitialized, false);
            assert.ok(await isSame(SETTINGS, made.state, want));
        });

        it("set twice by one resource keep the first former value, and are refused to another", async () => {
            await plugin.create(SETTINGS, "s", want);
            await assert.rejects(plugin.create(SETTINGS, "other", want), /belongs to resource s/);
        });

        it("change live, and one that is no longer declared gets its former value", async () => {
            made.state = await plugin.update(SETTINGS, "s", made, { maxIdle: 30000 });
            assert.deepEqual(
                [await other("vlan-limit"), await other("max-idle"), await other("x-test")],
                ['"1"', '"30000"', ""],
            );
            made.state = await plugin.update(SETTINGS, "s", made, want);
        });

        it("show what somebody changed, and repair it", async () => {
            await lab.vsctl("set", "Open_vSwitch", ".", "other_config:vlan-limit=0", "other_config:flow-limit=9");
            const read = await refreshed(SETTINGS, "s", made, want);
            assert.equal(read.state.vlanLimit, 0);
            assert.equal(read.state.flowLimit, undefined);
            made.state = await plugin.update(SETTINGS, "s", { ...made, state: read.state }, want);
            assert.equal(await other("vlan-limit"), '"2"');
        });

        it("are given back by delete, and a second delete is success", async () => {
            await plugin.delete(SETTINGS, "s", made);
            assert.deepEqual(
                [await other("vlan-limit"), await other("max-idle"), await other("x-test"), await other("theirs")],
                ['"1"', "", "", '"7"'],
            );
            await plugin.delete(SETTINGS, "s", made);
        });

        it("are imported as they stand, without a difference afterwards, and given back as they stood", async () => {
            const read = await plugin.read(SETTINGS, "i", "Open_vSwitch");
            assert.deepEqual(read.inputs, { vlanLimit: 1, flowLimit: 9, otherConfig: { theirs: "7" } });
            assert.ok(await isSame(SETTINGS, read.state, read.inputs));
            const state = await plugin.update(
                SETTINGS,
                "i",
                { id: read.id, state: read.state },
                { ...read.inputs, vlanLimit: 0 },
            );
            assert.equal(await other("vlan-limit"), '"0"');
            await plugin.delete(SETTINGS, "i", { id: read.id, state });
            assert.equal(await other("vlan-limit"), '"1"');
        });

        it("that wait for the next start of ovs-vswitchd are warned of, where an update adds them, too", async () => {
            const warned = async <Result>(work: Promise<Result>): Promise<[Result, string]> => {
                engine.logged.length = 0;
                return [await work, engine.logged.map(({ message }) => message).join()];
            };
            const [there, once] = await warned(plugin.create(SETTINGS, "hw", { hwOffload: true, nOffloadThreads: 2 }));
            assert.equal(once, "");
            const more = { hwOffload: true, nOffloadThreads: 3 };
            const [state, late] = await warned(plugin.update(SETTINGS, "hw", there, more));
            assert.match(late, /^nOffloadThreads: ovs-vswitchd .* goes on as before until it is started again/);
            const [, off] = await warned(plugin.update(SETTINGS, "hw", { ...there, state }, { hwOffload: false }));
            assert.match(off, /^hwOffload, nOffloadThreads: ovs-vswitchd .* goes on as before/);
            await plugin.delete(SETTINGS, "hw", there);
        });

        it("are judged by check", async () => {
            const { failures } = await plugin.check(SETTINGS, {
                vlanLimit: 3,
                pmdCpuMask: "all",
                dpdkSocketMem: "1G",
                otherConfig: { "vlan-limit": "2" },
            });
            assert.deepEqual(Object.keys(failures).sort(), [
                "dpdkSocketMem",
                "otherConfig.vlan-limit",
                "pmdCpuMask",
                "vlanLimit",
            ]);
        });
    });

    /** Waits in the lab for one datagram, while packets go through the bridge; gives its first two bytes. */
    const collected = (port: number) =>
        lab.run(
            process.execPath,
            "-e",
            `const { createSocket } = require("node:dgram");
             const [collector, sender] = [createSocket("udp4"), createSocket("udp4")];
             collector.on("message", (m) => { console.log(m.readUInt16BE(0), m.readUInt16BE(2)); process.exit(0); });
             collector.bind(${port}, "127.0.0.1");
             setInterval(() => sender.send("hello", 9, "10.9.0.2"), 50);
             setTimeout(() => process.exit(1), 20000);`,
        );

    describe("exports of traffic", () => {
        before(async () => {
            await lab.run("ip", "address", "add", "10.9.0.1/24", "dev", "br");
            await lab.run("ip", "neighbour", "add", "10.9.0.2", "lladdr", "52:54:00:00:00:02", "dev", "br");
        });

        describe("by sFlow", () => {
            rowTests({
                type: SFLOW,
                want: { bridge: "br", targets: ["10.0.0.9:6343"], agent: "lo", sampling: 64 },
                id: "br",
                update: { sampling: 32, targets: ["[fd00::9]:6343", "10.0.0.9:6343"] },
                seen: () => only("sFlow", "sampling"),
                values: ["64", "32"],
                drift: async () => lab.vsctl("set", "sFlow", await only("sFlow", "_uuid"), "sampling=1"),
                count: () => only("sFlow", "targets"),
                replaces: { bridge: "br2" },
            });

            it("are imported with the port of a collector that names none", async () => {
                const row = ["--id=@s", "create", "sFlow", 'targets="10.0.0.9","fd00::9"', "agent=lo"];
                await lab.vsctl("--", ...row, "--", "set", "Bridge", "br", "sflow=@s");
                const { inputs, state } = await plugin.read(SFLOW, "hand", "br");
                assert.deepEqual(inputs.targets, ["10.0.0.9:6343", "[fd00::9]:6343"]);
                assert.deepEqual((await plugin.check(SFLOW, inputs)).failures, {});
                assert.ok(await isSame(SFLOW, state, inputs));
                await lab.vsctl("clear", "Bridge", "br", "sflow");
            });

            it("reach a collector", async () => {
                const want = { bridge: "br", targets: ["127.0.0.1:6343"], agent: "lo", polling: 1, sampling: 1 };
                const made = await plugin.create(SFLOW, "sent", want);
                // Version 5, as 32 bits.
                assert.equal(await collected(6343), "0 5");
                await plugin.delete(SFLOW, "sent", made);
            });
        });

        describe("by IPFIX", () => {
            rowTests({
                type: IPFIX,
                want: { bridge: "br", targets: ["10.0.0.9:4739"], inputSampling: false },
                id: "br",
                update: { obsDomainId: 7, virtualObsId: "tenant-1" },
                seen: () => only("IPFIX", "obs_domain_id"),
                values: ["", "7"],
                drift: async () => lab.vsctl("set", "IPFIX", await only("IPFIX", "_uuid"), "obs_domain_id=8"),
                count: () => only("IPFIX", "targets"),
                replaces: { bridge: "br2" },
            });

            it("reach a collector", async () => {
                const made = await plugin.create(IPFIX, "sent", {
                    bridge: "br",
                    targets: ["127.0.0.1:4739"],
                    sampling: 1,
                });
                assert.match(await collected(4739), /^10 /);
                await plugin.delete(IPFIX, "sent", made);
            });

            it("samples packets where they enter and where they leave, unless it is not to", async () => {
                await lab.vsctl("add-port", "br", "sampled", "--", "set", "Interface", "sampled", "type=internal");
                const arp = "in_port=sampled,arp,dl_src=52:54:00:00:00:03,dl_dst=ff:ff:ff:ff:ff:ff";
                /** Where the switch samples it: it names the port through which a packet leaves, and none where one enters. */
                const sampled = async () => {
                    const text = await lab.run("ovs-appctl", "ofproto/trace", "br", arp);
                    const ports = [...text.matchAll(/ipfix\(output_port=(\d+)\)/g)].map(([, port]) => Number(port));
                    const enters = (port: number) => port === 2 ** 32 - 1;
                    return { input: ports.some(enters), output: !ports.every(enters) };
                };
                const want = { bridge: "br", targets: ["127.0.0.1:4739"], sampling: 1 };
                const made = await plugin.create(IPFIX, "where", want);
                assert.deepEqual(await sampled(), { input: true, output: true });
                for (const [inputSampling, outputSampling] of [
                    [false, true],
                    [true, false],
                    [false, false],
                    [true, true],
                ] as const) {
                    const told = { ...want, inputSampling, outputSampling };
                    made.state = await plugin.update(IPFIX, "where", made, told);
                    assert.deepEqual(await sampled(), { input: inputSampling, output: outputSampling });
                    const read = await refreshed(IPFIX, "where", made, told);
                    assert.deepEqual(read.inputs, (await plugin.check(IPFIX, told)).inputs);
                }
                await plugin.delete(IPFIX, "where", made);
                await lab.vsctl("del-port", "br", "sampled");
            });

            it("tells that somebody has it sample no longer where packets enter, and it does again after an update", async () => {
                const want = { bridge: "br", targets: ["127.0.0.1:4739"] };
                const made = await plugin.create(IPFIX, "off", want);
                // Open vSwitch before 3.2 takes the key for its contrary.
                const row = await only("IPFIX", "_uuid");
                await lab.vsctl("set", "IPFIX", row, "other_config:enable-input-sampling=true");
                const read = await refreshed(IPFIX, "off", made, want);
                assert.equal(read.state.inputSampling, false);
                const state = await plugin.update(IPFIX, "off", { ...made, state: read.state }, want);
                assert.equal(await only("IPFIX", "other_config"), "");
                await plugin.delete(IPFIX, "off", { ...made, state });
            });

            it("that this version of Open vSwitch does not have are refused", () =>
                assert.rejects(
                    plugin.create(IPFIX, "new", { bridge: "br", targets: ["10.0.0.9:4739"], statsInterval: 5 }),
                    /no column stats_interval/,
                ));
        });

        describe("by NetFlow", () => {
            rowTests({
                type: NETFLOW,
                want: { bridge: "br", targets: ["10.0.0.9:2055"] },
                id: "br",
                update: { activeTimeout: 60, engineId: 3, addIdToInterface: true },
                seen: () => only("NetFlow", "active_timeout"),
                values: ["0", "60"],
                drift: async () => lab.vsctl("set", "NetFlow", await only("NetFlow", "_uuid"), "active_timeout=61"),
                count: () => only("NetFlow", "targets"),
                replaces: { bridge: "br2" },
            });

            it("reach a collector", async () => {
                const made = await plugin.create(NETFLOW, "sent", {
                    bridge: "br",
                    targets: ["127.0.0.1:2055"],
                    activeTimeout: 1,
                });
                assert.match(await collected(2055), /^5 /);
                await plugin.delete(NETFLOW, "sent", made);
            });

            it("that tell a flow that goes on after a negative time do so after the usual one, which is read so", async () => {
                const row = ["--id=@n", "create", "NetFlow", 'targets="10.0.0.9:2055"', "active_timeout=-1"];
                await lab.vsctl("--", ...row, "--", "set", "Bridge", "br", "netflow=@n");
                const { inputs, state } = await plugin.read(NETFLOW, "hand", "br");
                assert.deepEqual((await plugin.check(NETFLOW, inputs)).failures, {});
                assert.ok(await isSame(NETFLOW, state, { ...inputs, activeTimeout: 0 }));
                await lab.vsctl("clear", "Bridge", "br", "netflow");
                const { failures } = await plugin.check(NETFLOW, { ...inputs, activeTimeout: -1 });
                assert.match(failures.activeTimeout ?? "", /0 to 2147483647/);
            });
        });

        it("that two bridges share are left alone", async () => {
            await plugin.create(BRIDGE, "br3", { name: "br3", datapathType: "netdev" });
            const on = (bridge: string) => ["--", "set", "Bridge", bridge, "sflow=@s"];
            await lab.vsctl("--", "--id=@s", "create", "sFlow", 'targets="10.0.0.9:6343"', ...on("br"), ...on("br3"));
            const want = { bridge: "br", targets: ["10.0.0.10:6343"], agent: "lo" };
            for (const work of [() => plugin.read(SFLOW, "hand", "br"), () => plugin.create(SFLOW, "hand", want)])
                await assert.rejects(work, /its row in the switch's database is also that of the bridge br3/);
            assert.equal(await only("sFlow", "targets"), "10.0.0.9:6343");
            for (const name of ["br", "br3"]) await lab.vsctl("clear", "Bridge", name, "sflow");
        });

        it("that two bridges share are left alone, and so are their controllers and mirrors", async () => {
            const shared: [table: string, column: string, type: string, id: string, row: string[]][] = [
                [
                    "Controller",
                    "controller",
                    CONTROLLER,
                    "br/tcp:127.0.0.1:9",
                    ['target="tcp:127.0.0.1:9"', "type=service"],
                ],
                ["Mirror", "mirrors", MIRROR, "br/both", ["name=both", "select_all=true", "output_vlan=7"]],
            ];
            for (const [table, column, type, id, row] of shared) {
                const on = (bridge: string) => ["--", "set", "Bridge", bridge, `${column}=@r`];
                await lab.vsctl("--", "--id=@r", "create", table, ...row, ...on("br"), ...on("br3"));
                await assert.rejects(
                    plugin.read(type, "hand", id),
                    /its row in the switch's database is also that of the bridge br3/,
                );
                for (const name of ["br", "br3"]) await lab.vsctl("clear", "Bridge", name, column);
            }
        });

        it("need a bridge that is there, and a numeric address", async () => {
            await assert.rejects(
                plugin.create(SFLOW, "none", { bridge: "no-br", targets: ["10.0.0.9:6343"] }),
                /there is no OVS bridge no-br/,
            );
            const { failures } = await plugin.check(NETFLOW, { bridge: "br", targets: ["collector:2055", "10.0.0.9"] });
            assert.deepEqual(Object.keys(failures), ["targets[0]", "targets[1]"]);
        });
    });
});

/** An OpenFlow controller that says hello and answers echo requests (OpenFlow 1.0, 5.5). */
class OpenFlowController {
    greeted = 0;
    private readonly sockets = new Set<Socket>();

    private constructor(private readonly server: Server) {}

    static listen(path: string): Promise<OpenFlowController> {
        const server = createServer();
        const controller = new OpenFlowController(server);
        server.on("connection", (socket) => controller.serve(socket));
        return new Promise((resolve) => server.listen(path, () => resolve(controller)));
    }

    close(): Promise<void> {
        for (const socket of this.sockets) socket.destroy();
        return new Promise((resolve) => this.server.close(() => resolve()));
    }

    private serve(socket: Socket): void {
        this.sockets.add(socket);
        this.greeted += 1;
        socket.on("error", () => undefined);
        socket.write(Buffer.from([1, 0, 0, 8, 0, 0, 0, 1]));
        socket.on("data", (message) => {
            const isEcho = message[1] === 2;
            if (isEcho) socket.write(Buffer.concat([Buffer.from([1, 3]), message.subarray(2)]));
        });
    }
}
