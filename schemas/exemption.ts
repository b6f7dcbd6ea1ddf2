/**
 * An exemption of a rule as it hangs on a resource: a text among its `additionalSecretOutputs`. That option is the one
 * thing of any resource, ours or another's, that a policy pack, a preview and a state all show, that the engine ignores
 * where no output is called so, and that never makes a difference.
 */

/** What somebody wrote; whether it holds is judged where rules are. */
export interface WrittenExemption {
    /** Id of the rule; empty where none could be read. */
    rule: string;
    /** Empty where none is given. */
    reason: string;
    /** Last day on which it holds. */
    until?: string;
    /** Resource or component that it was given to; its children carry it too. */
    owner?: string;
}

const MARK = "kvmnet:exempt";
const FORM = /^kvmnet:exempt ([a-z0-9-]{1,64})(?: until (\S{1,20}?))?(?: of (\S{1,400}?))?(?:: (.*))?$/s;

/** `kvmnet:exempt nic-model-legacy until 2027-06-30 of router-1: The image has no virtio driver.` */
export function exemptionText({ rule, reason, until, owner }: WrittenExemption): string {
    const end = until === undefined ? "" : ` until ${until.replace(/\s/g, "-")}`;
    const of = owner === undefined ? "" : ` of ${encodeURIComponent(owner)}`;
    return `${MARK} ${rule}${end}${of}: ${reason}`;
}

/** @returns undefined for a text that is none */
export function exemptionOf(text: string): WrittenExemption | undefined {
    if (!text.startsWith(MARK)) return undefined;
    const [, rule = "", until, owner, reason = ""] = FORM.exec(text) ?? [];
    return {
        rule,
        reason: reason.trim(),
        ...(until === undefined ? {} : { until }),
        ...(owner === undefined ? {} : { owner: decoded(owner) }),
    };
}

function decoded(text: string): string {
    try {
        return decodeURIComponent(text);
    } catch {
        return text;
    }
}
