/** Where the state of a program lies whose host is a lab: with the lab, so that no other backend ever sees it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { HostRef } from "../schemas/host-ref";
import { labPaths } from "../schemas/lab-paths";

/** The stack that templates and the sample call by the lab. */
const STACK = "lab";
/** Guards nothing: a lab and its secrets are gone with the next reboot. */
export const LAB_PASSPHRASE = "kvmnet-lab";

/**
 * What to add to the engine's environment in that project; nothing where the user chose a backend, or the stack `lab`
 * has no lab for a host. The state's folder itself is the lab's affair.
 *
 * @throws Error when the stack names a host that is none, so that its state does not end up in some other backend
 */
export function labBackend(project: string, environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
    if (environment.PULUMI_BACKEND_URL) return {};
    const lab = labOf(project);
    if (lab === undefined) return {};
    const hasPassphrase =
        environment.PULUMI_CONFIG_PASSPHRASE !== undefined || environment.PULUMI_CONFIG_PASSPHRASE_FILE;
    return {
        PULUMI_BACKEND_URL: `file://${labPaths(lab).state}`,
        ...(!hasPassphrase && { PULUMI_CONFIG_PASSPHRASE: LAB_PASSPHRASE }),
        ...(!environment.PULUMI_STACK && { PULUMI_STACK: STACK }),
    };
}

/** Name of the lab that the stack `lab` of this project is for; undefined when it is for none. */
export function labOf(project: string): string | undefined {
    const file = join(project, `Pulumi.${STACK}.yaml`);
    if (!existsSync(file)) return undefined;
    const stack = parse(readFileSync(file, "utf8")) as { config?: Record<string, unknown> } | null;
    const host = stack?.config?.["kvmnet:host"];
    if (host === undefined) return undefined;
    const parsed = HostRef.safeParse(host);
    if (!parsed.success)
        throw new Error(
            `${file}: config kvmnet:host: ${parsed.error.issues[0]?.message} (got ${JSON.stringify(host)})`,
        );
    return parsed.data.kind === "lab" ? parsed.data.name : undefined;
}
