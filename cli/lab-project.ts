/** A Pulumi project with an environment in its stack `lab`: read and checked before anything is started. */
import { planned } from "../components/plan";
import type { Environment } from "../schemas/environment";
import type { HostRef } from "../schemas/host-ref";
import { labOf } from "./lab-backend";
import { projectOf } from "./project";
import { LAB_STACK, type LabStack, labStack } from "./stack-file";

export interface EnvironmentProject {
    folder: string;
    name: string;
    host: HostRef;
    environment: Environment;
    /** The file that the environment stands in. */
    file: string;
}

/** The stack `lab` of a project, and the lab of this machine that it builds in. */
export interface LabPlace {
    /** Name of the project. */
    name: string;
    /** Name of the lab. */
    lab: string;
}

/** A project whose stack `lab` builds in a lab of this machine. */
export interface LabProject extends EnvironmentProject, LabPlace {}

/**
 * The environment that the stack `lab` declares, on whatever host.
 *
 * @param start folder of the project, or one below it
 * @throws Error where a file is missing; InputError with every problem of host and environment
 */
export function readProject(start: string): EnvironmentProject {
    const { folder, stack } = stackFrom(start);
    const { project: name, config } = stack;
    const key = `${name}:environment`;
    const file = stack.fileOf(key);
    const input = { host: config["kvmnet:host"] ?? "local", environment: config[key] };
    return { folder, name, file, ...planned(input, { project: name, stack: LAB_STACK }, `${key} in ${file}`) };
}

/** The same, for commands that build in labs only. @throws Error where the host is none */
export function readLabProject(start: string): LabProject {
    const project = readProject(start);
    if (project.host.kind === "lab") return { ...project, lab: project.host.name };
    throw noLab(project.folder);
}

/** Where that project builds, whatever its environment says: a lab is ended, too, while a slip in the config is not mended. @throws Error where the host is no lab */
export function readLabPlace(start: string): LabPlace {
    const { folder, stack } = stackFrom(start);
    const lab = labOf(folder);
    if (lab === undefined) throw noLab(folder);
    return { name: stack.project, lab };
}

const noLab = (folder: string) =>
    new Error(
        `The stack ${LAB_STACK} of ${folder} has the host local, and this command is for labs only. ` +
            "Set kvmnet:host to lab://sample, or use `kvmnet pulumi` for a real host.",
    );

function stackFrom(start: string): { folder: string; stack: LabStack } {
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
    return { folder, stack };
}
