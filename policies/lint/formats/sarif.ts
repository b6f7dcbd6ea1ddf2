/** SARIF 2.1.0, which code scanning reads: relative paths, stable fingerprints, one rule object a rule. */
import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Severity } from "../../rule";
import { whole, type Report } from "../report";

/** What GitHub sorts security findings by; other readers look at `level`. */
const SECURITY: Readonly<Record<Severity, string>> = { low: "3.0", medium: "5.5", high: "8.0", critical: "9.5" };

export function sarif({ findings: open, exempted, rules, version }: Report): string {
    const findings = [...open, ...exempted.map(({ finding }) => finding)];
    const used = rules.filter(({ id }) => findings.some(({ rule }) => rule === id));
    const justified = new Map(
        exempted.map(({ finding, exemption, inSource }) => [
            finding,
            { kind: inSource ? "inSource" : "external", justification: exemption.reason },
        ]),
    );
    const results = findings.map((finding) => {
        const { file, line, column } = finding.position;
        return {
            ruleId: finding.rule,
            ruleIndex: used.findIndex(({ id }) => id === finding.rule),
            level: finding.kind === "undecided" ? "note" : finding.level === "mandatory" ? "error" : "warning",
            message: { text: whole(finding) },
            locations: [
                {
                    physicalLocation: {
                        artifactLocation: artifactOf(file),
                        region: { startLine: line ?? 1, ...(column === undefined ? {} : { startColumn: column }) },
                    },
                },
            ],
            partialFingerprints: { "kvmnet/v1": finding.fingerprint },
            ...(justified.has(finding) ? { suppressions: [justified.get(finding)] } : {}),
        };
    });
    const driver = {
        name: "kvmnet",
        semanticVersion: version,
        rules: used.map(({ id, title, why, fix, url, severity, tags }) => ({
            id,
            shortDescription: { text: title },
            fullDescription: { text: why },
            help: { text: `${why}\n\n${fix}`, markdown: `${why}\n\n**Fix:** ${fix}` },
            helpUri: url,
            properties: { tags, "security-severity": SECURITY[severity] },
        })),
    };
    return JSON.stringify(
        {
            $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            version: "2.1.0",
            runs: [{ tool: { driver }, columnKind: "utf16CodeUnits", results }],
        },
        null,
        2,
    );
}

/** A path below this folder as a reference to it, any other as a URI, which has no base (SARIF 3.4.4); stdin has no place in a tree. */
function artifactOf(file: string): { uri: string; uriBaseId?: string } {
    if (isAbsolute(file) || /^\.\.(\/|$)/.test(file)) return { uri: pathToFileURL(resolve(file)).href };
    const path = file === "-" ? "stdin" : file.replace(/^\.\//, "");
    return { uri: path.split("/").map(encodeURIComponent).join("/"), uriBaseId: "%SRCROOT%" };
}
