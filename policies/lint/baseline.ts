/** A baseline: findings that were there when the linter was adopted. New ones count, and gone ones are told. */
import { z } from "zod";
import { InputError, parsed } from "../../schemas/problems";
import { BASELINE_STALE_RULE } from "../upkeep";
import type { LintFinding } from "./finding";
import { upkeepFinding } from "./upkeep-finding";

const Baseline = z.strictObject({
    version: z.literal(1, { error: "the version of a baseline is 1" }),
    findings: z.array(
        z.strictObject({
            rule: z.string(),
            subject: z.string(),
            fingerprint: z.string(),
            remark: z.literal(true).optional(),
        }),
    ),
});

/** What is written for the findings of today, sorted, so that a diff shows what changed. */
export const baselineText = (findings: readonly LintFinding[]): string =>
    `${JSON.stringify(
        {
            version: 1,
            findings: findings
                .filter(({ kind }) => kind === "violation")
                .map(({ rule, subject, fingerprint, remark }) => ({
                    rule,
                    subject,
                    fingerprint,
                    ...(remark ? { remark } : {}),
                }))
                .sort((a, b) => a.rule.localeCompare(b.rule) || a.subject.localeCompare(b.subject)),
        },
        null,
        4,
    )}\n`;

interface Before {
    /** Path of the baseline, for findings about it. */
    file: string;
    text: string;
    /** Whether only some of what it was written for is judged: what is not met may be where nobody looked. */
    partial?: boolean;
}

/** @throws InputError where the file is no baseline */
export function withoutBaseline(
    findings: readonly LintFinding[],
    { file, text, partial = false }: Before,
): { findings: LintFinding[]; known: number } {
    let content: unknown;
    try {
        content = JSON.parse(text);
    } catch (error) {
        throw new InputError(file, [{ path: [], message: `it is no JSON: ${(error as Error).message}` }]);
    }
    const baseline = parsed(Baseline, content, file).findings;
    const there = new Set(findings.map(({ fingerprint }) => fingerprint));
    const before = new Set(baseline.map(({ fingerprint }) => fingerprint));
    const violations = new Set(baseline.filter(({ remark }) => !remark).map(({ fingerprint }) => fingerprint));
    // A remark and the violation that it becomes have one fingerprint; who accepted the one never saw the other.
    const isKnown = ({ fingerprint, remark }: LintFinding) => (remark ? before : violations).has(fingerprint);
    const gone = partial ? [] : baseline.filter(({ fingerprint }) => !there.has(fingerprint));
    return {
        findings: [
            ...findings.filter((finding) => !isKnown(finding)),
            ...gone.map(({ rule, subject }) =>
                upkeepFinding(
                    BASELINE_STALE_RULE,
                    `what is listed of ${rule} for ${subject}`,
                    { file },
                    "It is gone.",
                    "Write the baseline anew.",
                ),
            ),
        ],
        known: findings.filter(isKnown).length,
    };
}
