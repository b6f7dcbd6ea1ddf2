import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeOrphanDomains } from "../../cli/orphans";
import { labDown, labUp, runInLab } from "../../lab";
import { labPaths } from "../../schemas/lab-paths";
import { labName, quietProgress } from "../support/labs";

const LAB = labName("orphans");
const PROJECT = { name: "ours", lab: LAB, environment: { guests: { "web-1": {}, "web-2": {}, "web-3": {} } } };

const domain = (name: string) =>
    `<domain type="qemu"><name>${name}</name><memory>65536</memory><os><type arch="x86_64">hvm</type></os></domain>`;

const virsh = (...args: string[]) => runInLab(LAB, ["virsh", "--connect", "qemu:///system", "--quiet", ...args]);

async function define(name: string): Promise<void> {
    const file = join(labPaths(LAB).folder, "domain.xml");
    writeFileSync(file, domain(name));
    assert.equal((await virsh("define", file)).exitCode, 0);
}

/** Lays the state of a stack that knows these guests. */
function know(project: string, stack: string, ...guests: string[]): void {
    const folder = join(labPaths(LAB).state, ".pulumi", "stacks", project);
    mkdirSync(folder, { recursive: true });
    const resources = guests.map((name) => ({ type: "libvirt:index/domain:Domain", outputs: { name } }));
    writeFileSync(join(folder, `${stack}.json`), JSON.stringify({ checkpoint: { latest: { resources } } }));
}

describe("guests of a lab that no state of the project knows", function () {
    this.timeout(120_000);
    before(() => labUp(LAB, quietProgress()));
    after(() => labDown(LAB));

    it("are removed where the project declares them, and left where they are another's", async () => {
        for (const name of ["web-1", "web-2", "web-3", "db-1", "by-hand"]) await define(name);
        know("ours", "lab", "web-3");
        know("ours", "second", "db-1");
        know("theirs", "lab", "web-2");
        const found = await removeOrphanDomains(PROJECT);
        assert.deepEqual((await virsh("list", "--all", "--name")).stdout.split("\n").filter(Boolean).sort(), [
            "by-hand",
            "db-1",
            "web-2",
            "web-3",
        ]);
        assert.deepEqual(found, { removed: ["web-1"], taken: [{ guest: "web-2", stack: "theirs/lab" }] });
    });
});
