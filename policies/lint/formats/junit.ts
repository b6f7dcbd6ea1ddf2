/** JUnit XML, which every build server shows: one case a finding, mandatory ones fail. */
import { counted, placeOf, whole, type Report } from "../report";

export function junit(report: Report): string {
    // Loaded when it is needed: no other format writes XML, and it takes longer to load than the rules.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { DOMImplementation, XMLSerializer } = require("@xmldom/xmldom") as typeof import("@xmldom/xmldom");
    const document = new DOMImplementation().createDocument(null, "testsuites", null);
    const root = document.documentElement;
    if (!root) throw new Error("a document has a root");
    const add = (parent: typeof root, name: string, attributes: Record<string, string>) => {
        const element = document.createElement(name);
        for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, printable(value));
        parent.appendChild(element);
        return element;
    };
    const { mandatory, advisory, undecided } = counted(report);
    const suite = add(root, "testsuite", {
        name: "kvmnet",
        tests: String(Math.max(1, report.findings.length)),
        failures: String(mandatory),
        skipped: String(advisory + undecided),
    });
    if (report.findings.length === 0) add(suite, "testcase", { classname: "kvmnet", name: "every rule" });
    for (const finding of report.findings) {
        const test = add(suite, "testcase", {
            classname: finding.rule,
            name: `${placeOf(finding)} ${finding.subject}`,
        });
        const failed = finding.kind === "violation" && finding.level === "mandatory";
        add(test, failed ? "failure" : "skipped", { message: whole(finding) });
    }
    return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(document)}`;
}

/** XML 1.0 has no place for other control characters. */
const printable = (text: string) => text.replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD]/g, "?");
