/** `kvmnet lint`: judges files by the rules of the pack. No engine, no host, no network, no login. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { globSync } from "tinyglobby";
import { PACKAGE_ROOT } from "../../engine/package-root";
import { baselineText, withoutBaseline } from "../../policies/lint/baseline";
import { exempt, readExemptions } from "../../policies/lint/exemptions";
import { FORMATS } from "../../policies/lint/formats";
import { counted, type Report } from "../../policies/lint/report";
import { lint } from "../../policies/lint/run";
import { profileOf } from "../../policies/profiles";
import { PROFILES, type Profile } from "../../policies/rule";
import { everyRule, rules, stackRules } from "../../policies/table";

export interface LintOptions {
    profile: string;
    format: string[];
    failOn: string;
    exemptions?: string;
    baseline?: string;
    writeBaseline?: string;
    list?: boolean;
}

/** Exit status for bad usage and for what cannot be read. */
const UNUSABLE = 2;
const FAIL_ON = ["mandatory", "advisory", "undecided"];

/** @returns 0 when nothing that counts was found, 1 when something was, 2 when it could not be told */
export function run(patterns: string[], { profile, format, failOn, list, ...accepted }: LintOptions): number {
    if (list) return listRules();
    const outputs = (format.length > 0 ? format : ["text"]).map(outputOf);
    const wrong = [
        ...(isProfile(profile)
            ? []
            : [`--profile: there is no profile ${JSON.stringify(profile)}; there are ${PROFILES.join(", ")}.`]),
        ...(FAIL_ON.includes(failOn)
            ? []
            : [`--fail-on: it is one of ${FAIL_ON.join(", ")} (got ${JSON.stringify(failOn)}).`]),
        ...outputs.flatMap(({ name }) =>
            name in FORMATS
                ? []
                : [
                      `--format: there is no format ${JSON.stringify(name)}; there are ${Object.keys(FORMATS).join(", ")}.`,
                  ],
        ),
        ...(patterns.length > 0 ? [] : ["Name files, globs, or - for stdin: kvmnet lint 'domains/*.xml'."]),
    ];
    if (wrong.length > 0 || !isProfile(profile)) return unusable(wrong);

    const { files, missing } = readAll(patterns);
    const settings = { rules, stackRules, config: profileOf(profile), profile, version: version() };
    const { report: judged, unreadable } = lint(files, settings);
    const report = accept(judged, accepted);
    for (const { name, path } of outputs) {
        const written = `${FORMATS[name]?.(report)}\n`;
        if (path === undefined) process.stdout.write(written);
        else writeFileSync(path, written);
    }
    if (missing.length + unreadable.length > 0) return unusable([...missing, ...unreadable]);
    const { mandatory, advisory, undecided } = counted(report);
    const counts = { mandatory, advisory: mandatory + advisory, undecided: mandatory + undecided };
    return counts[failOn as keyof typeof counts] > 0 ? 1 : 0;
}

/** What was accepted goes out of the findings; what was accepted in vain is told. @throws InputError */
function accept(
    report: Report,
    { exemptions, baseline, writeBaseline }: Omit<LintOptions, "profile" | "format" | "failOn">,
): Report {
    const today = new Date().toISOString().slice(0, 10);
    const listed = exemptions === undefined ? [] : readExemptions(exemptions, readFileSync(exemptions, "utf8"));
    const { findings, exempted, stale } = exempt(report.findings, listed, today);
    if (writeBaseline !== undefined) writeFileSync(writeBaseline, baselineText(findings));
    if (baseline === undefined) return { ...report, findings, exempted, stale };
    const rest = withoutBaseline(findings, baseline, readFileSync(baseline, "utf8"));
    return { ...report, exempted, findings: rest.findings, known: rest.known, stale: [...stale, ...rest.stale] };
}

function unusable(sentences: string[]): number {
    for (const sentence of sentences) process.stderr.write(`${sentence}\n`);
    return UNUSABLE;
}

const isProfile = (name: string): name is Profile => (PROFILES as readonly string[]).includes(name);

/** `sarif=out.sarif` writes into a file, `sarif` to the terminal. */
function outputOf(format: string): { name: string; path?: string } {
    const at = format.indexOf("=");
    return at < 0 ? { name: format } : { name: format.slice(0, at), path: format.slice(at + 1) };
}

/** A pattern is taken as a path first: a file may have a name with brackets. */
function readAll(patterns: string[]) {
    const missing: string[] = [];
    const paths = patterns.flatMap((pattern) => {
        if (pattern === "-" || statSync(pattern, { throwIfNoEntry: false })?.isFile()) return [pattern];
        const found = globSync(pattern, { expandDirectories: false, dot: true });
        if (found.length === 0) missing.push(`${pattern}: no file is called so, and none matches it.`);
        return found.sort();
    });
    const files = [...new Set(paths)].flatMap((path) => {
        try {
            return [{ path, content: readFileSync(path === "-" ? 0 : path) }];
        } catch (error) {
            missing.push(`${path} cannot be read: ${(error as Error).message}.`);
            return [];
        }
    });
    return { files, missing };
}

function listRules(): number {
    for (const { id, severity, level, title } of everyRule)
        process.stdout.write(`${id.padEnd(28)} ${severity.padEnd(9)} ${level.default.padEnd(10)} ${title}\n`);
    return 0;
}

const version = () =>
    (JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as { version: string }).version;
