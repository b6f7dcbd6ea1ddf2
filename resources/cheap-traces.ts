/** Resources that are made without stacks that nobody reads; see `docs/decisions/0014-stacks-that-nobody-reads.md`. */
import type { Resource } from "@pulumi/pulumi";

/** Where V8 asks how a stack looks (https://v8.dev/docs/stack-trace-api). */
const errors: { prepareStackTrace?: (error: Error, frames: NodeJS.CallSite[]) => unknown } = Error;

/** Set by whoever looks for promises that leak: then every stack is wanted. */
const LOOKED_FOR = "PULUMI_DEBUG_PROMISE_LEAKS";

/**
 * Until it ends, two stacks of the SDK's are made shorter. With each of its promises it notes where it was made
 * (`debuggablePromise`), which is not formatted; and it tells the engine the whole stack of a resource (`Resource.callsites`),
 * of which the frames that run the program are left out. All others stay as they are.
 *
 * @returns what ends it; nothing may be awaited in between
 */
export function cheapTraces(): () => void {
    const former = errors.prepareStackTrace;
    // Where nobody maps frames, a stack costs little.
    if (!former || process.env[LOOKED_FOR]) return () => undefined;
    errors.prepareStackTrace = (error, frames) => {
        const reader = frames[0]?.getFunctionName();
        if (reader === "debuggablePromise") return String(error);
        return former(error, reader === "callsites" ? ofTheProgram(frames) : frames);
    };
    return () => void (errors.prepareStackTrace = former);
}

type Class = new (...args: never[]) => Resource;

/** @returns the class, the same to whoever makes, asks and extends it, whose resources are made so */
export const cheaply = <Made extends Class>(made: Made): Made =>
    class extends (made as unknown as new (...args: unknown[]) => Resource) {
        constructor(...args: unknown[]) {
            const end = cheapTraces();
            try {
                super(...args);
            } finally {
                end();
            }
        }
    } as unknown as Made;

/** @returns the frames up to the outermost of the program, without Node's own and ours */
function ofTheProgram(frames: readonly NodeJS.CallSite[]): NodeJS.CallSite[] {
    const placed = frames.filter((frame) => {
        const file = fileOf(frame);
        return file && !file.startsWith("node:") && file !== __filename;
    });
    const outermost = placed.findLastIndex((frame) => !/[\\/]node_modules[\\/]/.test(fileOf(frame)));
    return outermost < 0 ? placed : placed.slice(0, outermost + 1);
}

const fileOf = (frame: NodeJS.CallSite): string => frame.getFileName() ?? "";
