import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { command } from "../support/command";
import { labFolderExists, labName } from "../support/labs";
import { sampleProject, type SampleProject } from "../support/sample";

const LAB = labName("prerequisites");

describe("`kvmnet up` on a machine that lacks something", function () {
    this.timeout(120_000);
    let project: SampleProject;
    let cache: string;

    before(() => {
        project = sampleProject(LAB);
        cache = mkdtempSync(join(tmpdir(), "kvmnet-cache-"));
        mkdirSync(join(cache, "kvmnet"));
        writeFileSync(join(cache, "kvmnet", "no-downloads"), "");
    });
    after(() => {
        project.remove();
        rmSync(cache, { recursive: true });
    });

    /** Runs it with an empty cache, no program on its PATH, and nothing in these folders of the machine. */
    const upWithout = (...folders: string[]) => {
        const cover = folders.filter((folder) => existsSync(folder)).map((folder) => `mount -t tmpfs none ${folder}`);
        const variables = `PATH=/nonexistent XDG_CACHE_HOME=${cache}`;
        const script = [...cover, `${variables} exec ${process.execPath} ${resolve("cli/kvmnet.cjs")} up`].join("\n");
        return command(project.folder, "unshare", "--mount", "--propagation", "private", "sh", "-ec", script);
    };

    for (const [what, folders, reason] of [
        ["Go, where the engine has to be built", ["/usr/local/go"], /^Go is not installed, .*\n$/],
        ["the device that taps are made with", ["/usr/local/go", "/dev/net"], /^There is no \/dev\/net\/tun, .*\n$/],
    ] as const)
        it(`says so where that is ${what}, and begins nothing`, async () => {
            const { status, output } = await upWithout(...folders);
            assert.equal(status, 1, output);
            assert.match(output, reason);
            assert.ok(!labFolderExists(LAB));
        });
});
