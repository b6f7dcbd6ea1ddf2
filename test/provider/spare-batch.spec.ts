import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { runProgram, startProgram } from "../../provider/host/run";
import { SpareBatch } from "../../provider/host/spare-batch";
import { Turnout } from "../../provider/host/window";

const MOST_BYTES = 64 * 1024;

describe("an ip -batch that was started before it is needed", () => {
    let namespace: ChildProcess;
    let batch: SpareBatch;
    const started: ChildProcess[] = [];
    const there = (argv: string[]) => ["nsenter", "--target", String(namespace.pid), "--net", "--", ...argv];
    const links = async () => {
        const { stdout } = await runProgram(there(["ip", "-json", "link", "show"]));
        return (JSON.parse(stdout) as { ifname: string }[]).map(({ ifname }) => ifname).filter((name) => name !== "lo");
    };

    const start = async (argv: string[]) => {
        const child = await startProgram(there(argv));
        started.push(child);
        return child;
    };
    /** Steps that never end. */
    const busy = () => {
        const turnout = new Turnout();
        for (let step = 0; step < 2; step++) void turnout.during(() => new Promise(() => undefined));
        return turnout;
    };

    before(async () => {
        // It ends with us, for nobody writes to it.
        namespace = spawn("unshare", ["--net", "sh", "-c", "echo; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
        await once(namespace.stdout as NodeJS.ReadableStream, "data");
    });
    after(() => namespace.stdin?.end());
    beforeEach(() => {
        started.length = 0;
        batch = new SpareBatch(start, busy());
    });
    afterEach(async () => {
        batch.close();
        for (const name of await links()) await runProgram(there(["ip", "link", "delete", "dev", name]));
    });

    it("carries out each batch by a process of its own, and has the next ready", async () => {
        for (const name of ["t0", "t1", "t2"]) {
            const { code } = await batch.run(`tuntap add dev ${name} mode tap\nlink set dev ${name} mtu 1400 up\n`);
            assert.equal(code, 0);
        }
        assert.deepEqual(await links(), ["t0", "t1", "t2"]);
        assert.equal(started.length, 4);
    });

    it("is started for the next step once one that is alone has ended, and its answer is on its way", async () => {
        const turnout = new Turnout();
        const alone = new SpareBatch(start, turnout);
        await turnout.during(async () => {
            await alone.run("tuntap add dev t0 mode tap\n");
            await sleep(20);
            assert.equal(started.length, 1);
        });
        assert.equal(started.length, 1);
        await sleep(20);
        assert.equal(started.length, 2);
        await alone.run("link set dev t0 mtu 1300\n");
        assert.equal(started[1]?.exitCode, 0);
        alone.close();
    });

    it("carries out batches that come at the same moment", async () => {
        const runs = ["t0", "t1", "t2"].map((name) => batch.run(`tuntap add dev ${name} mode tap\n`));
        assert.ok((await Promise.all(runs)).every(({ code }) => code === 0));
        assert.deepEqual((await links()).sort(), ["t0", "t1", "t2"]);
    });

    it("stops at the first line that is refused, tells which that is, and the next batch is done", async () => {
        const { code, stderr } = await batch.run(
            "tuntap add dev t1 mode tap\nlink set dev none up\ntuntap add dev t2 mode tap\n",
        );
        assert.equal(code, 1);
        assert.match(stderr, /^Cannot find device "none"\nCommand failed -:2$/m);
        assert.deepEqual(await links(), ["t1"]);
        assert.equal((await batch.run("tuntap add dev t3 mode tap\n")).code, 0);
        assert.deepEqual(await links(), ["t1", "t3"]);
    });

    it("meets a link that somebody made anew under its name as the one that it is now", async () => {
        await batch.run("tuntap add dev t0 mode tap\nlink set dev t0 mtu 1400\n");
        await runProgram(there(["ip", "link", "delete", "dev", "t0"]));
        await runProgram(there(["ip", "tuntap", "add", "dev", "t0", "mode", "tap"]));
        assert.deepEqual(await batch.run("link set dev t0 mtu 1300\n"), { code: 0, stdout: "", stderr: "" });
    });

    it("that somebody killed is lost, and the next batch starts another", async () => {
        await batch.run("tuntap add dev t0 mode tap\n");
        started.at(-1)?.kill("SIGSTOP");
        const run = batch.run("tuntap add dev t1 mode tap\n");
        await sleep(20);
        started[1]?.kill("SIGKILL");
        await assert.rejects(run, { kind: "lost", message: /ended by SIGKILL/ });
        assert.equal((await batch.run("tuntap add dev t2 mode tap\n")).code, 0);
    });

    it("leaves none behind where batches come at the same moment", async () => {
        await Promise.all(["t0", "t1", "t2"].map((name) => batch.run(`tuntap add dev ${name} mode tap\n`)));
        batch.close();
        for (const child of started)
            if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    });

    it("that ended before it was needed is started anew", async () => {
        await batch.run("tuntap add dev t0 mode tap\n");
        const spare = started[1] as ChildProcess;
        const gone = once(spare, "close");
        spare.kill("SIGKILL");
        await gone;
        assert.equal((await batch.run("tuntap add dev t1 mode tap\n")).code, 0);
    });

    it("that cannot be started says so", async () => {
        const nowhere = new SpareBatch(() => startProgram(["/nonexistent/ip"]), busy());
        await assert.rejects(nowhere.run("tuntap add dev t0 mode tap\n"), /cannot be started/);
    });

    it("that waits for a batch ends when it is closed", async () => {
        await batch.run("tuntap add dev t0 mode tap\n");
        const spare = started[1] as ChildProcess;
        batch.close();
        if (spare.exitCode === null && spare.signalCode === null) await once(spare, "exit");
    });

    it("has the most that it takes in its socket at once, though it does not read", async () => {
        await batch.run("tuntap add dev t0 mode tap\n");
        const spare = started[1] as ChildProcess;
        spare.kill("SIGSTOP");
        const run = batch.run("#".repeat(MOST_BYTES - 1) + "\n");
        await sleep(20);
        assert.equal(spare.stdin?.writableLength, 0);
        spare.kill("SIGCONT");
        assert.deepEqual(await run, { code: 0, stdout: "", stderr: "" });
    });

    it("is not started beside a large batch, of which other work comes", async () => {
        await batch.run("tuntap add dev t0 mode tap\n");
        assert.equal((await batch.run("#".repeat(17 * 1024) + "\n")).code, 0);
        assert.equal(started.length, 2);
        assert.equal((await batch.run("link set dev t0 mtu 1300\n")).code, 0);
    });

    it("takes batches of ip that a socket takes whole, and nothing else", () => {
        assert.ok(batch.takes(["ip", "-batch", "-"], "link set dev t0 up\n"));
        assert.ok(batch.takes(["ip", "-batch", "-"], "#".repeat(MOST_BYTES)));
        assert.ok(!batch.takes(["ip", "-batch", "-"], "#".repeat(MOST_BYTES + 1)));
        assert.ok(!batch.takes(["bridge", "-batch", "-"], "vlan add dev t0 vid 1\n"));
        assert.ok(!batch.takes(["ip", "-batch", "-"], undefined));
    });
});
