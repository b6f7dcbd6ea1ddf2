import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { status } from "@grpc/grpc-js";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { SERVED } from "../../components/served";
import { name } from "../../package.json";
import { isAlive, statOf } from "../../lab/processes";
import { RESOURCES } from "../../provider/resources";
import { Secret, UNKNOWN, type Bag } from "../../provider/wire";
import { eventually } from "../support/eventually";
import { Plugin } from "./plugin";

const PLUGIN = join(__dirname, "../../provider/pulumi-resource-kvmnet");

interface Spec {
    $ref?: string;
    type?: string;
    description?: string;
    items?: Spec;
    plain?: boolean;
    language?: { csharp?: { name: string } };
}
type PackageSchema = {
    resources: Record<
        string,
        {
            description: string;
            inputProperties: Record<string, Spec>;
            properties: Record<string, Spec>;
            requiredInputs: string[];
            required: string[];
        }
    >;
    types: Record<string, { properties?: Record<string, Spec> }>;
    config: { variables: Record<string, Spec> };
    language: { nodejs: { packageName: string } };
};

describe("the plugin", () => {
    let plugin: Plugin;
    // No lab of this name is ever up: whatever touches a host fails.
    before(async () => (plugin = await Plugin.start("lab://never-up")));
    after(() => plugin.stop());

    it("takes secrets and outputs", async () => {
        const response = await plugin.handshake();
        assert.ok(response.getAcceptSecrets() && response.getAcceptOutputs());
    });

    it("says how to start a lab that is not up, and only when the host is needed", () =>
        assert.rejects(
            plugin.create("kvmnet:host:Tap", "t", { name: "t0" }),
            /lab never-up: it is not up. Start it with `kvmnet lab up never-up`/,
        ));

    it("previews a create without a host, with all that can be computed", async () => {
        const { id, state } = await plugin.create("kvmnet:host:Bridge", "b", { name: "br0" }, { preview: true });
        assert.equal(id, "br0");
        assert.match(state.mac as string, /^52:54(:[0-9a-f]{2}){4}$/);
        assert.match(state.owner as string, /^kvmnet:/);
        assert.deepEqual([state.mtu, state.stp], [1500, false]);
    });

    it("keeps unknown and secret inputs so in a preview", async () => {
        const { state } = await plugin.create(
            "kvmnet:ovs:Port",
            "p",
            { name: "p0", bridge: UNKNOWN, tag: new Secret(5) },
            { preview: true },
        );
        assert.equal(state.bridge, UNKNOWN);
        assert.deepEqual(state.tag, new Secret(5));
    });

    describe("in a preview of a change", () => {
        const PORT = { name: "p0", bridge: "br0", type: "internal" };
        const HAS = { ofport: 3, macInUse: "52:54:00:00:00:01", mtu: 1500 };
        const TAP = { multiQueue: false, vnetHdr: false, mtu: 1500 };
        const SET = { bridge: "br0", ports: { web1: { tag: 10, tap: TAP }, web2: { tag: 10, tap: TAP } } };
        const OFPORTS = { web1: 1, web2: 2 };
        const previewed = async (type: string, was: Bag, has: Bag, news: Bag) => {
            const state = { ...was, ...has, objectId: "as it was", owner: "" };
            const { inputs, failures } = await plugin.check(type, news);
            assert.deepEqual(failures, {});
            const options = { preview: true, checked: true };
            const previewed = await plugin.update(type, "it", { id: "it", state }, inputs, options);
            assert.equal(previewed.objectId, "as it was");
            return Object.fromEntries(Object.keys(has).map((key) => [key, previewed[key]]));
        };
        const ports = (more: Bag) => ({ ...SET, ports: { ...SET.ports, ...more } });

        const ofPort: [what: string, change: Bag, open: string[]][] = [
            ["nothing that follows none of what changes", { tag: 5 }, []],
            ["its MTU, where another is asked for", { mtuRequest: 9000 }, ["mtu"]],
            ["its MTU, where what is asked for is not known yet", { mtuRequest: UNKNOWN }, ["mtu"]],
            ["its MAC address, where it is to have another", { mac: "52:54:00:00:00:02" }, ["macInUse"]],
            ["its number, where it asks for another", { ofportRequest: 7 }, ["ofport"]],
        ];
        for (const [what, change, open] of ofPort)
            it(`leaves open of a port ${what}`, async () => {
                const unknown = Object.fromEntries(open.map((key) => [key, UNKNOWN]));
                const seen = await previewed("kvmnet:ovs:Port", PORT, HAS, { ...PORT, ...change });
                assert.deepEqual(seen, { ...HAS, ...unknown });
            });

        const ofSet: [what: string, news: Bag, ofports: Bag][] = [
            ["nothing where VLANs change", ports({ web1: { tag: 11, tap: TAP } }), OFPORTS],
            ["nothing where a tap changes live", ports({ web1: { tag: 10, tap: { ...TAP, mtu: 9000 } } }), OFPORTS],
            ["the number of one that comes", ports({ web5: { tap: TAP } }), { ...OFPORTS, web5: UNKNOWN }],
            ["nothing of one that goes", { ...SET, ports: { web1: SET.ports.web1 } }, { web1: 1 }],
            [
                "the number of one that asks for another",
                ports({ web1: { tag: 10, tap: TAP, ofportRequest: 9 } }),
                { ...OFPORTS, web1: UNKNOWN },
            ],
            [
                "the number of one whose tap is made anew",
                ports({ web1: { tag: 10, tap: { ...TAP, multiQueue: true } } }),
                { ...OFPORTS, web1: UNKNOWN },
            ],
            [
                "the number of one that gets another socket of vhost-user",
                ports({ web2: { type: "dpdkvhostuserclient", options: { vhostServerPath: "/run/two" } } }),
                { ...OFPORTS, web2: UNKNOWN },
            ],
            ["the number of one that is not known yet", ports({ web1: UNKNOWN }), { ...OFPORTS, web1: UNKNOWN }],
            ["all numbers where the bridge is another", { ...SET, bridge: "br1" }, { web1: UNKNOWN, web2: UNKNOWN }],
        ];
        for (const [what, news, ofports] of ofSet)
            it(`leaves open of a set of ports ${what}`, async () =>
                assert.deepEqual(await previewed("kvmnet:ovs:PortSet", SET, { ofports: OFPORTS }, news), { ofports }));

        it("leaves open all numbers of a set whose ports are not known yet", async () =>
            assert.deepEqual(
                await previewed("kvmnet:ovs:PortSet", SET, { ofports: OFPORTS }, { bridge: "br0", ports: UNKNOWN }),
                { ofports: UNKNOWN },
            ));

        it("keeps of a set of ports that one has no number yet", async () =>
            assert.deepEqual(await previewed("kvmnet:ovs:PortSet", SET, { ofports: { web1: 1 } }, ports({})), {
                ofports: { web1: 1 },
            }));

        const BRIDGE = { name: "br7", datapathType: "system" };
        const IN_USE = { macInUse: "52:54:00:00:00:03", datapathIdInUse: "0000525400000003" };
        const ofBridge: [what: string, was: Bag, change: Bag, open: string[]][] = [
            ["nothing that follows none of what changes", {}, { stp: true }, []],
            [
                "its MAC address and its datapath id, which follows it",
                {},
                { mac: "52:54:00:00:00:04" },
                Object.keys(IN_USE),
            ],
            [
                "its MAC address alone, where it has a datapath id of its own",
                { datapathId: "00000000000000aa" },
                { mac: "52:54:00:00:00:04", datapathId: "00000000000000aa" },
                ["macInUse"],
            ],
            [
                "its datapath id, where it is to have another",
                {},
                { datapathId: "00000000000000aa" },
                ["datapathIdInUse"],
            ],
        ];
        for (const [what, was, change, open] of ofBridge)
            it(`leaves open of a bridge ${what}`, async () => {
                const unknown = Object.fromEntries(open.map((key) => [key, UNKNOWN]));
                const seen = await previewed("kvmnet:ovs:Bridge", { ...BRIDGE, ...was }, IN_USE, {
                    ...BRIDGE,
                    ...change,
                });
                assert.deepEqual(seen, { ...IN_USE, ...unknown });
            });
    });

    it("derives nothing from a name that is unknown", async () => {
        const { id, state } = await plugin.create("kvmnet:host:Bridge", "b", { name: UNKNOWN }, { preview: true });
        assert.deepEqual([id, state.mac], ["", UNKNOWN]);
    });

    describe("asked whether it is to build on another host", () => {
        const replaces = async (olds: Bag, news: Bag) => (await plugin.diffConfig(olds, news)).replacesList;

        it("says so where the host is another", async () =>
            assert.deepEqual(await replaces({ host: "lab://one" }, { host: "lab://two" }), ["host"]));

        it("takes an absent host for this machine: an import leaves none in the state", async () => {
            assert.deepEqual(await replaces({ version: "0.1.0" }, { version: "0.1.0", host: "local" }), []);
            assert.deepEqual(await replaces({}, { host: "lab://one" }), ["host"]);
        });
    });

    it("tells a change property by property", async () => {
        const there = { name: "p0", bridge: "br0", type: "system", tag: 5 };
        const diff = await plugin.diff("kvmnet:ovs:Port", there, { ...there, tag: 6, bridge: "br1" });
        assert.deepEqual(diff.replacesList, ["bridge"]);
        assert.ok(diff.deletebeforereplace && diff.hasdetaileddiff);
        const kinds = new Map(diff.detaileddiffMap);
        assert.equal(kinds.get("tag")?.kind, proto.PropertyDiff.Kind.UPDATE);
        assert.equal(kinds.get("bridge")?.kind, proto.PropertyDiff.Kind.UPDATE_REPLACE);
    });

    it("sees no difference in a MAC that it derived itself", async () => {
        const { state } = await plugin.create("kvmnet:host:Bridge", "it", { name: "br0" }, { preview: true });
        const diff = await plugin.diff("kvmnet:host:Bridge", state, { name: "br0", mtu: 1500, stp: false });
        assert.deepEqual(diff.diffsList, []);
    });

    it("refuses what it does not serve in plain words", async () => {
        const call = new Promise((resolve, reject) =>
            plugin.client.call(new proto.CallRequest(), (error) => (error ? reject(error) : resolve(undefined))),
        );
        await assert.rejects(call, { code: status.UNIMPLEMENTED, details: "kvmnet does not serve methods." });
        await assert.rejects(
            plugin.create("kvmnet:host:Nothing", "b", {}),
            /there is no such thing in kvmnet. It has kvmnet:ovs:Bridge/,
        );
    });

    it("refuses an id that is no name before it asks the host", () =>
        assert.rejects(plugin.read("kvmnet:host:Tap", "t", "x;id"), /its id is not a name of an interface/));

    it("starts nothing new once cancelled", async () => {
        const other = await Plugin.start("local");
        await other.cancel();
        await assert.rejects(other.create("kvmnet:host:Tap", "t", { name: "t0" }), { code: status.CANCELLED });
        await other.stop();
    });

    it("ends when the engine's end of stdin does", async () => {
        const other = await Plugin.start();
        await other.stop();
        assert.equal(other.process.exitCode, 0);
    });

    it("ends when the engine has given up a component that waits for it", async () => {
        const other = await Plugin.start();
        const silent = createServer().listen(0, "127.0.0.1");
        await once(silent, "listening");
        const request = new proto.ConstructRequest();
        request.setType("kvmnet:index:Uplink");
        request.setMonitorendpoint(`127.0.0.1:${(silent.address() as AddressInfo).port}`);
        const asked = once(silent, "connection");
        const given = new Promise((resolve) => {
            const call = other.client.construct(request, (error) => resolve(error?.code));
            void asked.then(() => call.cancel());
        });
        assert.equal(await given, status.CANCELLED);
        await other.stop();
        silent.close();
        assert.equal(other.process.exitCode, 0);
    });

    it("goes on where nobody reads its warnings any more, for steps that run are to end", async () => {
        const other = await Plugin.start(undefined, "", {}, "pipe");
        const told = new Promise((resolve) => other.process.stderr?.once("data", resolve));
        const guest = (model: string) => ({ domain: "web1", timeout: 60, settings: { name: "web1", model } });
        const warns = (model: string) => other.diff("kvmnet:host:GuestShutdown", guest("virtio"), guest(model));
        await warns("e1000");
        assert.match(String(await told), /^warning: replaces guest web1/);
        other.process.stderr?.destroy();
        await warns("rtl8139");
        await other.handshake();
        await other.stop();
        assert.equal(other.process.exitCode, 0);
    });

    it("ends when the engine was killed, though somebody else holds the other end of its stdin", async () => {
        const starts = `require("node:child_process").spawn(process.argv[1], { stdio: ["ignore", "inherit", "ignore"] })
            .on("spawn", function () { console.log("pid " + this.pid); })`;
        const engine = spawn(process.execPath, ["-e", starts, PLUGIN]);
        const lines: string[] = [];
        const reader = createInterface(engine.stdout);
        while (lines.length < 2) lines.push(String((await once(reader, "line"))[0]));
        const plugin = statOf(Number(/pid (\d+)/.exec(lines.join(" "))?.[1]));
        assert.ok(plugin);
        engine.kill("SIGKILL");
        await eventually(() => assert.ok(!isAlive(plugin)));
    });
});

describe("the package schema", () => {
    let schema: PackageSchema;
    before(async () => {
        const plugin = await Plugin.start();
        schema = (await plugin.schema()) as PackageSchema;
        await plugin.stop();
    });

    it("lists every resource and component with its inputs and outputs", () => {
        assert.deepEqual(Object.keys(schema.resources).sort(), [...RESOURCES.keys(), ...SERVED.keys()].sort());
        assert.deepEqual(schema.resources["kvmnet:ovs:Port"]?.requiredInputs, ["name", "bridge"]);
        assert.ok(schema.resources["kvmnet:host:Bridge"]?.required.includes("mac"));
    });

    it("describes every field, and has one type for each", () => {
        for (const [token, { inputProperties, properties }] of Object.entries(schema.resources))
            for (const [name, spec] of [...Object.entries(inputProperties), ...Object.entries(properties)]) {
                assert.ok(spec.description, `${token}.${name} has no description`);
                assert.ok(
                    spec.$ref
                        ? schema.types[spec.$ref.replace("#/types/", "")]
                        : /^(string|integer|number|boolean|array|object)$/.test(spec.type ?? ""),
                    `${token}.${name}`,
                );
            }
        assert.ok(schema.config.variables.host?.description);
    });

    it("names no property in C# as the class that it is of, which C# refuses", () => {
        const classes = [
            ...Object.entries(schema.types),
            ...Object.entries(schema.resources),
            ...Object.entries(schema.resources).map(
                ([token, { inputProperties }]) => [token, { properties: inputProperties }] as const,
            ),
        ];
        const refused = classes.flatMap(([token, { properties = {} }]) =>
            Object.entries(properties)
                .map(([key, { language }]) => language?.csharp?.name ?? key.charAt(0).toUpperCase() + key.slice(1))
                .filter((name) => name === token.split(":").at(-1))
                .map((name) => `${token}.${name}`),
        );
        assert.deepEqual(refused, []);
        assert.equal(
            schema.resources["kvmnet:host:Address"]?.inputProperties.address?.language?.csharp?.name,
            "AddressValue",
        );
    });

    it("names the package that programs in TypeScript import, for the code that `pulumi import` writes", () =>
        assert.equal(schema.language.nodejs.packageName, name));

    it("has VLAN lists as text", () =>
        assert.deepEqual(schema.resources["kvmnet:ovs:Port"]?.inputProperties.trunks?.items?.type, "string"));
});

describe("the plugin's file", () => {
    let folder: string;
    before(() => (folder = mkdtempSync(join(tmpdir(), "kvmnet plugin "))));
    after(() => rmSync(folder, { recursive: true }));

    it("finds its folder through links", async () => {
        symlinkSync(PLUGIN, join(folder, "one"));
        symlinkSync("one", join(folder, "two"));
        const linked = spawn(join(folder, "two"));
        const [port] = (await once(createInterface(linked.stdout), "line")) as [string];
        assert.match(port, /^\d+$/);
        linked.stdin.end();
        await once(linked, "exit");
    });

    it("says what is missing where there is no node", () => {
        const { status: code, stderr } = spawnSync("/bin/sh", [PLUGIN], {
            env: { PATH: "/nonexistent" },
            encoding: "utf8",
        });
        assert.notEqual(code, 0);
        assert.match(stderr, /needs Node.js 22.18 or newer/);
    });

    it("says which node is too old", () => {
        const old = join(folder, "node");
        writeFileSync(
            old,
            `#!/bin/sh\nexec "${process.execPath}" -e 'Object.defineProperty(process.versions, "node", { value: "20.20.0" }); require(process.argv[1])' "$1"\n`,
        );
        chmodSync(old, 0o755);
        const { status: code, stderr } = spawnSync(PLUGIN, [], {
            env: { PATH: `${folder}:/usr/bin:/bin` },
            encoding: "utf8",
        });
        assert.equal(code, 1);
        assert.match(stderr, /needs Node.js 22.18 or newer; .* is 20.20.0/);
    });
});
