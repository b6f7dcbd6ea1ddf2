/** Whether this machine can download Pulumi's releases: asked once, quickly, and a no is remembered for a while. */
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "./cache";

/** What Pulumi's npm launcher downloads first; a HEAD of it costs one round trip. */
const INSTALLER = "https://get.pulumi.com/install.sh";
/** How long the answer may take [ms]; a machine that needs longer builds instead, which it can. */
const PATIENCE_MS = 4_000;
/** How long a no is believed [ms]: a machine behind a closed door seldom gets a door within the day. */
const NO_LASTS_MS = 12 * 3_600_000;

const noted = () => join(cacheRoot(), "no-downloads");

/** The last answer when it was no and is still believed. */
export function knownUnreachable(): boolean {
    try {
        return Date.now() - statSync(noted()).mtimeMs < NO_LASTS_MS;
    } catch {
        return false;
    }
}

export async function canDownload(): Promise<boolean> {
    if (knownUnreachable()) return false;
    const reached = await fetch(INSTALLER, { method: "HEAD", signal: AbortSignal.timeout(PATIENCE_MS) }).then(
        (response) => response.ok,
        () => false,
    );
    if (reached) {
        rmSync(noted(), { force: true });
        return true;
    }
    rememberUnreachable();
    return false;
}

/** Also after a download that began and failed. */
export function rememberUnreachable(): void {
    mkdirSync(cacheRoot(), { recursive: true });
    writeFileSync(noted(), `${INSTALLER} did not answer; it is asked again 12 hours after this file was written.\n`);
}
