/** Remembers a prepared environment as long as nothing it was made from has changed. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot, digestOf } from "./cache";
import { allOnPath } from "./find";
import { BRIDGE_PIECE, LIBVIRT_PIECE, PULUMI_PIECE, keyOfPiece } from "./go-pieces";
import { officialLanguageHost } from "./language-host";
import { PACKAGE_ROOT } from "./package-root";
import { LAUNCHER } from "./versions";

/** A working engine: the program, and what to merge over the environment of whatever runs it. */
export interface EngineEnvironment {
    pulumi: string;
    env: Record<string, string>;
}

interface Stamp extends EngineEnvironment {
    /** Size and time of every file it rests on. */
    files: Record<string, string>;
}

/** @returns the environment, when every file it rests on is as it was */
export function remembered(): EngineEnvironment | undefined {
    try {
        const { pulumi, env, files } = JSON.parse(readFileSync(place(), "utf8")) as Stamp;
        const same = Object.entries(files).every(([path, was]) => stateOf(path) === was);
        return same ? { pulumi, env } : undefined;
    } catch {
        return undefined;
    }
}

export function remember(environment: EngineEnvironment, files: string[]): void {
    const stamp: Stamp = { ...environment, files: Object.fromEntries(files.map((path) => [path, stateOf(path)])) };
    mkdirSync(join(cacheRoot(), "stamps"), { recursive: true });
    const draft = `${place()}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(stamp));
    renameSync(draft, place());
}

function stateOf(path: string): string {
    const { size, mtimeMs } = statSync(path);
    return `${size} ${mtimeMs}`;
}

/**
 * One stamp for each of what decides: versions and recipes, this clone, this Node, the variables that are read, and the
 * engines on the PATH with their language hosts, so that one installed later is noticed.
 */
function place(): string {
    const { PATH, HOME, PULUMI_HOME, PULUMI_DYNAMIC_TF_PLUGIN_CACHE_DIR } = process.env;
    const pieces = [PULUMI_PIECE, BRIDGE_PIECE, LIBVIRT_PIECE].map(keyOfPiece);
    const variables = [PATH, HOME, PULUMI_HOME, PULUMI_DYNAMIC_TF_PLUGIN_CACHE_DIR];
    const programs = allOnPath("pulumi")
        .flatMap((engine) => [engine, officialLanguageHost(engine)])
        .map((path) => path && [path, stateOf(path)]);
    const key = digestOf([pieces, LAUNCHER, PACKAGE_ROOT, process.execPath, variables, programs]);
    return join(cacheRoot(), "stamps", `${key}.json`);
}
