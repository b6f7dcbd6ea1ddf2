/** Formats of review tools, each a line or an object a finding: GitHub annotations, GitLab code quality, rdjson. */
import type { Severity } from "../../rule";
import { whole, type Report } from "../report";

/** `::error file=...,line=...::text`: shown beside the changed line (GitHub Actions, workflow commands). */
export function github({ findings }: Report): string {
    const property = (text: string) => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
    return findings
        .map((finding) => {
            const { file, line, column } = finding.position;
            const command =
                finding.kind === "undecided" ? "notice" : finding.level === "mandatory" ? "error" : "warning";
            const place = [
                `file=${property(file)}`,
                ...(line === undefined ? [] : [`line=${line}`]),
                ...(column === undefined ? [] : [`col=${column}`]),
                `title=${property(finding.rule)}`,
            ];
            return `::${command} ${place.join(",")}::${data(whole(finding))}`;
        })
        .join("\n");
}

/** Escapes as the runner reads them back. */
const data = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");

const GITLAB: Readonly<Record<Severity, string>> = {
    low: "info",
    medium: "minor",
    high: "major",
    critical: "critical",
};

/** GitLab's code quality report: findings with one fingerprint are merged, so each has its own. */
export const gitlab = ({ findings }: Report): string =>
    JSON.stringify(
        findings.map((finding) => ({
            description: whole(finding),
            check_name: finding.rule,
            fingerprint: finding.fingerprint,
            severity: finding.level === "mandatory" && finding.kind === "violation" ? GITLAB[finding.severity] : "info",
            location: { path: finding.position.file, lines: { begin: finding.position.line ?? 1 } },
        })),
        null,
        2,
    );

/** Reviewdog's own format. */
export const rdjson = ({ findings, rules }: Report): string =>
    JSON.stringify(
        {
            source: { name: "kvmnet" },
            diagnostics: findings.map((finding) => ({
                message: whole(finding),
                severity: finding.kind === "undecided" ? "INFO" : finding.level === "mandatory" ? "ERROR" : "WARNING",
                location: {
                    path: finding.position.file,
                    range: { start: { line: finding.position.line ?? 1, column: finding.position.column ?? 1 } },
                },
                code: { value: finding.rule, url: rules.find(({ id }) => id === finding.rule)?.url },
            })),
        },
        null,
        2,
    );
