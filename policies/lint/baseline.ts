/** A baseline: findings that were there when the linter was adopted. New ones count, and gone ones are told. */
import { z } from "zod";
import { InputError, parsed } from "../../schemas/problems";
import type { LintFinding } from "./finding";

const Baseline = z.strictObject({
    version: z.literal(1, { error: "the version of a baseline is 1" }),
    findings: z.array(z.strictObject({ rule: z.string(), subject: z.string(), fingerprint: z.string() })),
});

/** What is written for the findings of today, sorted, so that a diff shows what changed. */
export const baselineText = (findings: readonly LintFinding[]): string =>
    `${JSON.stringify(
        {
            version: 1,
            findings: findings
                .filter(({ kind }) => kind === "violation")
                .map(({ rule, subject, fingerprint }) => ({ rule, subject, fingerprint }))
                .sort((a, b) => a.rule.localeCompare(b.rule) || a.subject.localeCompare(b.subject)),
        },
        null,
        4,
    )}\n`;

/** @throws InputError where the file is no baseline */
export function withoutBaseline(
    findings: readonly LintFinding[],
    file: string,
    text: string,
): { findings: LintFinding[]; known: number; stale: string[] } {
    let content: unknown;
    try {
        content = JSON.parse(text);
    } catch (error) {
        throw new InputError(file, [{ path: [], message: `it is no JSON: ${(error as Error).message}` }]);
    }
    const baseline = parsed(Baseline, content, file).findings;
    const there = new Set(findings.map(({ fingerprint }) => fingerprint));
    const before = new Set(baseline.map(({ fingerprint }) => fingerprint));
    return {
        findings: findings.filter(({ fingerprint }) => !before.has(fingerprint)),
        known: findings.filter(({ fingerprint }) => before.has(fingerprint)).length,
        stale: baseline
            .filter(({ fingerprint }) => !there.has(fingerprint))
            .map(
                ({ rule, subject }) => `${file} lists ${rule} for ${subject}, which is gone: write the baseline anew.`,
            ),
    };
}
