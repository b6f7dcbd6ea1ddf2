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
import { isAlive, statOf } from "../../lab/processes";
import { RESOURCES } from "../../provider/resources";
import { Secret, UNKNOWN } from "../../provider/wire";
import { eventually } from "../support/eventually";
import { Plugin } from "./plugin";

const PLUGIN = join(__dirname, "../../provider/pulumi-resource-kvmnet");

interface Spec {
    $ref?: string;
    type?: string;
    description?: string;
    items?: Spec;
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
    types: Record<string, object>;
    config: { variables: Record<string, Spec> };
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

    it("derives nothing from a name that is unknown", async () => {
        const { id, state } = await plugin.create("kvmnet:host:Bridge", "b", { name: UNKNOWN }, { preview: true });
        assert.deepEqual([id, state.mac], ["", UNKNOWN]);
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
