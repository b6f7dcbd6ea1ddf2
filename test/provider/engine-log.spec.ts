/** The engine's log: what a person asked for comes gathered, and nothing is held back at the end. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { engineLog } from "../../provider/engine-log";
import { eventually } from "../support/eventually";
import { FakeEngine } from "./fake-engine";

describe("what the provider tells the engine", () => {
    const engine = new FakeEngine();
    let address = "";
    before(async () => (address = await engine.start()));
    beforeEach(() => void engine.debugged.splice(0));
    after(() => engine.stop());

    it("is one message for all that was run at the same moment, in its order", async () => {
        const log = engineLog(address);
        for (const line of ["one", "two", "three"]) log.debug(line);
        await eventually(() => assert.deepEqual(engine.debugged, ["one\ntwo\nthree"]));
        log.debug("four");
        await eventually(() => assert.deepEqual(engine.debugged, ["one\ntwo\nthree", "four"]));
    });

    it("is sent at once when the plugin ends", async () => {
        const log = engineLog(address);
        log.debug("the last");
        await log.end();
        assert.deepEqual(engine.debugged, ["the last"]);
        await log.end();
        assert.deepEqual(engine.debugged, ["the last"]);
    });

    it("is waited for where it is on its way when the plugin ends", async () => {
        const log = engineLog(address);
        engine.slowness = 300;
        log.debug("on its way");
        await setTimeout(200);
        assert.deepEqual(engine.debugged, []);
        await log.end();
        engine.slowness = 0;
        assert.deepEqual(engine.debugged, ["on its way"]);
    });
});
