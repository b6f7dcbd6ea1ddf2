import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { keep, keptAt } from "../../engine/cache";
import { withLock } from "../../engine/lock";
import { isAlive, ownerOf } from "../../engine/owner";

/** A process that has ended: its number, and a start time that nobody has. */
const DEAD = `${spawnSync("true").pid}-1`;

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "kvmnet-lock-"))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("an owner", () => {
    it("is alive while its process runs", () => assert.ok(isAlive(ownerOf(process.pid))));
    it("is dead once its process ended", () => assert.ok(!isAlive(DEAD)));
    it("is dead when another process has its number", () => assert.ok(!isAlive(`${process.pid}-1`)));
    it("is dead when the text names nobody", () => assert.ok(!isAlive("free")));
});

describe("a lock", () => {
    it("lets one in at a time", async () => {
        let inside = 0;
        const most: number[] = [];
        const work = async () => {
            most.push(++inside);
            await sleep(5);
            inside--;
        };
        await Promise.all([1, 2, 3, 4].map(() => withLock(folder, () => undefined, work)));
        assert.deepEqual(most, [1, 1, 1, 1]);
    });
    it("tells who waits, once, for whom", async () => {
        const told: string[] = [];
        await Promise.all([
            withLock(
                folder,
                () => undefined,
                () => sleep(500),
            ),
            withLock(
                folder,
                (pid) => told.push(pid),
                () => Promise.resolve(),
            ),
        ]);
        assert.deepEqual(told, [String(process.pid)]);
    });
    it("is taken over from a dead owner", async () => {
        writeFileSync(join(folder, "7"), DEAD);
        assert.equal(await withLock(folder, assert.fail, () => Promise.resolve("in")), "in");
    });
    it("is free again after the work failed", async () => {
        await assert.rejects(withLock(folder, assert.fail, () => Promise.reject(new Error("no"))));
        assert.equal(await withLock(folder, assert.fail, () => Promise.resolve("in")), "in");
    });
    it("leaves one file, however often it was held", async () => {
        for (let i = 0; i < 5; i++) await withLock(folder, assert.fail, () => Promise.resolve());
        assert.equal(readdirSync(folder).length, 1);
    });
});

describe("a piece in the cache", () => {
    const before = process.env.XDG_CACHE_HOME;
    beforeEach(() => (process.env.XDG_CACHE_HOME = folder));
    afterEach(() => {
        if (before === undefined) delete process.env.XDG_CACHE_HOME;
        else process.env.XDG_CACHE_HOME = before;
    });
    const making = (draft: string) => Promise.resolve(writeFileSync(join(draft, "part"), "whole"));

    it("is made once for all who ask at once", async () => {
        let made = 0;
        const slowly = async (draft: string) => {
            made++;
            await sleep(20);
            await making(draft);
        };
        await Promise.all([1, 2, 3].map(() => keep("piece", slowly, () => undefined)));
        assert.equal(made, 1);
    });
    it("is not there when making it failed, and nothing of it stays", async () => {
        await assert.rejects(
            keep(
                "piece",
                () => Promise.reject(new Error("no")),
                () => undefined,
            ),
        );
        assert.ok(!existsSync(keptAt("piece")));
        assert.deepEqual(readdirSync(join(folder, "kvmnet", "drafts")), []);
    });
    it("is made again where a killed process left half of it", async () => {
        const half = join(folder, "kvmnet", "drafts", `piece.${DEAD}`);
        mkdirSync(half, { recursive: true });
        await keep("piece", making, () => undefined);
        assert.ok(!existsSync(half));
        assert.deepEqual(readdirSync(keptAt("piece")), ["part"]);
    });
    it("leaves the draft of a process that still makes another one", async () => {
        const other = join(folder, "kvmnet", "drafts", `other.${ownerOf(process.ppid)}`);
        mkdirSync(other, { recursive: true });
        await keep("piece", making, () => undefined);
        assert.ok(existsSync(other));
    });
});
