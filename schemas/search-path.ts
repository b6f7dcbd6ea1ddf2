/** In which folders a host's programs are. */
import { basename, delimiter, dirname, isAbsolute } from "node:path";

/**
 * Where a host's programs are looked for. They run as root, so what npm puts before a user's own folders (`npm run`, `npx`)
 * is left out, for any package may bring an `ip`; and so is what depends on the folder that we are in.
 *
 * @param users the PATH that we were started with
 */
export function searchPath(users = ""): string {
    const folders = users.split(delimiter).filter((folder) => isAbsolute(folder) && !isOfPackages(folder));
    return [...new Set([...folders, ...OF_THE_SYSTEM])].join(delimiter);
}

/** Where a service, or a user who is not root, has them out of sight. */
const OF_THE_SYSTEM = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

const isOfPackages = (folder: string): boolean =>
    basename(folder) === "node-gyp-bin" ||
    (basename(folder) === ".bin" && basename(dirname(folder)) === "node_modules");
