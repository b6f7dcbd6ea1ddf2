/** Puts the pieces together into one environment, and remembers it: the next call looks at a few files and is done. */
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, sep } from "node:path";
import { bridgeIn, layBridge } from "./bridge";
import { cacheRoot } from "./cache";
import { findProgram } from "./find";
import { BRIDGE_PIECE, PULUMI_PIECE, goPiece, keyOfPiece } from "./go-pieces";
import { OUR_LANGUAGE_HOST, besideOurHost, officialLanguageHost } from "./language-host";
import { layLibvirtProvider } from "./libvirt-provider";
import type { Progress } from "./progress";
import { checkPulumi, type Pulumi, pulumi } from "./pulumi";
import { canDownload } from "./reach";
import { type EngineEnvironment, remembered, remember } from "./stamp";

/** Where the bridge looks for Terraform providers before it asks a registry; by default below PULUMI_HOME. */
export const PROVIDERS_VARIABLE = "PULUMI_DYNAMIC_TF_PLUGIN_CACHE_DIR";

/** Fetches or builds what is missing, and says how to run it. Without anything missing it starts no process. */
export async function prepareEngine(progress: Progress): Promise<EngineEnvironment> {
    const known = remembered();
    if (known) return known;
    const engine = await pulumi(progress);
    const { files, ...environment } =
        engine.origin === "own" ? await aroundOwn(engine, progress) : await aroundOurs(engine, progress);
    remember(environment, [engine.path, environment.pulumi, process.execPath, ...files]);
    return environment;
}

/** Looks whether the engine can be had, and fetches nothing. @throws Error that says what is missing */
export async function checkEngine(): Promise<void> {
    if (!remembered()) await checkPulumi();
}

type Assembled = EngineEnvironment & { files: string[] };

/** The machine's own engine keeps its home and its plugins: what it lacks and cannot download is put beside it by variables. */
async function aroundOwn(engine: Pulumi, progress: Progress): Promise<Assembled> {
    const path: string[] = [];
    const env: Record<string, string> = {};
    const files: string[] = [];
    if (!officialLanguageHost(engine.path)) path.push(dirname(OUR_LANGUAGE_HOST));
    const home = process.env.PULUMI_HOME ?? join(homedir(), ".pulumi");
    if (!existsSync(bridgeIn(home)) && !findProgram(BRIDGE_PIECE.program) && !(await canDownload())) {
        const bridge = await goPiece(BRIDGE_PIECE, progress);
        path.push(dirname(bridge));
        const providers = process.env[PROVIDERS_VARIABLE] ?? join(cacheRoot(), "dynamic_tf_plugins");
        files.push(bridge, await layLibvirtProvider(providers, progress));
        env[PROVIDERS_VARIABLE] = providers;
    }
    return { pulumi: engine.path, env: { ...env, ...common(path) }, files };
}

/** An engine of ours has a home of ours, unless the user named one: nobody's login or plugins are touched. */
async function aroundOurs(engine: Pulumi, progress: Progress): Promise<Assembled> {
    const home = homeOfOurs();
    const env: Record<string, string> = { PULUMI_HOME: home };
    if (engine.origin === "release") {
        return { pulumi: engine.path, env: { ...env, ...common([dirname(engine.path)]) }, files: [] };
    }
    const bin = join(cacheRoot(), `bin-${keyOfPiece(PULUMI_PIECE)}`);
    const program = besideOurHost(engine.path, bin);
    const files = [
        await layBridge(home, progress),
        await layLibvirtProvider(process.env[PROVIDERS_VARIABLE] ?? join(home, "dynamic_tf_plugins"), progress),
    ];
    env.KVMNET_LANGUAGE_HOST = OUR_LANGUAGE_HOST;
    return { pulumi: program, env: { ...env, ...common([bin]) }, files };
}

/** The home of an engine of ours. A PULUMI_HOME that points into our cache came from us, by `kvmnet env`. */
export function homeOfOurs(): string {
    const named = process.env.PULUMI_HOME;
    if (named && !named.startsWith(join(cacheRoot(), sep))) return named;
    return join(cacheRoot(), `pulumi-home-${keyOfPiece(PULUMI_PIECE)}`);
}

/** What every engine gets: a PATH on which it, and a Node that is new enough, come first; no questions to Pulumi's servers. */
function common(first: string[]): Record<string, string> {
    const node = findProgram("node");
    const nodeFolder = node && realpathSync(node) === realpathSync(process.execPath) ? [] : [dirname(process.execPath)];
    const path = [...first, ...nodeFolder, ...(process.env.PATH ?? "").split(delimiter)];
    return {
        PATH: [...new Set(path)].join(delimiter),
        PULUMI_SKIP_UPDATE_CHECK: "true",
        // Types are checked by `tsc`, once: checking them in every preview doubles its time.
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
        // Programs, packs and plugins of Node start sooner from bytecode.
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(cacheRoot(), "v8"),
    };
}
