/** A Pulumi project with an environment in its stack `lab`: read and checked before anything is started. */
import { planned } from "../components/plan";
import type { Environment } from "../schemas/environment";
import type { HostRef } from "../schemas/host-ref";
import { projectOf } from "./project";
import { LAB_STACK, labStack } from "./stack-file";

export interface EnvironmentProject {
    folder: string;
    name: string;
    host: HostRef;
    environment: Environment;
}

/** A project whose stack `lab` builds in a lab of this machine. */
export interface LabProject extends EnvironmentProject {
    /** Name of the lab. */
    lab: string;
}

/**
 * The environment that the stack `lab` declares, on whatever host.
 *
 * @param start folder of the project, or one below it
 * @throws Error where a file is missing; InputError with every problem of host and environment
 */
export function readProject(start: string): EnvironmentProject {
    const folder = projectOf(start);
    if (!folder)
        throw new Error(
            `There is no Pulumi.yaml in ${start} or above it. Run the command in the folder of a Pulumi project.`,
        );
    const stack = labStack(folder);
    if (!stack)
        throw new Error(
            `There is no Pulumi.${LAB_STACK}.yaml in ${folder}, the file of the stack ${LAB_STACK}. Start from kvmnet's template \`lab\`.`,
        );
    const { project: name, file, config } = stack;
    const input = { host: config["kvmnet:host"] ?? "local", environment: config[`${name}:environment`] };
    return { folder, name, ...planned(input, { project: name, stack: LAB_STACK }, `${name}:environment in ${file}`) };
}

/** The same, for commands that build in labs only. @throws Error where the host is none */
export function readLabProject(start: string): LabProject {
    const project = readProject(start);
    if (project.host.kind === "lab") return { ...project, lab: project.host.name };
    throw new Error(
        `The stack ${LAB_STACK} of ${project.folder} has the host ${project.host.kind}, and this command builds in labs only. ` +
            "Set kvmnet:host to lab://sample, or use `kvmnet pulumi up` for a real host.",
    );
}
