import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

describe("a run of the tests", () => {
    let folder: string;
    before(() => (folder = mkdtempSync(join(tmpdir(), "kvmnet-reporter-"))));
    after(() => rmSync(folder, { recursive: true, force: true }));

    const run = (file: string) =>
        spawnSync(
            process.execPath,
            [
                "node_modules/mocha/bin/mocha.js",
                "--no-config",
                "--reporter",
                "test/support/counting-reporter.cjs",
                file,
            ],
            {
                encoding: "utf8",
                timeout: 20_000,
                env: { ...process.env, KVMNET_COUNTS: join(folder, "counts.json"), NO_COLOR: "1" },
            },
        );

    it("ends with its counts and its status where a test fails that leaves something open", () => {
        const file = join(folder, "leaves.cjs");
        writeFileSync(
            file,
            'it("fails", () => { setInterval(() => {}, 1000); throw new Error("so"); }); it("passes", () => {});',
        );
        const { status, stdout } = run(file);
        assert.equal(status, 1);
        assert.match(stdout, /1 passing.*1 failing.*Error: so/s);
        assert.deepEqual(JSON.parse(readFileSync(join(folder, "counts.json"), "utf8")), {
            passes: 1,
            failures: 1,
            pending: 0,
        });
    });
});
