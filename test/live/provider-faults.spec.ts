import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { status } from "@grpc/grpc-js";
import type { Bag } from "../../provider/wire";
import { Plugin, unfinishedOf } from "../provider/plugin";
import { ProviderLab } from "./provider-lab";

const OVS_BRIDGE = "kvmnet:ovs:Bridge";
const OVS_PORT = "kvmnet:ovs:Port";
const TAP = "kvmnet:host:Tap";
const PLUGIN = join(__dirname, "../../provider/pulumi-resource-kvmnet");

describe("the provider under faults", function () {
    this.timeout(90_000);
    const lab = new ProviderLab("test-faults");
    let plugin: Plugin;
    const signal = (name: string, daemon: string) =>
        lab.run("sh", "-c", 'kill "-$1" "$(cat "/var/run/openvswitch/$2.pid")"', "sh", name, daemon);

    before(async () => {
        await lab.down();
        await lab.up();
    });
    after(() => lab.down());
    beforeEach(async () => (plugin = await Plugin.start(lab.host)));
    afterEach(async () => {
        await signal("CONT", "ovs-vswitchd");
        await plugin.stop();
    });

    it("killed at any moment leaves what the next run finishes, without duplicates", async () => {
        type Wanted = [type: string, inputs: { name: string } & Bag];
        const wanted: Wanted[] = [
            ...Array.from({ length: 8 }, (_, index): Wanted => [TAP, { name: `k${index}`, mtu: 1400 }]),
            ...Array.from({ length: 8 }, (_, index): Wanted => [
                OVS_PORT,
                { name: `k${index}`, bridge: "br-k", tag: 10 + index },
            ]),
            ...Array.from({ length: 4 }, (_, index): Wanted => ["kvmnet:host:Bridge", { name: `kb${index}` }]),
        ];
        const all = (by: Plugin) => wanted.map(([type, inputs]) => by.create(type, inputs.name, inputs));
        await plugin.create(OVS_BRIDGE, "br", { name: "br-k", datapathType: "netdev" });
        for (let delay = 0; delay <= 100; delay += 20) {
            const doomed = await Plugin.start(lab.host);
            const doing = Promise.allSettled(all(doomed));
            await new Promise((resolve) => setTimeout(resolve, delay));
            await doomed.kill();
            await doing;
            // Taps first, as their ports depend on them in a program.
            for (const type of [TAP, OVS_PORT, "kvmnet:host:Bridge"])
                await Promise.all(
                    wanted
                        .filter(([one]) => one === type)
                        .map(([, inputs]) => plugin.create(type, inputs.name, inputs)),
                );
            assert.equal((await lab.vsctl("list-ports", "br-k")).split("\n").length, 8);
            assert.equal(
                (await lab.vsctl("--bare", "--columns=name", "list", "Port")).split("\n").filter(Boolean).length,
                9,
            );
            await Promise.all(wanted.map(([type, { name }]) => plugin.delete(type, name, { id: name, state: {} })));
            assert.ok(!(await lab.linkNames()).some((name) => /^kb?\d$/.test(name)));
        }
    });

    it("with ovs-vswitchd hung tells so in bounded time, keeps the object, and finishes it later", async () => {
        await plugin.create(OVS_BRIDGE, "hang", { name: "br-hang", datapathType: "netdev" });
        await signal("STOP", "ovs-vswitchd");
        const started = performance.now();
        const inputs = { name: "hang0", bridge: "br-hang", type: "internal", tag: 3 };
        const unfinished = unfinishedOf(
            await plugin.create(OVS_PORT, "h", inputs, { timeout: 1 }).catch((error: unknown) => error),
        );
        assert.ok(performance.now() - started < 10_000, "a wait is 20 s otherwise");
        assert.match(unfinished?.reasons[0] ?? "", /ovs-vswitchd on lab test-faults does not answer \(waited 1 s\)/);
        await signal("CONT", "ovs-vswitchd");
        assert.equal(
            (await plugin.update(OVS_PORT, "h", { id: "hang0", state: unfinished?.state ?? {} }, inputs)).tag,
            3,
        );
    });

    it("cancelled ends a wait at once and keeps what is there", async () => {
        await signal("STOP", "ovs-vswitchd");
        const waiting = plugin
            .create(OVS_BRIDGE, "c", { name: "br-c", datapathType: "netdev" })
            .catch((error: unknown) => error);
        await new Promise((resolve) => setTimeout(resolve, 300));
        const started = performance.now();
        await plugin.cancel();
        assert.match(unfinishedOf(await waiting)?.reasons[0] ?? "", /cancelled/);
        assert.ok(performance.now() - started < 5_000, "a wait is 20 s otherwise");
        await signal("CONT", "ovs-vswitchd");
        const next = await Plugin.start(lab.host);
        await next.create(OVS_BRIDGE, "c", { name: "br-c", datapathType: "netdev" });
        await next.stop();
    });

    it("goes on when ovsdb-server was killed and started again", async () => {
        const made = await plugin.create(OVS_BRIDGE, "r", { name: "br-r", datapathType: "netdev" });
        const command = (
            await lab.run("sh", "-c", 'tr "\\0" "\\n" < "/proc/$(cat /var/run/openvswitch/ovsdb-server.pid)/cmdline"')
        ).split("\n");
        await signal("KILL", "ovsdb-server");
        const failing = plugin.update(OVS_BRIDGE, "r", made, {
            name: "br-r",
            datapathType: "netdev",
            failMode: "secure",
        });
        await lab.run(...command.filter((word) => word !== "--monitor"));
        assert.equal((await failing).failMode, "secure");
        assert.equal(await lab.vsctl("get-fail-mode", "br-r"), "secure");
    });

    it("without an Open vSwitch that answers says what to start", async () => {
        const command = (
            await lab.run("sh", "-c", 'tr "\\0" "\\n" < "/proc/$(cat /var/run/openvswitch/ovsdb-server.pid)/cmdline"')
        ).split("\n");
        await signal("KILL", "ovsdb-server");
        const code = await plugin
            .create(OVS_BRIDGE, "n", { name: "br-n" })
            .catch((error: { code: number }) => error.code);
        assert.equal(code, status.FAILED_PRECONDITION);
        await lab.run(...command.filter((word) => word !== "--monitor"));
    });

    it("ends when the engine was killed, though nobody closed its stdin", async () => {
        const engine = spawn(process.execPath, [
            "-e",
            'require("node:child_process").spawn(process.argv[1], { stdio: ["ignore", "inherit", "ignore"] }).on("spawn", function () { console.log(`pid ${this.pid}`); })',
            PLUGIN,
        ]);
        const lines: string[] = [];
        const reader = createInterface(engine.stdout);
        while (lines.length < 2) lines.push(String((await once(reader, "line"))[0]));
        const pid = Number(/pid (\d+)/.exec(lines.join(" "))?.[1]);
        engine.kill("SIGKILL");
        for (let waited = 0; alive(pid); waited += 50) {
            assert.ok(waited < 3_000, "the plugin outlived the engine");
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    });
});

function alive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch {
        return false;
    }
}
