/** Exempts resources from rules of the policies, with the reason at hand where the resource is made. */
import type * as pulumi from "@pulumi/pulumi";
import { exemptionText } from "../schemas/exemption";

/** Why a rule does not hold here, and the last day on which that is so, such as 2027-06-30. */
export type Reason = string | { reason: string; until?: string };

/**
 * Options with which a resource, or all that a component makes, is exempted from rules:
 * `new Domain("router", {...}, exempt({ "nic-model-legacy": "The image has no virtio driver." }))`.
 *
 * An exemption without a reason or past its end exempts nothing and is reported itself; so is one that nothing needs. It
 * never changes what is built.
 *
 * @param reasons by the id of the rule
 * @param opts    other options of the resource
 */
export function exempt<Options extends pulumi.ResourceOptions>(
    reasons: Readonly<Record<string, Reason>>,
    opts?: Options,
): Options {
    let owner: string | undefined;
    const carry: pulumi.ResourceTransformation = ({ name, props, opts: own }) => {
        // The first that asks is the resource that these options were given to; its children follow.
        owner ??= name;
        const texts = Object.entries(reasons).map(([rule, why]) =>
            exemptionText({ rule, ...(typeof why === "string" ? { reason: why } : why), owner }),
        );
        const { additionalSecretOutputs = [] } = own as pulumi.CustomResourceOptions;
        return { props, opts: { ...own, additionalSecretOutputs: [...additionalSecretOutputs, ...texts] } };
    };
    return { ...opts, transformations: [...(opts?.transformations ?? []), carry] } as unknown as Options;
}
