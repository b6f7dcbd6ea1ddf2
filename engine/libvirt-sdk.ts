/** `@pulumi/libvirt`: generated into `sdks/libvirt` of a project, as `packages:` of its Pulumi.yaml asks, and linked as npm links it. */
import {
    existsSync,
    lstatSync,
    mkdirSync,
    readFileSync,
    readdirSync,
    readlinkSync,
    renameSync,
    rmSync,
    symlinkSync,
} from "node:fs";
import { cp, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { keep, keyOf } from "./cache";
import type { EngineEnvironment } from "./stamp";
import { GENERATOR_PIECE, keyOfPiece } from "./go-pieces";
import { isAlive, ownerOf } from "./owner";
import { PACKAGE_ROOT } from "./package-root";
import type { Progress } from "./progress";
import { projectFile } from "./project-file";
import { run } from "./run";
import { BRIDGE, LIBVIRT_PROVIDER } from "./versions";

/** Which plugin makes the package, and with which parameters: an entry of `packages:` in Pulumi.yaml. */
export interface PackageSource {
    source: string;
    version: string;
    parameters: string[];
}

/** YAML may read a version as a number. */
const Word = z.union([z.string(), z.number()]).transform(String);
const Declaration = z.object({ source: z.string(), version: Word.default(BRIDGE), parameters: z.array(Word).min(1) });

/** What our sample and templates declare. */
export const LIBVIRT_PACKAGE: PackageSource = {
    source: "terraform-provider",
    version: BRIDGE,
    parameters: ["dmacvicar/libvirt", LIBVIRT_PROVIDER],
};

/**
 * Generates, compiles and links the package; when it is there already, made by us or by `pulumi install`, nothing is done.
 *
 * @param project folder with the Pulumi.yaml; a project that declares no package `libvirt` gets {@link LIBVIRT_PACKAGE}
 */
export async function prepareLibvirtSdk(project: string, engine: EngineEnvironment, progress: Progress): Promise<void> {
    const wanted = declaredLibvirt(project) ?? LIBVIRT_PACKAGE;
    const folder = join(project, "sdks", "libvirt");
    clearAfterKilled(folder);
    if (!isMade(folder, wanted)) {
        await progress.step(`Generating @pulumi/libvirt ${wanted.parameters[1] ?? ""}`, async (tell) => {
            const key = keyOf("libvirt-sdk", wanted.parameters[1] ?? "newest", [wanted, keyOfPiece(GENERATOR_PIECE)]);
            const made = await keep(key, (draft) => make(draft, wanted, project, engine, tell), tell);
            await copyWhole(join(made, "sdk"), folder);
            tell("");
        });
    }
    linkPackage(project, progress);
}

/** @throws Error when Pulumi.yaml declares a package `libvirt` in a way we do not understand */
function declaredLibvirt(project: string): PackageSource | undefined {
    const file = projectFile(project);
    if (file === undefined) return undefined;
    const text = readFileSync(file, "utf8");
    const declared = (parse(text) as { packages?: Record<string, unknown> } | null)?.packages?.libvirt;
    if (declared === undefined) return undefined;
    const understood = Declaration.safeParse(declared);
    if (understood.success) return understood.data;
    throw new Error(
        `${file}: packages.libvirt must name a source and its parameters, such as\n` +
            `packages:\n    libvirt:\n        source: ${LIBVIRT_PACKAGE.source}\n        version: ${BRIDGE}\n` +
            `        parameters: [${LIBVIRT_PACKAGE.parameters.join(", ")}]`,
    );
}

/** Whether a project has the package that it declares, where its programs look for it. */
export function hasLibvirtSdk(project: string): boolean {
    return isMade(join(project, "node_modules", "@pulumi", "libvirt"), declaredLibvirt(project) ?? LIBVIRT_PACKAGE);
}

interface Manifest {
    name?: string;
    pulumi?: { name?: string; version?: string; parameterization?: { version?: string } };
}

/** Whether a compiled package of that plugin and those parameters lies there, whoever made it. */
function isMade(folder: string, wanted: PackageSource): boolean {
    if (!existsSync(join(folder, "bin", "index.js")) || !existsSync(join(folder, "bin", "package.json"))) return false;
    const { name, pulumi } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    const [, version] = wanted.parameters;
    return (
        name === "@pulumi/libvirt" &&
        pulumi?.name === wanted.source &&
        pulumi.version === wanted.version &&
        (version === undefined || pulumi.parameterization?.version === version)
    );
}

async function make(
    draft: string,
    { source, version, parameters }: PackageSource,
    project: string,
    engine: EngineEnvironment,
    tell: (detail: string) => void,
): Promise<void> {
    const next = "Run `npx kvmnet doctor`: it says which part is missing and how to get it.";
    const env = { ...process.env, ...engine.env };
    const flags = ["--language", "nodejs", "--local", "--out", join(draft, "generated")];
    const words = ["package", "gen-sdk", `${source}@${version}`, ...flags, "--", ...parameters];
    await run(engine.pulumi, words, next, { cwd: draft, env, tell });
    const made = join(draft, "sdk");
    await rename(join(draft, "generated", "nodejs"), made);
    await compile(made, project, tell);
}

/** As the package's own install script does, with the compiler that the project or we have. */
async function compile(folder: string, project: string, tell: (detail: string) => void): Promise<void> {
    tell("compiling");
    const modules = [project, PACKAGE_ROOT]
        .map((root) => join(root, "node_modules"))
        .find((each) => existsSync(join(each, "@pulumi", "pulumi")));
    if (!modules)
        throw new Error(
            `@pulumi/pulumi is not installed in ${project}. Run \`npm install\` there, then the same command again.`,
        );
    const link = join(folder, "node_modules");
    symlinkSync(modules, link);
    const next = `Check that typescript and @types/node are installed in ${project}.`;
    await run(process.execPath, [compilerOf(project), "--project", folder, "--types", "node"], next, { cwd: folder });
    rmSync(link);
    await cp(join(folder, "package.json"), join(folder, "bin", "package.json"));
}

function compilerOf(project: string): string {
    for (const root of [project, PACKAGE_ROOT]) {
        try {
            return createRequire(join(root, "package.json")).resolve("typescript/bin/tsc");
        } catch {
            continue;
        }
    }
    throw new Error(
        `typescript is not installed in ${project}. Run \`npm install --save-dev typescript@6.0.3\` there, then the same command again.`,
    );
}

/** The folder changes from the old package to the new one at once; a reader never sees half of either. */
async function copyWhole(from: string, to: string): Promise<void> {
    const draft = `${to}.new-${ownerOf(process.pid)}`;
    const old = `${to}.old-${ownerOf(process.pid)}`;
    mkdirSync(dirname(to), { recursive: true });
    try {
        await cp(from, draft, { recursive: true });
        if (existsSync(to)) renameSync(to, old);
        renameSync(draft, to);
    } finally {
        await rm(draft, { recursive: true, force: true });
        await rm(old, { recursive: true, force: true });
    }
}

/** What killed processes left beside the package goes; a package that was moved away and not replaced goes back. */
function clearAfterKilled(folder: string): void {
    const parent = dirname(folder);
    for (const name of existsSync(parent) ? readdirSync(parent) : []) {
        const [, kind, owner] = /^libvirt\.(new|old)-(\d+(?:-\d*)?)$/.exec(name) ?? [];
        if (owner === undefined || isAlive(owner)) continue;
        if (kind === "old" && !existsSync(folder)) renameSync(join(parent, name), folder);
        else rmSync(join(parent, name), { recursive: true, force: true });
    }
}

/** node_modules/@pulumi/libvirt -> ../../sdks/libvirt, unless the user installed a package of that name. */
function linkPackage(project: string, progress: Progress): void {
    const scope = join(project, "node_modules", "@pulumi");
    const link = join(scope, "libvirt");
    const target = join("..", "..", "sdks", "libvirt");
    const there = lstatSync(link, { throwIfNoEntry: false });
    if (there && !there.isSymbolicLink()) {
        progress.note(`${link} is a package of its own, so it stays; remove it to use the generated one.`);
        return;
    }
    if (there && resolve(scope, readlinkSync(link)) === resolve(scope, target)) return;
    mkdirSync(scope, { recursive: true });
    const draft = `${link}.${process.pid}`;
    symlinkSync(target, draft);
    renameSync(draft, link);
}
