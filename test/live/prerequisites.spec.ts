import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

    /** Runs it with an empty cache, no Go and nothing on its PATH, after a change of what it sees of the machine. */
    const upAfter = (change: string) => {
        const begin = `export XDG_CACHE_HOME=${cache}`;
        const run = `PATH=/nonexistent exec ${process.execPath} ${resolve("cli/kvmnet.cjs")} up`;
        const script = [begin, "[ ! -d /usr/local/go ] || mount -t tmpfs none /usr/local/go", change, run].join("\n");
        return command(project.folder, "unshare", "--mount", "--propagation", "private", "sh", "-ec", script);
    };

    for (const [what, change, reason] of [
        ["Go, where the engine has to be built", ":", /^Go is not installed, .*\n$/],
        ["the device that taps are made with", "mount -t tmpfs none /dev/net", /^There is no \/dev\/net\/tun, .*\n$/],
        [
            "Debian 12",
            "echo PRETTY_NAME=Other >$XDG_CACHE_HOME/os-release; mount --bind $XDG_CACHE_HOME/os-release /etc/os-release",
            /^A lab and its guests are made of Debian 12's packages, and this machine has Other: .*\n$/,
        ],
    ] as const)
        it(`says so where that is ${what}, and begins nothing`, async () => {
            const { status, output } = await upAfter(change);
            assert.equal(status, 1, output);
            assert.match(output, reason);
            assert.ok(!labFolderExists(LAB));
        });
});
