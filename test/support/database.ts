/** Open vSwitch's database without a switch, in a folder of its own. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

export class Database {
    readonly folder = mkdtempSync(join(tmpdir(), "kvmnet-ovsdb-"));
    readonly file = join(this.folder, "conf.db");
    readonly socket = join(this.folder, "db.sock");
    readonly #control = join(this.folder, "control");
    #server: ChildProcess | undefined;

    async start(): Promise<void> {
        execFileSync("ovsdb-tool", ["create", this.file, "/usr/share/openvswitch/vswitch.ovsschema"]);
        this.#server = spawn(
            "ovsdb-server",
            [`--remote=punix:${this.socket}`, `--unixctl=${this.#control}`, "--no-chdir", "-vconsole:off", this.file],
            { stdio: "ignore" },
        );
        for (let waited = 0; !existsSync(this.socket); waited += 20) {
            assert.ok(waited < 15_000, "the server opens its socket");
            await setTimeout(20);
        }
    }

    configure(...args: string[]): void {
        execFileSync("ovs-vsctl", ["--no-wait", `--db=unix:${this.socket}`, ...args]);
    }

    dump(...options: string[]): string {
        return execFileSync("ovsdb-client", [...options, "dump", `unix:${this.socket}`, "Open_vSwitch"], {
            encoding: "utf8",
        });
    }

    compact(): void {
        execFileSync("ovs-appctl", ["-t", this.#control, "ovsdb-server/compact"]);
    }

    async end(): Promise<void> {
        const server = this.#server;
        if (server) await new Promise((resolve) => (server.once("exit", resolve), server.kill()));
        rmSync(this.folder, { recursive: true, force: true });
    }
}
