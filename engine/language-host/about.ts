/** What `pulumi about` and `pulumi new` ask: which node, which packages, which choices. */
import {
    type AboutRequest,
    AboutResponse,
    DependencyInfo,
    type GetProgramDependenciesRequest,
    GetProgramDependenciesResponse,
    RuntimeOptionPrompt,
    type RuntimeOptionsRequest,
    RuntimeOptionsResponse,
} from "@pulumi/pulumi/proto/language_pb";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { findProgram } from "../find";
import { managerOf } from "./install";
import { nodeOptions } from "./options";

interface Manifest {
    version?: string;
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
}

interface Lockfile {
    packages?: Record<string, { version?: string; link?: boolean }>;
}

export function about(request: AboutRequest): AboutResponse {
    const folder = request.getInfo()?.getProgramDirectory() ?? "";
    const response = new AboutResponse().setExecutable(process.execPath).setVersion(process.version);
    response.getMetadataMap().set("packagemanager", managerOf(folder, nodeOptions(request.getInfo()).packagemanager));
    const typescript = versionOf("typescript", folder);
    if (typescript) response.getMetadataMap().set("typescriptVersion", typescript);
    return response;
}

/** From npm's lockfile; without one, what lies in node_modules. */
export function programDependencies(request: GetProgramDependenciesRequest): GetProgramDependenciesResponse {
    const folder = request.getInfo()?.getProgramDirectory() ?? "";
    const manifest = read<Manifest>(join(folder, "package.json")) ?? {};
    const direct = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    const lockfile = read<Lockfile>(join(folder, "package-lock.json"));
    const locked = Object.entries(lockfile?.packages ?? {}).flatMap(([path, { version }]) => {
        const name = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1];
        return name && version ? [{ name, version, top: path === `node_modules/${name}` }] : [];
    });
    const known = lockfile
        ? locked.filter(({ name, top }) => request.getTransitivedependencies() || (top && direct.includes(name)))
        : direct.map((name) => ({ name, version: versionOf(name, folder) ?? "" }));
    const list = known.map(({ name, version }) => new DependencyInfo().setName(name).setVersion(version));
    return new GetProgramDependenciesResponse().setDependenciesList(list);
}

/** `pulumi new` asks which package manager to use, unless the project says so. */
export function runtimeOptionsPrompts(request: RuntimeOptionsRequest): RuntimeOptionsResponse {
    const given = request.getInfo()?.getOptions()?.toJavaScript() ?? {};
    if ("packagemanager" in given) return new RuntimeOptionsResponse();
    const prompt = new RuntimeOptionPrompt()
        .setKey("packagemanager")
        .setDescription("The package manager to use for installing dependencies")
        .setPrompttype(RuntimeOptionPrompt.RuntimeOptionType.STRING)
        .setChoicesList(["npm", "pnpm", "yarn", "bun"].map(choice))
        .setDefault(choice("npm"));
    return new RuntimeOptionsResponse().setPromptsList([prompt]);
}

const choice = (manager: string) =>
    new RuntimeOptionPrompt.RuntimeOptionValue()
        .setPrompttype(RuntimeOptionPrompt.RuntimeOptionType.STRING)
        .setStringvalue(manager)
        .setDisplayname(findProgram(manager) ? manager : `${manager} [not found]`);

function versionOf(name: string, folder: string): string | undefined {
    try {
        const path = createRequire(join(folder, "package.json")).resolve(`${name}/package.json`);
        return read<Manifest>(path)?.version;
    } catch {
        return undefined;
    }
}

function read<T>(path: string): T | undefined {
    try {
        return JSON.parse(readFileSync(path, "utf8")) as T;
    } catch {
        return undefined;
    }
}
