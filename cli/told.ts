/** What all commands that judge have in common: their options, how findings are written, and the status they end with. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../engine/package-root";
import { FORMATS } from "../policies/lint/formats";
import { counted, type Report } from "../policies/lint/report";
import type { LintRun } from "../policies/lint/run";
import { PROFILES, type Profile } from "../policies/rule";
import { everyRule } from "../policies/table";

export interface JudgeOptions {
    profile: string;
    format: string[];
    failOn: string;
    exemptions?: string;
    forbidExemption?: string[];
    baseline?: string;
    writeBaseline?: string;
}

/** The same options, checked. */
export interface Judging extends Omit<JudgeOptions, "profile" | "format"> {
    profile: Profile;
    outputs: { name: string; path?: string }[];
    /** Whether only some of the files are judged that exemptions and baseline are for: then nothing is told to be gone. */
    partial?: boolean;
}

/** Exit status for bad usage and for what cannot be read. */
const UNUSABLE = 2;
const FAIL_ON = ["mandatory", "advisory", "undecided"];

/** @returns the checked options, or a sentence for each that is wrong */
export function judging({ profile, format, ...options }: JudgeOptions): Judging | string[] {
    const strangers = (options.forbidExemption ?? []).filter(
        (id) => id !== "*" && !everyRule.some((one) => one.id === id),
    );
    const outputs = (format.length > 0 ? format : ["text"]).map(outputOf);
    const unknown = outputs.filter(({ name }) => !(name in FORMATS));
    const wrong = [
        ...(isProfile(profile)
            ? []
            : [`--profile: there is no profile ${JSON.stringify(profile)}; there are ${PROFILES.join(", ")}.`]),
        ...(FAIL_ON.includes(options.failOn)
            ? []
            : [`--fail-on: it is one of ${FAIL_ON.join(", ")} (got ${JSON.stringify(options.failOn)}).`]),
        ...strangers.map(
            (id) =>
                `--forbid-exemption: there is no rule ${JSON.stringify(id)}; kvmnet lint --list lists them, and "*" is every one.`,
        ),
        ...unknown.map(
            ({ name }) =>
                `--format: there is no format ${JSON.stringify(name)}; there are ${Object.keys(FORMATS).join(", ")}.`,
        ),
    ];
    return wrong.length > 0 || !isProfile(profile) ? wrong : { ...options, profile, outputs };
}

/** Writes what was judged. @returns 0 when nothing that counts was found, 1 when something was, 2 when it could not be told */
export async function tell(
    { report: judged, unreadable }: LintRun,
    { outputs, failOn, ...accepted }: Judging,
): Promise<number> {
    const report = await accept(judged, accepted);
    for (const { name, path } of outputs) {
        const written = `${FORMATS[name]?.(report)}\n`;
        if (path === undefined) process.stdout.write(written);
        else writeText("--format", path, written);
    }
    if (unreadable.length > 0) return unusable(unreadable);
    const { mandatory, advisory, undecided } = counted(report);
    const counts = { mandatory, advisory: mandatory + advisory, undecided: mandatory + undecided };
    return counts[failOn as keyof typeof counts] > 0 ? 1 : 0;
}

/** What goes wrong on the way is told as a message; that nothing was judged is the status of it. */
export async function orUnusable(work: () => Promise<number>): Promise<number> {
    try {
        return await work();
    } catch (error) {
        if (process.env.KVMNET_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
        return unusable([error instanceof Error ? error.message : String(error)]);
    }
}

export function unusable(sentences: string[]): number {
    for (const sentence of sentences) process.stderr.write(`${sentence}\n`);
    return UNUSABLE;
}

/** What was accepted goes out of the findings; what was accepted in vain is told. Its parts are loaded where they are used. @throws InputError */
async function accept(
    report: Report,
    {
        exemptions,
        forbidExemption,
        baseline,
        writeBaseline,
        partial = false,
    }: Pick<Judging, "exemptions" | "forbidExemption" | "baseline" | "writeBaseline" | "partial">,
): Promise<Report> {
    const accepted =
        exemptions === undefined && report.marked.length === 0
            ? report
            : await exempted(report, exemptions, forbidExemption, partial);
    if (writeBaseline === undefined && baseline === undefined) return accepted;
    const { baselineText, withoutBaseline } = await import("../policies/lint/baseline");
    // Read before it is written: both may be one file, which is not there the first time.
    const isBegun = baseline === writeBaseline && !existsSync(baseline ?? "");
    const judged =
        baseline === undefined || isBegun
            ? accepted
            : {
                  ...accepted,
                  ...withoutBaseline(accepted.findings, {
                      file: baseline,
                      text: readText("--baseline", baseline),
                      partial,
                  }),
              };
    if (writeBaseline !== undefined) writeText("--write-baseline", writeBaseline, baselineText(accepted.findings));
    return judged;
}

async function exempted(
    report: Report,
    file: string | undefined,
    forbidden: string[] | undefined,
    partial: boolean,
): Promise<Report> {
    const { readExemptions, today } = await import("../policies/exemptions");
    const { exempt } = await import("../policies/lint/exempt");
    return exempt(report, {
        listed: file === undefined ? [] : readExemptions(file, readText("--exemptions", file)),
        today: today(),
        partial,
        ...(file === undefined ? {} : { file }),
        ...(forbidden === undefined ? {} : { forbidden }),
    });
}

/** @throws Error that names the option */
export function readText(option: string, file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch (error) {
        throw new Error(`${option}: ${file} cannot be read: ${(error as Error).message}.`, { cause: error });
    }
}

/** @throws Error that names the option */
function writeText(option: string, file: string, text: string): void {
    try {
        writeFileSync(file, text);
    } catch (error) {
        throw new Error(`${option}: ${file} cannot be written: ${(error as Error).message}.`, { cause: error });
    }
}

const isProfile = (name: string): name is Profile => (PROFILES as readonly string[]).includes(name);

/** `sarif=out.sarif` writes into a file, `sarif` to the terminal. */
function outputOf(format: string): { name: string; path?: string } {
    const at = format.indexOf("=");
    return at < 0 ? { name: format } : { name: format.slice(0, at), path: format.slice(at + 1) };
}

/** Of this package, for formats that name what judged. */
export const version = () =>
    (JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as { version: string }).version;
