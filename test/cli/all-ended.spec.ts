import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { allEnded } from "../../cli/all-ended";

describe("parts that are at work together", () => {
    const failing = (ms: number, reason: string) => sleep(ms).then(() => Promise.reject(new Error(reason)));

    it("give what each of them gives", async () =>
        assert.deepEqual(await allEnded(assert.fail, sleep(1, "a"), Promise.resolve(2)), ["a", 2]));
    it("are all waited for where one fails, and its reason comes last", async () => {
        const said: string[] = [];
        const other = sleep(50).then(() => said.push("other has ended"));
        await assert.rejects(allEnded(assert.fail, failing(1, "no"), other), /^Error: no$/);
        assert.deepEqual(said, ["other has ended"]);
    });
    it("tell every reason, and throw the first", async () => {
        const said: string[] = [];
        const note = (line: string) => said.push(line);
        await assert.rejects(allEnded(note, failing(30, "later"), failing(1, "first")), /^Error: first$/);
        assert.deepEqual(said, ["later"]);
    });
});
