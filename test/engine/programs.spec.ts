import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allOnPath } from "../../engine/find";
import { findGo, needGo } from "../../engine/go";
import { ownPulumi } from "../../engine/pulumi";
import { knownUnreachable, rememberUnreachable } from "../../engine/reach";
import { run } from "../../engine/run";
import { compareVersions } from "../../engine/versions";

let root: string;
const before = { ...process.env };

/** Runs each test of a group in a folder of its own, with a PATH and a cache that lie there. */
function inAFolderOfItsOwn(): void {
    beforeEach(() => {
        root = realpathSync(mkdtempSync(join(tmpdir(), "kvmnet-programs-")));
        process.env.PATH = ["first", "second"].map((name) => join(root, name)).join(":");
        process.env.XDG_CACHE_HOME = join(root, "cache");
    });
    afterEach(() => {
        process.env.PATH = before.PATH;
        if (before.XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
        else process.env.XDG_CACHE_HOME = before.XDG_CACHE_HOME;
        rmSync(root, { recursive: true });
    });
}

/** A program that prints something. */
function place(folder: string, name: string, script: string): string {
    const path = join(root, folder, name);
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return path;
}

describe("a version", () => {
    inAFolderOfItsOwn();
    it("is compared by its numbers, not as text", () => assert.ok(compareVersions("3.249.0", "3.29.0") > 0));
    it("may begin with a letter", () => assert.equal(compareVersions("v1.2.3", "1.2.3"), 0));
    it("may leave numbers out", () => assert.equal(compareVersions("1.21", "1.21.0"), 0));
});

describe("the PATH", () => {
    inAFolderOfItsOwn();
    it("gives every program of a name, in its order", () => {
        const paths = [place("first", "tool", "true"), place("second", "tool", "true")];
        assert.deepEqual(allOnPath("tool"), paths);
    });
    it("does not give a file that may not be run", () => {
        place("first", "tool", "true");
        writeFileSync(join(root, "first", "text"), "", { mode: 0o644 });
        assert.deepEqual(allOnPath("text"), []);
    });
});

describe("the machine's own pulumi", () => {
    inAFolderOfItsOwn();
    it("is used when it is new enough", async () => {
        const path = place("first", "pulumi", "echo v3.249.0");
        assert.deepEqual(await ownPulumi(), { path, version: "3.249.0", origin: "own" });
    });
    it("is passed over when it is older, for a newer one after it", async () => {
        place("first", "pulumi", "echo v3.248.9");
        const newer = place("second", "pulumi", "echo v3.300.0");
        assert.equal((await ownPulumi())?.path, newer);
    });
    it("is not what npm laid into node_modules/.bin", async () => {
        place("node_modules/.bin", "pulumi", "echo v3.300.0");
        process.env.PATH = join(root, "node_modules", ".bin");
        assert.equal(await ownPulumi(), undefined);
    });
    it("is not the one in our cache", async () => {
        place("cache/kvmnet/bin", "pulumi", "echo v3.300.0");
        process.env.PATH = join(root, "cache", "kvmnet", "bin");
        assert.equal(await ownPulumi(), undefined);
    });
    it("is not one that does not run", async () => {
        place("first", "pulumi", "exit 1");
        assert.equal(await ownPulumi(), undefined);
    });
});

describe("Go", () => {
    inAFolderOfItsOwn();
    const asking = (version: string, toolchain: string) =>
        `case "$2" in GOVERSION) echo ${version};; GOTOOLCHAIN) echo ${toolchain};; esac`;

    it("does when it is new enough", async () => {
        place("first", "go", asking("go1.25.11", "local"));
        assert.equal((await findGo([]))?.problem, undefined);
    });
    it("does when it is older and may fetch a newer one", async () => {
        place("first", "go", asking("go1.21.0", "auto"));
        assert.equal((await findGo([]))?.problem, undefined);
    });
    it("does not when it is older and may not", async () => {
        const path = place("first", "go", asking("go1.24.0", "local"));
        assert.equal((await findGo([]))?.problem, `Go at ${path} is 1.24.0, older than 1.25.11`);
    });
    it("is found behind one that does not", async () => {
        place("first", "go", asking("go1.19.8", "auto"));
        const path = place("second", "go", asking("go1.26.0", "auto"));
        assert.equal((await findGo([]))?.path, path);
    });
    it("is asked for with what to install where there is none", async () =>
        assert.rejects(
            needGo("the Pulumi engine", []),
            /Go is not installed, and the Pulumi engine .* Install Go 1\.25\.11 or newer/,
        ));
    it("is asked for with what is wrong where it is too old", async () => {
        place("first", "go", asking("go1.19.8", "auto"));
        await assert.rejects(needGo("the Pulumi engine", []), /is 1\.19\.8, older than 1\.25\.11, .* Install Go/);
    });
    it("is asked for with what did not answer, which the next run asks again", async () => {
        rememberUnreachable();
        await assert.rejects(
            needGo("the Pulumi engine", []),
            /get\.pulumi\.com, .* did not answer at 20\S+; the next run asks it again\.$/,
        );
        assert.equal(knownUnreachable(), false);
    });
    it("is used without another question to what did not answer", async () => {
        place("first", "go", asking("go1.25.11", "local"));
        rememberUnreachable();
        await needGo("the Pulumi engine", []);
        assert.equal(knownUnreachable(), true);
    });
});

describe("a program that fails", () => {
    inAFolderOfItsOwn();
    it("shows its last lines and what to do", async () => {
        const path = place("first", "tool", "/usr/bin/seq 100; exit 3");
        await assert.rejects(run(path, [], "Do this."), (error: Error) => {
            const lines = error.message.split("\n");
            assert.match(lines[0] ?? "", /failed with exit status 3; its last lines\.$/);
            assert.deepEqual(lines.slice(1, 3), ["    81", "    82"]);
            assert.deepEqual(lines.slice(-2), ["    100", "Do this."]);
            return true;
        });
    });
    it("is named when it cannot be started", async () =>
        assert.rejects(run("/nowhere/tool", [], "Do this."), /\/nowhere\/tool could not be started: .*\nDo this\.$/s));
});
