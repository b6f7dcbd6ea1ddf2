/** Installs what a program depends on, with its package manager. */
import type { ServerWritableStream } from "@grpc/grpc-js";
import { InstallDependenciesResponse, type InstallDependenciesRequest } from "@pulumi/pulumi/proto/language_pb";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ended, start } from "./children";
import { type NodeOptions, nodeOptions } from "./options";

type Manager = "npm" | "yarn" | "pnpm" | "bun";

/** A lockfile says which manager the project uses. */
const LOCKFILES: Record<string, Manager> = {
    "yarn.lock": "yarn",
    "pnpm-lock.yaml": "pnpm",
    "bun.lock": "bun",
    "bun.lockb": "bun",
    "package-lock.json": "npm",
};

export async function installDependencies(
    call: ServerWritableStream<InstallDependenciesRequest, InstallDependenciesResponse>,
): Promise<void> {
    const info = call.request.getInfo();
    const folder = info?.getProgramDirectory() || call.request.getDirectory();
    const options = nodeOptions(info);
    const manager = managerOf(folder, options.packagemanager);
    const stdout = (text: Uint8Array) => void call.write(new InstallDependenciesResponse().setStdout(text));
    const stderr = (text: Uint8Array) => void call.write(new InstallDependenciesResponse().setStderr(text));

    stdout(Buffer.from("Installing dependencies...\n\n"));
    const child = start(manager, installArguments(manager, options), {
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout?.on("data", stdout);
    child.stderr?.on("data", stderr);
    const status = await ended(child).catch(() => {
        throw new Error(
            `${manager} is not installed, and ${folder} needs it. Install it, or name another one as the runtime option packagemanager in Pulumi.yaml.`,
        );
    });
    if (status !== 0) throw new Error(`${manager} install in ${folder} failed with exit status ${status}.`);
    stdout(Buffer.from("Finished installing dependencies\n\n"));
}

/** The manager the project names, or whose lockfile lies in its folder or one above, or npm. */
export function managerOf(folder: string, named: NodeOptions["packagemanager"]): Manager {
    if (named !== "auto") return named;
    for (let at = folder; ; at = dirname(at)) {
        const lockfile = Object.keys(LOCKFILES).find((name) => existsSync(join(at, name)));
        if (lockfile) return LOCKFILES[lockfile] ?? "npm";
        if (at === dirname(at)) return "npm";
    }
}

/**
 * `install`, as the official host does: it keeps to a lockfile that fits the package.json, and mends one that does not,
 * which is so after `pulumi package add` wrote a dependency.
 */
function installArguments(manager: Manager, options: NodeOptions): string[] {
    if (manager === "npm") return ["install", "--loglevel=error", ...(options.production ? ["--production"] : [])];
    return [
        "install",
        ...(options.production && manager !== "bun" ? [manager === "pnpm" ? "--prod" : "--production"] : []),
    ];
}
