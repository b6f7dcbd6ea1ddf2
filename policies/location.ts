/** Where the pack and its profiles lie, for whoever hands them to the engine. */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Folder for `--policy-pack`: this one in a checkout; in the published package the one beside dist/. */
export const packFolder: string =
    basename(dirname(__dirname)) === "dist" ? join(__dirname, "..", "..", "policies") : __dirname;

const profiles = join(packFolder, "profiles");

/**
 * File of a profile, for `--policy-pack-config`.
 *
 * @throws Error that names the profiles there are
 */
export function profileFile(name: string): string {
    const known = readdirSync(profiles).map((file) => file.replace(/\.json$/, ""));
    if (known.includes(name) && existsSync(join(profiles, `${name}.json`))) return join(profiles, `${name}.json`);
    throw new Error(`There is no profile ${JSON.stringify(name)}. The profiles are: ${known.join(", ")}.`);
}
