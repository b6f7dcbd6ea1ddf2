/** `--attach-debugger`: node waits for a debugger, and the engine tells the user where. */
import * as grpc from "@grpc/grpc-js";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { createServer } from "node:net";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { StartDebuggingRequest } from "@pulumi/pulumi/proto/engine_pb";

/** Node's own port for its inspector. */
const USUAL_PORT = 9229;

export async function debuggerArguments(): Promise<{ port: number; args: string[] }> {
    const port = await freePort(USUAL_PORT);
    return { port, args: [`--inspect-brk=${port}`, "--inspect-publish-uid=http"] };
}

export async function announceDebugger(engine: string, port: number, pid: number, name: string): Promise<void> {
    const settings = {
        name,
        type: "node",
        request: "attach",
        processId: pid,
        continueOnAttach: true,
        skipFiles: ["<node_internals>/**"],
        ...(port !== USUAL_PORT && { port }),
    };
    const request = new StartDebuggingRequest();
    request.setConfig(Struct.fromJavaScript(settings));
    request.setMessage(`on process id ${pid}${port === USUAL_PORT ? "" : ` and port ${port}`}`);
    const client = new EngineClient(engine, grpc.credentials.createInsecure());
    try {
        await new Promise<void>((resolve, reject) =>
            client.startDebugging(request, (error: Error | null) => (error ? reject(error) : resolve())),
        );
    } finally {
        client.close();
    }
}

/** That port, or the next one that nobody listens on. */
async function freePort(port: number): Promise<number> {
    const free = await new Promise<boolean>((resolve) => {
        const probe = createServer()
            .once("error", () => resolve(false))
            .listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    return free ? port : freePort(port + 1);
}
