/** Which `pulumi` is the engine: the machine's own, the official release, or one built from Go modules. */
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { cacheRoot, keep, keptAt, keyOf } from "./cache";
import { allOnPath, isProgram } from "./find";
import { PULUMI_PIECE, goPiece, programOf } from "./go-pieces";
import { needGo } from "./go";
import type { Progress } from "./progress";
import { canDownload, rememberUnreachable, throughProxies } from "./reach";
import { run } from "./run";
import { LAUNCHER, OLDEST_PULUMI, PULUMI, compareVersions } from "./versions";

export interface Pulumi {
    path: string;
    version: string;
    /** `own`: it was on the PATH; `release`: downloaded by the launcher; `built`: by us, without the official language hosts. */
    origin: "own" | "release" | "built";
}

/** The engine, made or fetched when it is not there. */
export async function pulumi(progress: Progress): Promise<Pulumi> {
    const own = await ownPulumi();
    if (own) return own;
    return keptPulumi() ?? (await releasePulumi(progress)) ?? builtPulumi(progress);
}

/** @throws Error that says how to get Go, where the engine has to be built and there is none that does */
export async function checkPulumi(): Promise<void> {
    if (keptPulumi() ?? (await ownPulumi())) return;
    if (!(await canDownload())) await needGo(PULUMI_PIECE.title);
}

/** The first on the PATH that is new enough; what npm or we put there does not count, for it leads back here. */
export async function ownPulumi(): Promise<Pulumi | undefined> {
    for (const path of allOnPath("pulumi").filter(isForeign)) {
        const version = await versionOf(path);
        if (version !== undefined && compareVersions(version, OLDEST_PULUMI) >= 0)
            return { path, version, origin: "own" };
    }
    return undefined;
}

/** The one in the cache, without asking any network; undefined when there is none. */
export function keptPulumi(): Pulumi | undefined {
    if (isProgram(releaseProgram())) return { path: releaseProgram(), version: LAUNCHER, origin: "release" };
    const built = programOf(PULUMI_PIECE);
    return isProgram(built) ? { path: built, version: PULUMI, origin: "built" } : undefined;
}

/** @returns what `pulumi version` says, such as 3.259.0; undefined when it does not run */
export async function versionOf(path: string): Promise<string | undefined> {
    const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const text = await run(path, ["version"], "", { env, timeoutMs: 15_000 }).catch(() => "");
    return /^v?(\d+\.\d+\.\d+\S*)\s*$/m.exec(text)?.[1];
}

function isForeign(path: string): boolean {
    const folder = dirname(path);
    if (basename(folder) === ".bin" && basename(dirname(folder)) === "node_modules") return false;
    return !realpathSync(path).startsWith(join(cacheRoot(), sep));
}

const RELEASE_KEY = keyOf("pulumi-release", LAUNCHER, "npm launcher");
const releaseProgram = () => join(keptAt(RELEASE_KEY), "versions", LAUNCHER, "bin", "pulumi");

async function releasePulumi(progress: Progress): Promise<Pulumi | undefined> {
    if (!(await canDownload())) return undefined;
    const made = await progress
        .step(`Downloading Pulumi ${LAUNCHER}, once`, (tell) =>
            keep(RELEASE_KEY, (draft) => download(draft, tell), tell),
        )
        .catch((error: Error) => {
            rememberUnreachable();
            progress.note(`${error.message}\nIt is built from Go modules instead.`);
        });
    return made && existsSync(releaseProgram())
        ? { path: releaseProgram(), version: LAUNCHER, origin: "release" }
        : undefined;
}

/** The launcher keeps what it downloads below PULUMI_HOME, so the draft is that: nobody's own folder is touched. */
async function download(draft: string, tell: (detail: string) => void): Promise<void> {
    const env = { ...throughProxies(), PULUMI_HOME: draft, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const next = "Check that this machine reaches its npm registry and get.pulumi.com.";
    const flags = ["--prefix", draft, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"];
    await run("npm", ["install", ...flags, `pulumi@${LAUNCHER}`], next, { env, tell });
    await run(process.execPath, [join(draft, "node_modules", "pulumi", "run.js"), "version"], next, { env, tell });
}

async function builtPulumi(progress: Progress): Promise<Pulumi> {
    return { path: await goPiece(PULUMI_PIECE, progress), version: PULUMI, origin: "built" };
}
