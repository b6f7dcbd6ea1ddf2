/** The sample environment as a project of a test's own: same program, another lab, and changes where a test wants them. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import type { EnvironmentInput } from "../../schemas/environment";

/** What the program and the plugin are made of; a test's project links to it. */
const LINKED = [
    "index.ts",
    "components",
    "resources",
    "schemas",
    "tuning",
    "provider",
    "engine",
    "node_modules",
    "sdks",
    "tsconfig.json",
    "package.json",
];

type Config = Record<string, unknown> & { "kvmnet-sample:environment": EnvironmentInput };

export interface SampleProject {
    folder: string;
    /** Writes the stack's config anew, changed. */
    configure: (change: (environment: EnvironmentInput) => unknown) => void;
    remove: () => void;
}

/** @param lab name of the lab that the project's stack builds in */
export function sampleProject(lab: string): SampleProject {
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-sample-"));
    for (const part of LINKED) symlinkSync(resolve(part), join(folder, part));
    writeFileSync(join(folder, "Pulumi.yaml"), readFileSync("Pulumi.yaml"));
    const original = parse(readFileSync("Pulumi.lab.yaml", "utf8")) as { config: Config };
    const write = (environment: unknown) => {
        const config = { ...original.config, "kvmnet:host": `lab://${lab}`, "kvmnet-sample:environment": environment };
        writeFileSync(join(folder, "Pulumi.lab.yaml"), stringify({ ...original, config }));
    };
    write(original.config["kvmnet-sample:environment"]);
    return {
        folder,
        configure: (change) => write(change(structuredClone(original.config["kvmnet-sample:environment"]))),
        remove: () => rmSync(folder, { recursive: true, force: true }),
    };
}
