import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { withLock, withLockIfFree } from "../../lab/lock";
import { labName } from "../support/labs";

const LOADER = join(__dirname, "../../engine/load.cjs");

describe("a lock", () => {
    it("lets one after the other in", async () => {
        const seen: string[] = [];
        const enter = (who: string) =>
            withLock(labName("order"), async () => {
                seen.push(`${who} in`);
                await new Promise((resolve) => setTimeout(resolve, 20));
                seen.push(`${who} out`);
            });
        await Promise.all(["a", "b", "c"].map(enter));
        for (let at = 0; at < seen.length; at += 2) assert.equal(seen[at]?.[0], seen[at + 1]?.[0]);
        assert.equal(seen.length, 6);
    });
    it("can be left alone when it is taken", () =>
        withLock(labName("taken"), async () => {
            assert.equal(await withLockIfFree(labName("taken"), () => Promise.resolve("in")), undefined);
            assert.equal(await withLockIfFree(labName("other"), () => Promise.resolve("in")), "in");
        }));
    it("is free again after work that failed", async () => {
        await assert.rejects(
            withLock(labName("failed"), () => Promise.reject(new Error("no"))),
            /no/,
        );
        assert.equal(await withLockIfFree(labName("failed"), () => Promise.resolve("in")), "in");
    });
    it("is free once the process that held it was killed", async () => {
        const script = `require(${JSON.stringify(LOADER)})("lab/lock").withLock(${JSON.stringify(labName("killed"))}, () => { console.log("held"); return new Promise(() => setInterval(() => {}, 1000)); })`;
        const holder = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
        await new Promise((resolve) => holder.stdout.once("data", resolve));
        let waited = false;
        const entered = withLock(
            labName("killed"),
            () => Promise.resolve("in"),
            () => {
                waited = true;
                holder.kill("SIGKILL");
            },
        );
        assert.equal(await entered, "in");
        assert.ok(waited);
    });
});
