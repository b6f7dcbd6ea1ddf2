/** For programs: the findings as they are. */
import { counted, type Report } from "../report";

export const json = (report: Report): string =>
    JSON.stringify(
        {
            version: report.version,
            profile: report.profile,
            counts: counted(report),
            findings: report.findings,
            exempted: report.exempted,
        },
        null,
        4,
    );
