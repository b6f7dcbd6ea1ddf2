/** Runs a program: `@pulumi/pulumi/cmd/run` in a Node process of its own, its arguments as the official host gives them. */
import { RunResponse, type RunRequest } from "@pulumi/pulumi/proto/language_pb";
import { ended, start } from "./children";
import { modulePath } from "./module-path";
import { nodeOptions } from "./options";
import { announceDebugger, debuggerArguments } from "./debugging";

/** The SDK's exit status for "the user has already been told": the engine then adds nothing. */
const ALREADY_TOLD = 32;

const OUT_OF_MEMORY =
    "Detected a possible out of memory error. Raise the limit with the runtime option nodeargs in Pulumi.yaml: " +
    "nodeargs: --max-old-space-size=SIZE, in megabytes.";

/** @param stopped called with the way to stop it, once it runs */
export async function runProgram(
    request: RunRequest,
    engine: string,
    started: (child: ReturnType<typeof start>) => void,
): Promise<RunResponse> {
    const info = request.getInfo();
    const options = nodeOptions(info);
    const sdk = process.env.PULUMI_LANGUAGE_NODEJS_RUN_PATH || "@pulumi/pulumi/cmd/run";
    const main = modulePath(sdk, info?.getProgramDirectory() ?? "", "`pulumi install`");
    const debug = request.getAttachDebugger() ? await debuggerArguments() : undefined;

    const args = [...options.nodeargs, ...(debug?.args ?? []), main, ...programArguments(request, engine)];
    const child = start(process.execPath, args, {
        env: {
            ...process.env,
            PULUMI_CONFIG: config(request),
            PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
            ...(options.typescript && { PULUMI_NODEJS_TYPESCRIPT: "true" }),
            ...(options.tsconfig && { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
        },
        stdio: ["ignore", "inherit", "pipe"],
    });
    started(child);
    let outOfMemory = false;
    child.stderr?.on("data", (chunk: Buffer) => {
        outOfMemory ||= chunk.includes("<--- Last few GCs --->");
        process.stderr.write(chunk);
    });
    if (debug) await announceDebugger(engine, debug.port, child.pid ?? 0, "Pulumi: Program (nodejs)");

    const response = new RunResponse();
    const status = await ended(child).catch((error: Error) => error.message);
    if (status === ALREADY_TOLD) response.setBail(true);
    else if (typeof status === "string") response.setError(`Problem executing program (could not run node): ${status}`);
    else if (status !== 0) {
        response.setError(
            `Program exited with non-zero exit code: ${status}${outOfMemory ? `. ${OUT_OF_MEMORY}` : ""}`,
        );
    }
    return response;
}

/** What `@pulumi/pulumi/cmd/run` is told: empty values are left out, the entry point comes after the flags. */
function programArguments(request: RunRequest, engine: string): string[] {
    const info = request.getInfo();
    const flags: [string, string][] = [
        ["monitor", request.getMonitorAddress()],
        ["engine", engine],
        ["organization", request.getOrganization()],
        ["project", request.getProject()],
        ["root-directory", info?.getRootDirectory() ?? ""],
        ["stack", request.getStack()],
        ["pwd", info?.getProgramDirectory() ?? ""],
        ["parallel", String(request.getParallel())],
    ];
    return [
        ...flags.filter(([, value]) => value !== "").flatMap(([name, value]) => [`--${name}`, value]),
        ...(request.getDryrun() ? ["--dry-run"] : []),
        info?.getEntryPoint() ?? ".",
        ...request.getArgsList(),
    ];
}

/** The stack's config. The SDK has read `NAMESPACE:config:NAME` from the beginning, so every version understands it. */
function config(request: RunRequest): string {
    const given = request.getConfigMap().getEntryList();
    const entries = given.map(([key, value]) => {
        const at = key.indexOf(":");
        const name = key.slice(at + 1).replace(/^config:/, "");
        return [`${key.slice(0, at)}:config:${name}`, value];
    });
    return JSON.stringify(Object.fromEntries(entries));
}
