import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HostError } from "../../provider/host/errors";
import { Overdue, runProgram } from "../../provider/host/run";

describe("a program of a host", () => {
    it("that somebody ends leaves unknown what it has done, whatever it has said", () =>
        assert.rejects(
            runProgram(["sh", "-c", "echo half; kill -KILL $$"]),
            (error) => error instanceof HostError && error.kind === "lost" && /ended by SIGKILL/.test(error.message),
        ));
    it("whose time is over is gone with all that it has started before anybody hears of it", async () => {
        const folder = await mkdtemp(join(tmpdir(), "overdue-"));
        const late = join(folder, "late");
        // As `nsenter` does it: the one that we start waits for the one that works.
        const working = runProgram(["sh", "-c", 'sh -c "sleep 1; echo > \\"$1\\""; true', "sh", late], undefined, 100);
        await assert.rejects(
            working,
            (error) => error instanceof Overdue && /not end within 0\.1 s/.test(error.message),
        );
        await sleep(1_200);
        assert.deepEqual(await readdir(folder), []);
        await rm(folder, { recursive: true });
    });
    it("that ends by its own alarm has failed, and says why", async () =>
        assert.deepEqual(await runProgram(["sh", "-c", "echo late >&2; kill -ALRM $$"]), {
            code: 1,
            stdout: "",
            stderr: "late\n",
        }));
});
