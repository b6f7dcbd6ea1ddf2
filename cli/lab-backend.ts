/** Where the state of a program lies whose host is a lab: with the lab, so that no other backend ever sees it. */
import { HostRef } from "../schemas/host-ref";
import { labPaths } from "../schemas/lab-paths";
import { readArgs, stackNamed } from "./engine-args";
import { LAB_STACK, labStack } from "./stack-file";

/** Guards nothing: a lab and its secrets are gone with the next reboot. */
export const LAB_PASSPHRASE = "kvmnet-lab";

/**
 * URL of the file backend in a folder. Without `metadata=skip` a file with attributes lies beside each file of the state
 * and is written in place: an engine killed in that moment leaves it empty, and the next one fails with "failed to load
 * checkpoint: EOF" (gocloud.dev/blob/fileblob). All else is written beside and renamed.
 */
export const fileBackend = (folder: string) => `file://${folder}?metadata=skip`;

/** What the engine is told so that its state lies in that folder, in the plain files that are read here, whatever the user's environment says of theirs. */
export const backendIn = (folder: string): Record<string, string> => ({
    PULUMI_BACKEND_URL: fileBackend(folder),
    PULUMI_CONFIG_PASSPHRASE: LAB_PASSPHRASE,
    PULUMI_DIY_BACKEND_GZIP: "false",
    PULUMI_DIY_BACKEND_LEGACY_LAYOUT: "false",
    PULUMI_DIY_BACKEND_ZSTD: "false",
});

/** What the engine is told so that it works on the stack `lab` in that lab's own backend. */
export const backendOf = (lab: string): Record<string, string> => ({
    ...backendIn(labPaths(lab).state),
    PULUMI_STACK: LAB_STACK,
});

/** Whether a stack is the one called `lab`; before its name may stand an organization and a project. */
export const isOfLab = (stack: string): boolean => stack.split("/").at(-1) === LAB_STACK;

/** Commands that are about the user's own login, whatever a project says. */
export const OF_THE_LOGIN: readonly string[] = ["login", "logout", "org", "whoami"];

/**
 * What to add to the engine's environment for these arguments in that project: the lab's backend for the stack `lab`
 * whose host is a lab, whatever backend the user is logged in to; nothing for any other stack, and for a login.
 *
 * @throws Error when the stack names a host that is none, so that its state does not end up in some other backend
 */
export function labBackend(
    project: string,
    args: string[] = [],
    environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
    const read = readArgs(args);
    if (OF_THE_LOGIN.includes(read.words[0] ?? "")) return {};
    const stack = stackNamed(read) ?? environment.PULUMI_STACK ?? LAB_STACK;
    const lab = isOfLab(stack) ? labOf(project) : undefined;
    return lab === undefined ? {} : backendOf(lab);
}

/** Name of the lab that the stack `lab` of this project is for; undefined when it is for none. */
export function labOf(project: string): string | undefined {
    const stack = labStack(project);
    const host = stack?.config["kvmnet:host"];
    if (!stack || host === undefined) return undefined;
    const parsed = HostRef.safeParse(host);
    if (!parsed.success)
        throw new Error(
            `${stack.fileOf("kvmnet:host")}: config kvmnet:host: ${parsed.error.issues[0]?.message} (got ${JSON.stringify(host)})`,
        );
    return parsed.data.kind === "lab" ? parsed.data.name : undefined;
}
