/** Where the state of a program lies whose host is a lab: with the lab, so that no other backend ever sees it. */
import { HostRef } from "../schemas/host-ref";
import { labPaths } from "../schemas/lab-paths";
import { LAB_STACK, labStack } from "./stack-file";

/** Guards nothing: a lab and its secrets are gone with the next reboot. */
const LAB_PASSPHRASE = "kvmnet-lab";

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

/**
 * What to add to the engine's environment for these arguments in that project: the lab's backend for the stack `lab`
 * whose host is a lab, whatever backend the user is logged in to; nothing for any other stack.
 *
 * @throws Error when the stack names a host that is none, so that its state does not end up in some other backend
 */
export function labBackend(
    project: string,
    args: string[] = [],
    environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
    const lab = (stackOf(args) ?? environment.PULUMI_STACK ?? LAB_STACK) === LAB_STACK ? labOf(project) : undefined;
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

/** The stack that the engine's arguments name, if they name one. */
function stackOf(args: string[]): string | undefined {
    const own = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
    for (const [index, word] of own.entries()) {
        if (word === "-s" || word === "--stack") return own[index + 1];
        const joined = /^(?:--stack=|-s=?(?!-))(.+)$/.exec(word)?.[1];
        if (joined) return joined;
    }
    const [group, verb = "", name] = own.filter((word) => !word.startsWith("-"));
    return group === "stack" && ["init", "select", "rm"].includes(verb) ? name : undefined;
}
