/** A Pulumi project whose stack `lab` builds in a lab: its name, its lab, and its environment, checked. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { Environment } from "../schemas/environment";
import { HostRef } from "../schemas/host-ref";
import { parsed } from "../schemas/problems";
import { projectOf } from "./project";

/** The stack that `kvmnet up` builds, in a lab of this machine. */
export const LAB_STACK = "lab";

export interface LabProject {
    folder: string;
    name: string;
    /** Name of the lab that the stack `lab` builds in. */
    lab: string;
    environment: Environment;
}

const Config = z.record(z.string(), z.unknown()).default({});
const ProjectFile = z.object({ name: z.string(), config: Config });
const StackFile = z.object({ config: Config });

/**
 * Reads and checks everything before anything is started.
 *
 * @param start folder of the project, or one below it
 * @throws Error where a file is missing; InputError with every problem of the environment
 */
export function readLabProject(start: string): LabProject {
    const folder = projectOf(start);
    if (!folder)
        throw new Error(
            `There is no Pulumi.yaml in ${start} or above it. Run the command in the folder of a Pulumi project.`,
        );
    const { name, config: ofProject } = ProjectFile.parse(parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")));
    const file = join(folder, `Pulumi.${LAB_STACK}.yaml`);
    if (!existsSync(file))
        throw new Error(
            `There is no ${file}, which holds the environment of the stack ${LAB_STACK}. Start from kvmnet's template \`lab\`.`,
        );
    const { config: ofStack } = StackFile.parse(parse(readFileSync(file, "utf8")));
    const config = { ...valuesOf(ofProject, name), ...ofStack };
    const host = parsed(HostRef, config["kvmnet:host"] ?? "local", `kvmnet:host in ${file}`);
    if (host.kind !== "lab")
        throw new Error(
            `kvmnet:host in ${file} is ${host.kind}, and this command builds in labs only. Set it to lab://sample, or use \`kvmnet pulumi up\` for a real host.`,
        );
    const environment = parsed(Environment, config[`${name}:environment`], `${name}:environment in ${file}`);
    return { folder, name, lab: host.name, environment };
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
