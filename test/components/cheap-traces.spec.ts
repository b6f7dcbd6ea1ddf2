/** Stacks while a resource is made: formatted for whoever reads them, and for nobody else. */
import assert from "node:assert/strict";
import { cheapTraces } from "../../resources/cheap-traces";

/** As the SDK's function of that name does. */
function debuggablePromise(): string | undefined {
    return new Error("a promise").stack;
}

describe("stacks while a resource is made", () => {
    const former = Error.prepareStackTrace;
    const mapped = (error: Error, frames: NodeJS.CallSite[]) => `mapped ${error.message}, ${frames.length > 0}`;
    beforeEach(() => (Error.prepareStackTrace = mapped));
    afterEach(() => {
        Error.prepareStackTrace = former;
        delete process.env.PULUMI_DEBUG_PROMISE_LEAKS;
    });

    it("are not formatted for the SDK's promises, which nobody reads", () => {
        const end = cheapTraces();
        assert.equal(debuggablePromise(), "Error: a promise");
        end();
    });

    it("are formatted for everybody else, with the places that the engine is told of", () => {
        const end = cheapTraces();
        assert.equal(new Error("of a user").stack, "mapped of a user, true");
        end();
    });

    it("are formatted as ever when it is made", () => {
        cheapTraces()();
        assert.equal(Error.prepareStackTrace, mapped);
        assert.equal(debuggablePromise(), "mapped a promise, true");
    });

    it("are all formatted for whoever looks for promises that leak", () => {
        process.env.PULUMI_DEBUG_PROMISE_LEAKS = "1";
        const end = cheapTraces();
        assert.equal(debuggablePromise(), "mapped a promise, true");
        end();
    });

    it("are left to V8 where nobody maps them", () => {
        Reflect.deleteProperty(Error, "prepareStackTrace");
        const end = cheapTraces();
        assert.equal(Error.prepareStackTrace, undefined);
        assert.match(debuggablePromise() ?? "", /cheap-traces/);
        end();
    });
});
