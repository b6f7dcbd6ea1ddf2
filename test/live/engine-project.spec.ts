import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { descendants, living } from "../support/descendants";
import { EngineProject } from "../support/engine-project";
import { eventually } from "../support/eventually";

describe("a project of a test", () => {
    it("leaves no process when it is removed, though a command of it never ends", async () => {
        const project = new EngineProject({ name: "endless" });
        const { child, ended } = await project.start([], () => ["sh", "-c", "sleep 600 & wait"]);
        const pid = child.pid as number;
        await eventually(() => assert.equal(descendants(pid).length, 1), 10_000);
        const below = descendants(pid);
        project.remove();
        assert.equal((await ended).status, null);
        await eventually(() => assert.deepEqual(living(below), []), 10_000);
        assert.ok(!existsSync(project.folder));
    });
});
