/** For people at a terminal: by file, the worst first, with a count at the end. */
import { counted, placeOf, type Report } from "../report";

export function text(report: Report): string {
    const lines = report.findings.map((finding) => {
        const head = `${placeOf(finding)}: ${finding.level === "mandatory" ? "error" : "remark"} ${finding.rule}: ${finding.subject}`;
        return [head, `    ${finding.message}`, ...(finding.fix ? [`    ${finding.fix}`] : [])].join("\n");
    });
    const accepted = report.exempted.map(
        ({ finding, exemption }) =>
            `${placeOf(finding)}: exempted ${finding.rule}: ${finding.subject}: ${exemption.reason}`,
    );
    return [...lines, ...accepted, verdict(report)].join("\n");
}

function verdict(report: Report): string {
    const { mandatory, advisory, undecided, exempted, known } = counted(report);
    const files = `${report.files} ${report.files === 1 ? "file" : "files"}`;
    const resources = `${report.resources} ${report.resources === 1 ? "resource" : "resources"}`;
    const judged = report.files === 0 ? resources : `${resources} in ${files}`;
    const told = [
        `${mandatory} mandatory, ${advisory} advisory, ${undecided} could not be decided`,
        ...(exempted > 0 ? [`${exempted} exempted`] : []),
        ...(known > 0 ? [`${known} in the baseline`] : []),
    ].join(", ");
    return mandatory + advisory + undecided + exempted + known === 0
        ? `${judged}: nothing to tell.`
        : `${judged}: ${told}.`;
}
