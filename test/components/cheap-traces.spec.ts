/** Stacks while a resource is made: formatted for whoever reads them, and for nobody else. */
import assert from "node:assert/strict";
import type { Resource } from "@pulumi/pulumi";
import { cheaply, cheapTraces } from "../../resources/cheap-traces";

/** As the SDK's function of that name does. */
function debuggablePromise(): string | undefined {
    return new Error("a promise").stack;
}

/** As the SDK does for what it tells the engine. */
function callsites(): string | undefined {
    return new Error("a resource").stack;
}

/** A stack that the SDK reads for the engine, of frames in these files. */
const toldOf = (...files: (string | undefined)[]) => {
    Error.prepareStackTrace = (_, frames) => frames.map((frame) => frame.getFileName());
    const end = cheapTraces();
    const frames = files.map((file) => ({ getFileName: () => file, getFunctionName: () => "callsites" }));
    const told: unknown = Error.prepareStackTrace(new Error(), frames as unknown as NodeJS.CallSite[]);
    end();
    return told;
};

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

    it("tell the engine the frames of the program and of the libraries it calls", () => {
        const [sdk, library, program] = [
            "/p/node_modules/@pulumi/resource.js",
            "/p/node_modules/a/a.js",
            "/p/index.ts",
        ];
        const runner = ["node:internal/modules/cjs/loader", undefined, "/p/node_modules/ts-node/index.js"];
        assert.deepEqual(toldOf(sdk, library, undefined, program, "node:vm", ...runner), [sdk, library, program]);
    });

    it("tell the engine of the libraries where no frame is the program's", () => {
        const library = "/p/node_modules/queue/queue.js";
        assert.deepEqual(toldOf(library, "node:timers", library), [library, library]);
    });

    it("tell the engine nothing of what runs a test", () => {
        Error.prepareStackTrace = (_, frames) => frames.map((frame) => frame.getFunctionName());
        const end = cheapTraces();
        const told = callsites() as unknown as string[];
        end();
        assert.equal(told[0], "callsites");
        assert.ok(!told.includes("processImmediate"), told.join());
    });

    it("are cheap in a class of somebody else's that is made so, which stays the same class", () => {
        let inside: string | undefined;
        class Theirs {
            static readonly kind = "theirs";
            constructor(readonly name: string) {
                inside = debuggablePromise();
                if (!name) throw new Error("It needs a name.");
            }
        }
        const Ours = cheaply(Theirs as unknown as new (name: string) => Resource & Theirs) as unknown as typeof Theirs;
        const made = new Ours("a");
        assert.ok(made instanceof Theirs);
        assert.equal(made.name, "a");
        assert.equal(Ours.kind, "theirs");
        assert.equal(inside, "Error: a promise");
        assert.throws(() => new Ours(""), /It needs a name/);
        assert.equal(Error.prepareStackTrace, mapped);
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
