import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { runInKernelGuest, type KernelGuestRun } from "../../lab";
import { eventually } from "../support/eventually";
import { quietProgress } from "../support/labs";

/** Processes of this machine that serve a guest of ours. */
const machines = () =>
    readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .filter((pid) => {
            try {
                return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("kvmnet/kernel-guest/");
            } catch {
                return false;
            }
        });
const sockets = () => readFileSync("/proc/net/unix", "utf8").match(/@kvmnet\/kernel-guest\/\S+/g) ?? [];

describe("a program in a kernel guest", function () {
    this.timeout(300_000);
    const output = { stdout: "", stderr: "" };
    let foreign: { machines: string[]; sockets: string[] };
    const guest = (run: Omit<KernelGuestRun, "timeoutMs"> & { timeoutMs?: number }) =>
        runInKernelGuest({ timeoutMs: 200_000, ...run }, quietProgress());

    before(() => (foreign = { machines: machines(), sockets: sockets() }));
    beforeEach(() => Object.assign(output, { stdout: "", stderr: "" }));
    const onOutput: KernelGuestRun["onOutput"] = (stream, text) => (output[stream] += text);
    const leavesNothing = () =>
        eventually(() => {
            assert.deepEqual(
                machines().filter((pid) => !foreign.machines.includes(pid)),
                [],
            );
            assert.deepEqual(
                sockets().filter((name) => !foreign.sockets.includes(name)),
                [],
            );
        });

    it("has its words as they are, its streams apart, its status told, its modules loaded and its writes forgotten", async () => {
        const folder = mkdtempSync(join(tmpdir(), "kvmnet-guest-"));
        try {
            const script =
                'echo "$SETTING"; printf "<%s>" "$@"; pwd >&2; touch written; [ -d /sys/module/bonding ] && exit 7';
            const words = ["a b", "$(id)", "", "'\"\n", "ä"];
            const status = await guest({
                argv: ["sh", "-c", script, "sh", ...words],
                env: { PATH: "/usr/bin:/bin", SETTING: "x  y;" },
                cwd: folder,
                modules: ["bonding"],
                onOutput,
            });
            assert.deepEqual(
                { status, ...output },
                { status: 7, stdout: `x  y;\n${words.map((word) => `<${word}>`).join("")}`, stderr: `${folder}\n` },
            );
            assert.ok(!existsSync(join(folder, "written")));
        } finally {
            rmSync(folder, { recursive: true });
        }
        await leavesNothing();
    });

    it("that a signal ends is told as a shell tells it, whatever it left running", async () => {
        const status = await guest({ argv: ["sh", "-c", "sleep 1000 & echo last; kill -9 $$"], onOutput });
        assert.deepEqual({ status, ...output }, { status: 137, stdout: "last\n", stderr: "Killed\n" });
    });

    it("does not begin without a module that was asked for", async () => {
        const run = guest({ argv: ["echo", "begun"], modules: ["no_such_thing"], onOutput });
        await assert.rejects(run, /cannot load the kernel module no_such_thing: .*not found/);
        assert.equal(output.stdout, "");
        await leavesNothing();
    });

    it("is ended when its time is over, and when its caller says so", async () => {
        await assert.rejects(guest({ argv: ["sleep", "1000"], timeoutMs: 4000 }), /has not ended after 4 s/);
        const stop = new AbortController();
        const run = guest({ argv: ["sleep", "1000"], signal: stop.signal, onStart: () => stop.abort() });
        await assert.rejects(run, /was ended before its time/);
        await leavesNothing();
    });

    it("ends with its caller, however that ends", async () => {
        const caller = spawn(process.execPath, [
            "-e",
            `require("./engine/load.cjs")("lab/kernel-guest/index").runInKernelGuest(
                { argv: ["sleep", "1000"], timeoutMs: 100000, onStart: () => console.log("started") },
                { step: (_title, work) => work(() => undefined), note: () => undefined })`,
        ]);
        await once(createInterface(caller.stdout), "line");
        assert.equal(machines().filter((pid) => !foreign.machines.includes(pid)).length, 1);
        caller.kill("SIGKILL");
        await leavesNothing();
    });
});
