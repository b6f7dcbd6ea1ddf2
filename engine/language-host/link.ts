/** Makes a generated package a dependency of the program, as `pulumi install` and `pulumi package add` ask. */
import { LinkResponse, type LinkRequest } from "@pulumi/pulumi/proto/language_pb";
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { run } from "../run";
import { managerOf } from "./install";
import { nodeOptions } from "./options";

interface Manifest {
    name: string;
    type?: string;
    allowScripts?: Record<string, boolean>;
}

const NEXT = "Check that the package.json of the project can be written, then run the same command again.";

export async function link(request: LinkRequest): Promise<LinkResponse> {
    const info = request.getInfo();
    const folder = info?.getProgramDirectory() ?? "";
    const options = nodeOptions(info);
    const typescript = options.typescript || options.tsconfig !== "" || existsSync(join(folder, "tsconfig.json"));
    const manager = managerOf(folder, options.packagemanager);
    const imports: string[] = [];
    for (const dependency of request.getPackagesList()) {
        const given = dependency.getPath();
        const path = isAbsolute(given) ? relative(folder, given) : given;
        const { name } = manifestAt(join(folder, path));
        // npm's own editor of package.json serves every manager: it changes the one field and keeps the rest.
        await run("npm", ["pkg", "set", `dependencies[${name}]=file:${path}`], NEXT, { cwd: folder });
        if (manager === "npm") await allowScript(folder, path);
        imports.push(
            importLine(
                dependency.getPackage()?.getParameterization()?.getName() || dependency.getPackage()?.getName() || name,
                name,
                typescript || manifestAt(folder).type === "module",
            ),
        );
    }
    const language = typescript ? "TypeScript" : "JavaScript";
    return new LinkResponse().setImportInstructions(
        `You can import the SDK in your ${language} code with:\n\n${imports.join("")}`,
    );
}

const manifestAt = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** A generated package compiles itself in its install script, which npm 12 runs only where it is allowed. */
async function allowScript(folder: string, path: string): Promise<void> {
    const allowed = { ...manifestAt(folder).allowScripts, [`file:${path}`]: true };
    await run("npm", ["pkg", "set", "--json", `allowScripts=${JSON.stringify(allowed)}`], NEXT, { cwd: folder });
}

function importLine(plugin: string, name: string, module: boolean): string {
    const variable = plugin.replace(/[^A-Za-z0-9]+(.)?/g, (_, letter?: string) => (letter ?? "").toUpperCase());
    return module ? `  import * as ${variable} from "${name}";\n` : `  const ${variable} = require("${name}");\n`;
}
