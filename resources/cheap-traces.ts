/**
 * Resources that are made without a formatted stack for each promise. The SDK makes four promises for each property and
 * notes with each where it was made (`debuggablePromise` in @pulumi/pulumi), which is read only where promises leak. Under
 * ts-node, which maps every frame to its source, that took 17 ms for a port with 25 properties, and half of an `up` of 300.
 */

/** Where V8 asks how a stack looks (https://v8.dev/docs/stack-trace-api). */
const errors: { prepareStackTrace?: (error: Error, frames: NodeJS.CallSite[]) => unknown } = Error;

/** Set by whoever looks for promises that leak: then every stack is wanted. */
const LOOKED_FOR = "PULUMI_DEBUG_PROMISE_LEAKS";

/** All stacks but those of the SDK's promises stay as they are. @returns what ends it; nothing may be awaited in between */
export function cheapTraces(): () => void {
    const former = errors.prepareStackTrace;
    // Where nobody maps frames, a stack costs little.
    if (!former || process.env[LOOKED_FOR]) return () => undefined;
    errors.prepareStackTrace = (error, frames) =>
        frames[0]?.getFunctionName() === "debuggablePromise" ? String(error) : former(error, frames);
    return () => void (errors.prepareStackTrace = former);
}
