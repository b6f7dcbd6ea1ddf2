/** Whether this machine can download Pulumi's releases: asked once, quickly, and a no is remembered for a while. */
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "./cache";
import { run } from "./run";

/** What Pulumi's npm launcher downloads first; a HEAD of it costs one round trip. */
const INSTALLER = "https://get.pulumi.com/install.sh";
/** How long the answer may take [ms]; a machine that needs longer builds instead, which it can. */
const PATIENCE_MS = 4_000;
/** How long a no is believed [ms]: a machine behind a closed door seldom gets a door within the day. */
const NO_LASTS_MS = 12 * 3_600_000;

const noted = () => join(cacheRoot(), "no-downloads");

/** When it was that there was no answer; undefined where there was one, or it is time to ask again. */
function unreachableSince(): Date | undefined {
    try {
        const { mtime } = statSync(noted());
        return Date.now() - mtime.getTime() < NO_LASTS_MS ? mtime : undefined;
    } catch {
        return undefined;
    }
}

/** The last answer when it was no and is still believed. */
export const knownUnreachable = (): boolean => unreachableSince() !== undefined;

/** For a Node that downloads: it heeds HTTPS_PROXY and its like from 22.21 on, and only when it is started with this. */
export const throughProxies = (): NodeJS.ProcessEnv => ({ NODE_USE_ENV_PROXY: "1", ...process.env });

const ASK = `fetch(process.argv[1], { method: "HEAD", signal: AbortSignal.timeout(${PATIENCE_MS}) })
    .then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`;

export async function canDownload(): Promise<boolean> {
    if (knownUnreachable()) return false;
    const reached = await run(process.execPath, ["-e", ASK, INSTALLER], "", { env: throughProxies() }).then(
        () => true,
        () => false,
    );
    if (reached) {
        rmSync(noted(), { force: true });
        return true;
    }
    rememberUnreachable();
    return false;
}

/**
 * Has the next run ask anew: one that ends without what it would have downloaded gains nothing from a no that lasts.
 *
 * @returns what a person is to know of it; undefined where no is not the answer
 */
export function askAgain(): string | undefined {
    const since = unreachableSince();
    if (!since) return undefined;
    rmSync(noted(), { force: true });
    return `get.pulumi.com, from where it could be downloaded, did not answer at ${since.toISOString()}; the next run asks it again.`;
}

/** Also after a download that began and failed. */
export function rememberUnreachable(): void {
    mkdirSync(cacheRoot(), { recursive: true });
    writeFileSync(noted(), `${INSTALLER} did not answer; it is asked again 12 hours after this file was written.\n`);
}
