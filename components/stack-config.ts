/** What the stack that runs says: where to build, and what. */
import * as pulumi from "@pulumi/pulumi";
import { thisStack, told } from "./component";
import type { EnvironmentArgs } from "./environment";
import { planned } from "./plan";

/**
 * The stack config `kvmnet:host` (absent: `local`) and `environment` of the program's own project, checked before
 * anything is registered.
 *
 * @throws pulumi.RunError with every problem, each with its path in the config; Pulumi prints the message alone
 */
export function stackConfig(): EnvironmentArgs {
    const { project, stack } = thisStack();
    const host = new pulumi.Config("kvmnet").get("host") ?? "local";
    const text = new pulumi.Config().get("environment");
    const { environment } = told(() =>
        planned(
            { host, environment: plain(text) },
            thisStack(),
            `Stack config ${project}:environment in Pulumi.${stack}.yaml`,
        ),
    );
    return { host, environment };
}

/** Pulumi hands objects over as JSON; what is none is judged as the text it is. */
function plain(text: string | undefined): unknown {
    if (text === undefined) return undefined;
    try {
        return JSON.parse(text);
    } catch {
        return text;
    }
}
