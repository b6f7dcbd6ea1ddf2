import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { cacheRoot } from "../../lab/cache";
import { runCommand } from "../../lab/commands";
import { statOf } from "../../lab/processes";
import { eventually } from "../support/eventually";

describe("a program with a time limit", () => {
    it("is told of by name when it does not keep it", () =>
        assert.rejects(runCommand(["sleep", "9"], { timeoutMs: 50 }), /^Error: sleep has not ended after 0.05 s/));
    it("is killed with all that it started", async () => {
        let started = 0;
        const onLine = (line: string) => (started = Number(line));
        const argv = ["sh", "-c", "sleep 9 & echo $!; wait"];
        await assert.rejects(runCommand(argv, { timeoutMs: 200, onLine, called: "The nap" }), /The nap has not ended/);
        assert.ok(started > 0);
        // Whoever inherits an orphan may not have collected it yet.
        await eventually(() => assert.match(statOf(started)?.state ?? "Z", /^[ZX]$/));
    });
    it("is not hung upon when what it started keeps its output open", () =>
        assert.rejects(runCommand(["sh", "-c", "setsid sleep 1 & exit 0"], { timeoutMs: 100 }), /sh has not ended/));
    it("ends as ever when it keeps it", async () =>
        assert.equal((await runCommand(["sh", "-c", "exit 7"], { timeoutMs: 9000 })).exitCode, 7));
});

describe("a program of this machine", () => {
    const was = process.env.PATH;
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-path-"));
    before(() => {
        const bin = join(folder, "node_modules/.bin");
        mkdirSync(bin, { recursive: true });
        writeFileSync(join(bin, "true"), "#!/bin/sh\nexit 9\n", { mode: 0o755 });
        process.env.PATH = `${bin}:${was}`;
    });
    after(() => {
        process.env.PATH = was;
        rmSync(folder, { recursive: true });
    });

    it("is none that a package of npm's brings, as we may be root", async () => {
        assert.equal((await runCommand(["true"])).exitCode, 0);
        assert.equal((await runCommand(["true"], { env: { ...process.env, LC_ALL: "C" } })).exitCode, 0);
    });
});

describe("the lab's cache", () => {
    const was = process.env.XDG_CACHE_HOME;
    afterEach(() => {
        if (was === undefined) delete process.env.XDG_CACHE_HOME;
        else process.env.XDG_CACHE_HOME = was;
    });

    it("lies where XDG_CACHE_HOME says", () => {
        process.env.XDG_CACHE_HOME = "/somewhere";
        assert.equal(cacheRoot(), "/somewhere/kvmnet");
    });
    it("ignores an XDG_CACHE_HOME that is relative", () => {
        process.env.XDG_CACHE_HOME = "here";
        assert.equal(cacheRoot(), join(homedir(), ".cache/kvmnet"));
    });
});
