/** A summary for a pull request: a few lines, the findings folded. */
import { counted, placeOf, type Report } from "../report";

export function markdown(report: Report): string {
    const { mandatory, advisory, undecided, exempted } = counted(report);
    const verdict = mandatory === 0 ? "nothing mandatory is violated" : `${mandatory} mandatory`;
    const head = `**kvmnet** (profile ${report.profile}): ${verdict}, ${advisory} advisory, ${undecided} could not be decided, ${exempted} exempted.`;
    if (report.findings.length === 0) return head;
    const rows = report.findings.map((finding) =>
        [
            finding.kind === "undecided" ? "open" : finding.level,
            finding.rule,
            placeOf(finding),
            finding.subject,
            finding.message,
            finding.fix ?? "",
        ]
            .map(cell)
            .join(" | "),
    );
    return [
        head,
        "",
        "<details><summary>Findings</summary>",
        "",
        "| level | rule | place | subject | finding | fix |",
        "| --- | --- | --- | --- | --- | --- |",
        ...rows.map((row) => `| ${row} |`),
        "",
        "</details>",
    ].join("\n");
}

/** Text in a table: no row or column begins in it, and no markup. */
const cell = (text: string) => text.replace(/[\r\n]+/g, " ").replace(/[\\`*_{}[\]<>|#]/g, (sign) => `\\${sign}`);
