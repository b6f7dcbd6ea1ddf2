/** Exemptions: findings that somebody accepts, each with a reason and, if wanted, an end. */
import picomatch from "picomatch";
import { parse } from "yaml";
import { z } from "zod";
import { InputError, parsed } from "../../schemas/problems";
import type { LintFinding } from "./finding";

const Exemption = z.strictObject({
    rule: z.string("rule is the id of a rule, such as nic-model-legacy").min(1, "rule is the id of a rule"),
    resource: z
        .string('resource is a pattern of what is exempted, such as "Domain router-*"')
        .min(1, 'resource is a pattern, such as "Domain router-*"; "*" is every one'),
    reason: z
        .string("an exemption needs a reason; say why this is right here")
        .trim()
        .min(10, "an exemption needs a reason of at least 10 characters; say why this is right here"),
    until: z
        .string("until is a date such as 2027-06-30")
        .regex(/^\d{4}-\d{2}-\d{2}$/, "until is a date such as 2027-06-30, the last day on which it holds")
        .optional(),
});
export type Exemption = z.output<typeof Exemption>;

const Exemptions = z.strictObject(
    { exemptions: z.array(Exemption, "exemptions is a list") },
    { error: "an exemptions file has the one key exemptions, a list" },
);

/** A finding that somebody accepted. */
export interface Exempted {
    finding: LintFinding;
    exemption: Exemption;
}

export interface Judged {
    findings: LintFinding[];
    exempted: Exempted[];
    /** Sentences: what exempts nothing, or does not any more. */
    stale: string[];
}

/** @throws InputError with every problem of the file */
export function readExemptions(file: string, text: string): Exemption[] {
    let content: unknown;
    try {
        content = parse(text, { maxAliasCount: 0 });
    } catch (error) {
        throw new InputError(file, [{ path: [], message: `it is no YAML: ${(error as Error).message}` }]);
    }
    return parsed(Exemptions, content, file).exemptions;
}

/**
 * Takes accepted findings out. An exemption past its end exempts nothing, and one that meets no finding is told: both
 * would otherwise stay for ever.
 *
 * @param today as `2026-11-24`
 */
export function exempt(findings: readonly LintFinding[], exemptions: readonly Exemption[], today: string): Judged {
    const used = new Set<Exemption>();
    const exempted: Exempted[] = [];
    const left = findings.filter((finding) => {
        const exemption = exemptions.find((one) => holds(one, today) && meets(one, finding));
        if (!exemption || finding.kind === "undecided") return true;
        used.add(exemption);
        exempted.push({ finding, exemption });
        return false;
    });
    const stale = exemptions.flatMap((one) => {
        const name = `The exemption of ${one.rule} for ${one.resource}`;
        if (!holds(one, today)) return [`${name} ended on ${one.until}: remove it, or give it a new end.`];
        return used.has(one) ? [] : [`${name} meets no finding: remove it.`];
    });
    return { findings: left, exempted, stale };
}

const holds = ({ until }: Exemption, today: string) => until === undefined || until >= today;

/** By the subject as messages name it, by its resource alone, by file, or by fingerprint. */
function meets({ rule, resource }: Exemption, finding: LintFinding): boolean {
    if (rule !== finding.rule) return false;
    const [owner = ""] = finding.subject.split(", ");
    // Names hold slashes and dots of their own, so a star stands for any text.
    const matches = picomatch(resource, { bash: true, dot: true, nonegate: true, noext: true });
    return [finding.subject, owner, owner.split(" ").slice(1).join(" "), finding.position.file].some((name) =>
        matches(name),
    );
}
