/** Runs a plugin written for Node: a provider or a policy pack, its output streamed to the engine. */
import type { ServerWritableStream } from "@grpc/grpc-js";
import { RunPluginResponse, type RunPluginRequest } from "@pulumi/pulumi/proto/language_pb";
import { ended, interrupt, start } from "./children";
import { announceDebugger, debuggerArguments } from "./debugging";
import { modulePath } from "./module-path";
import { nodeOptions } from "./options";
import { type Configured, policyProxy } from "./policy-proxy";

/** The engine's name for a policy pack's kind of plugin. */
const POLICY_PACK = "analyzer";

export async function runPlugin(
    call: ServerWritableStream<RunPluginRequest, RunPluginResponse>,
    engine: string,
): Promise<void> {
    const request = call.request;
    const folder = request.getInfo()?.getProgramDirectory() ?? "";
    const options = nodeOptions(request.getInfo());
    const isPack = request.getKind() === POLICY_PACK;
    const main = modulePath(mainOf(isPack), folder, `\`npm install\` in ${folder}`);
    const debug = request.getAttachDebugger() ? await debuggerArguments() : undefined;

    const stdout = (chunk: Uint8Array) => void call.write(new RunPluginResponse().setStdout(chunk));
    const stderr = (chunk: Uint8Array) => void call.write(new RunPluginResponse().setStderr(chunk));
    const proxy = isPack ? await policyProxy(stdout) : undefined;
    const configured = await proxy?.configured;

    // A policy pack reads its folder last, and has always run inside it; every other plugin reads it first.
    const words = isPack ? [...request.getArgsList(), folder] : [folder, ...request.getArgsList()];
    const child = start(process.execPath, [...(debug?.args ?? []), ...options.nodeargs, main, ...words], {
        cwd: isPack ? folder : request.getPwd(),
        env: {
            ...Object.fromEntries(request.getEnvList().map(variable)),
            ...(options.typescript && { PULUMI_NODEJS_TYPESCRIPT: "true" }),
            ...(options.tsconfig && { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
            ...(configured && stackEnvironment(configured)),
        },
        stdio: ["ignore", "pipe", "pipe"],
    });
    const finished = ended(child);
    call.once("cancelled", () => interrupt(child));
    child.stderr?.on("data", stderr);
    child.stdout?.on("data", proxy ? proxy.fromPack : stdout);
    if (debug) await announceDebugger(engine, debug.port, child.pid ?? 0, `Pulumi: Plugin (${request.getName()})`);

    const status = await finished.finally(() => proxy?.close());
    if (status !== 0) throw new Error(`Program exited with non-zero exit code: ${status}`);
}

function mainOf(isPack: boolean): string {
    if (isPack) return "@pulumi/pulumi/cmd/run-policy-pack";
    return process.env.PULUMI_LANGUAGE_NODEJS_RUN_PATH || "@pulumi/pulumi/cmd/run-plugin";
}

function variable(text: string): [string, string] {
    const at = text.indexOf("=");
    return [text.slice(0, at), text.slice(at + 1)];
}

/** What a policy pack's `pulumi.getStack()`, `getProject()` and `Config` read. */
function stackEnvironment(configured: Configured): Record<string, string> {
    const given = {
        PULUMI_NODEJS_ORGANIZATION: configured.organization,
        PULUMI_NODEJS_PROJECT: configured.project,
        PULUMI_NODEJS_STACK: configured.stack,
        PULUMI_NODEJS_DRY_RUN: String(configured.dryRun),
        PULUMI_CONFIG: JSON.stringify(configured.config),
    };
    return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
}
