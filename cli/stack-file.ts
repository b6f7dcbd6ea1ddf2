/** What the files of a Pulumi project say for its stack `lab`, before the engine is asked. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { projectFile } from "../engine/project-file";
import { parsed } from "../schemas/problems";

/** The stack that `kvmnet up` builds, in a lab of this machine. */
export const LAB_STACK = "lab";

export interface LabStack {
    /** Name of the project. */
    project: string;
    /** The file that says a key, for messages; of a key that none says, the stack's own. */
    fileOf: (key: string) => string;
    /** By full key: what Pulumi.yaml says for every stack, and over it what the stack says itself. */
    config: Record<string, unknown>;
    /** Of the passphrase that its secrets are encrypted with, and a word under it; absent where nothing is yet. */
    salt?: string;
}

const Config = z
    .record(z.string(), z.unknown(), { error: "config maps keys to values, such as kvmnet:host: lab://sample" })
    .nullish()
    .transform((config) => config ?? {});
const ProjectFile = z.object(
    { name: z.string("a project has a name"), config: Config },
    { error: "a project file is an object with a name" },
);
const StackFile = z.object(
    { config: Config, encryptionsalt: z.string().nullish() },
    { error: "a stack file is an object with config" },
);

/**
 * Config of the stack `lab`; undefined where the project has no file for it.
 *
 * @throws InputError where a file is not what it should be
 */
export function labStack(folder: string): LabStack | undefined {
    const file = join(folder, `Pulumi.${LAB_STACK}.yaml`);
    if (!existsSync(file)) return undefined;
    const ofProject = projectFile(folder);
    if (ofProject === undefined) return undefined;
    const project = parsed(ProjectFile, yamlOf(ofProject), ofProject);
    const stack = parsed(StackFile, yamlOf(file), file);
    const everyStack = valuesOf(project.config, project.name);
    return {
        project: project.name,
        fileOf: (key) => (key in everyStack && !(key in stack.config) ? ofProject : file),
        config: { ...everyStack, ...stack.config },
        ...(stack.encryptionsalt ? { salt: stack.encryptionsalt } : {}),
    };
}

/** An empty file is an empty object. @throws Error that names the file and the line */
function yamlOf(file: string): unknown {
    try {
        return parse(readFileSync(file, "utf8")) ?? {};
    } catch (error) {
        throw new Error(`${file} is no YAML: ${(error as Error).message.trim()}`, { cause: error });
    }
}

/** What Pulumi.yaml says for every stack: a value, or an object that carries one; keys without a namespace are the project's. */
function valuesOf(config: Record<string, unknown>, project: string): Record<string, unknown> {
    const said = Object.entries(config).map(([key, entry]) => {
        const { value, default: otherwise } = Object(entry) as { value?: unknown; default?: unknown };
        const plain = typeof entry === "object" ? (value ?? otherwise) : entry;
        return [key.includes(":") ? key : `${project}:${key}`, plain] as const;
    });
    return Object.fromEntries(said.filter(([, value]) => value !== undefined));
}
