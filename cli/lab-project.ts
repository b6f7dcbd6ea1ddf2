/** A Pulumi project whose stack `lab` builds in a lab: its name, its lab, and its environment, checked. */
import { Environment } from "../schemas/environment";
import { HostRef } from "../schemas/host-ref";
import { parsed } from "../schemas/problems";
import { projectOf } from "./project";
import { LAB_STACK, labStack } from "./stack-file";

export interface LabProject {
    folder: string;
    name: string;
    /** Name of the lab that the stack `lab` builds in. */
    lab: string;
    environment: Environment;
}

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
    const stack = labStack(folder);
    if (!stack)
        throw new Error(
            `There is no Pulumi.${LAB_STACK}.yaml in ${folder}, which holds the environment of the stack ${LAB_STACK}. Start from kvmnet's template \`lab\`.`,
        );
    const { project, file, config } = stack;
    const host = parsed(HostRef, config["kvmnet:host"] ?? "local", `kvmnet:host in ${file}`);
    if (host.kind !== "lab")
        throw new Error(
            `kvmnet:host in ${file} is ${host.kind}, and this command builds in labs only. Set it to lab://sample, or use \`kvmnet pulumi up\` for a real host.`,
        );
    const environment = parsed(Environment, config[`${project}:environment`], `${project}:environment in ${file}`);
    return { folder, name: project, lab: host.name, environment };
}
