/** A Pulumi project whose stack `lab` builds in a lab: its name, its lab, and its environment, checked. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { Environment } from "../schemas/environment";
import { HostRef } from "../schemas/host-ref";
import { parsed } from "../schemas/problems";
import { projectOf } from "./project-folder";

/** The stack that `kvmnet up` builds, in a lab of this machine. */
export const LAB_STACK = "lab";

export interface LabProject {
    folder: string;
    name: string;
    /** Name of the lab that the stack `lab` builds in. */
    lab: string;
    environment: Environment;
}

const ProjectFile = z.object({ name: z.string() });
const StackFile = z.object({ config: z.record(z.string(), z.unknown()).default({}) });

/**
 * Reads and checks everything before anything is started.
 *
 * @param start folder of the project, or one below it
 * @throws Error where a file is missing; InputError with every problem of the environment
 */
export function readLabProject(start: string): LabProject {
    const folder = projectOf(start);
    if (!folder) throw new Error(`There is no Pulumi.yaml in ${start} or above it. Run the command in the folder of a Pulumi project.`);
    const { name } = ProjectFile.parse(parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")));
    const file = join(folder, `Pulumi.${LAB_STACK}.yaml`);
    if (!existsSync(file))
        throw new Error(`There is no ${file}, which holds the environment of the stack ${LAB_STACK}. Start from kvmnet's template \`lab\`.`);
    const { config } = StackFile.parse(parse(readFileSync(file, "utf8")));
    const host = parsed(HostRef, config["kvmnet:host"] ?? "local", `kvmnet:host in ${file}`);
    if (host.kind !== "lab")
        throw new Error(
            `kvmnet:host in ${file} is ${host.kind}, and this command builds in labs only. Set it to lab://sample, or use \`kvmnet pulumi up\` for a real host.`,
        );
    const environment = parsed(Environment, config[`${name}:environment`], `${name}:environment in ${file}`);
    return { folder, name, lab: host.name, environment };
}
