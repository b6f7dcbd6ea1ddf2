/** The Node language host: the official one lies beside the official engine; ours goes beside the one we built. */
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findProgram, isProgram } from "./find";
import { lay } from "./lay";
import { PACKAGE_ROOT } from "./package-root";

/** Our language host, in this package. */
export const OUR_LANGUAGE_HOST = join(PACKAGE_ROOT, "engine", "language-host", "pulumi-language-nodejs");

/** The official one: beside the engine itself, wherever links to it lie, or on the PATH; undefined when there is none. */
export function officialLanguageHost(pulumi: string): string | undefined {
    const beside = join(dirname(realpathSync(pulumi)), "pulumi-language-nodejs");
    return isProgram(beside) ? beside : findProgram("pulumi-language-nodejs");
}

/**
 * A folder with the engine and, beside it, a language host: there the engine takes it as its own and does not warn.
 * The folder is shared by all clones of this machine, so the host in it goes on to the one that KVMNET_LANGUAGE_HOST names.
 *
 * @returns the engine's path in that folder
 */
export function besideOurHost(pulumi: string, folder: string): string {
    const engine = join(folder, "pulumi");
    if (!existsSync(engine)) lay(pulumi, engine);
    const host = join(folder, "pulumi-language-nodejs");
    if (!existsSync(host) || readFileSync(host, "utf8") !== GOES_ON) {
        mkdirSync(folder, { recursive: true });
        writeFileSync(`${host}.${process.pid}`, GOES_ON);
        chmodSync(`${host}.${process.pid}`, 0o755);
        renameSync(`${host}.${process.pid}`, host);
    }
    return engine;
}

const GOES_ON = `#!/bin/sh
if [ -z "$KVMNET_LANGUAGE_HOST" ]; then
    echo "KVMNET_LANGUAGE_HOST is not set: run this engine by 'npx kvmnet pulumi', or after 'eval \\"$(npx kvmnet env)\\"'." >&2
    exit 1
fi
exec "$KVMNET_LANGUAGE_HOST" "$@"
`;
