/** Which Pulumi packages a program depends on: every package below a node_modules whose package.json says so. */
import { PackageDependency, PackageParameterization } from "@pulumi/pulumi/proto/plugin_pb";
import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";

interface Parameterization {
    name?: string;
    version?: string;
    value?: string;
}

interface Manifest {
    name?: string;
    version?: string;
    pulumi?: {
        resource?: boolean;
        name?: string;
        version?: string;
        server?: string;
        parameterization?: Parameterization;
        extensionParameterization?: Parameterization;
    };
}

/** Looks through the program's folder; nested policy packs are left out, for their packages are not the program's. */
export function requiredPackages(programDirectory: string): PackageDependency[] {
    const found: PackageDependency[] = [];
    walk(programDirectory, new Set(), (folder) => {
        const dependency = dependencyOf(manifestAt(folder));
        if (dependency) found.push(dependency);
    });
    return found;
}

function walk(folder: string, seen: Set<string>, visit: (folder: string) => void): void {
    if (!firstVisit(folder, seen)) return;
    for (const name of subfolders(folder)) {
        const path = join(folder, name);
        if (name === "node_modules") installedIn(path).forEach((each) => walkPackage(each, seen, visit));
        else if (!name.startsWith(".") && !existsSync(join(path, "PulumiPolicy.yaml"))) walk(path, seen, visit);
    }
}

/** Inside a package only its own node_modules matters: its other folders are its business. */
function walkPackage(folder: string, seen: Set<string>, visit: (folder: string) => void): void {
    if (!firstVisit(folder, seen)) return;
    visit(folder);
    installedIn(join(folder, "node_modules")).forEach((each) => walkPackage(each, seen, visit));
}

function firstVisit(folder: string, seen: Set<string>): boolean {
    try {
        const real = realpathSync(folder);
        return !seen.has(real) && seen.add(real) !== undefined;
    } catch {
        return false;
    }
}

/** The packages of one node_modules, those of a scope included. */
const installedIn = (folder: string): string[] =>
    subfolders(folder).flatMap((name) => {
        if (name.startsWith(".")) return [];
        const path = join(folder, name);
        return name.startsWith("@") ? subfolders(path).map((inner) => join(path, inner)) : [path];
    });

function subfolders(folder: string): string[] {
    try {
        const entries = readdirSync(folder, { withFileTypes: true });
        return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
    } catch {
        return [];
    }
}

function manifestAt(folder: string): Manifest {
    try {
        return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    } catch {
        return {};
    }
}

function dependencyOf({ name = "", version = "", pulumi }: Manifest): PackageDependency | undefined {
    if (pulumi?.resource !== true) return undefined;
    // Only the scope of Pulumi itself may leave its plugin's name out.
    const plugin = pulumi.name || (name.startsWith("@pulumi/") ? name.slice("@pulumi/".length) : "");
    const wanted = pulumi.version || version;
    if (!plugin || !wanted) return undefined;
    const dependency = new PackageDependency();
    dependency.setName(plugin);
    dependency.setKind("resource");
    dependency.setVersion(wanted.startsWith("v") ? wanted : `v${wanted}`);
    dependency.setServer(pulumi.server ?? "");
    if (pulumi.parameterization) dependency.setParameterization(parameterization(pulumi.parameterization));
    if (pulumi.extensionParameterization) dependency.setExtension$(parameterization(pulumi.extensionParameterization));
    return dependency;
}

function parameterization({ name = "", version = "", value = "" }: Parameterization): PackageParameterization {
    const message = new PackageParameterization();
    message.setName(name);
    message.setVersion(version);
    message.setValue(value);
    return message;
}
