/** All that one run of the linter found, for the formats to write. */
import type { RuleData } from "../rule";
import type { LintFinding } from "./finding";

export interface Report {
    findings: LintFinding[];
    rules: readonly RuleData[];
    profile: string;
    version: string;
    /** How many were judged [count]. */
    resources: number;
    files: number;
}

export function counted({ findings }: Report) {
    const of = (which: (finding: LintFinding) => boolean) => findings.filter(which).length;
    return {
        mandatory: of(({ kind, level }) => kind === "violation" && level === "mandatory"),
        advisory: of(({ kind, level }) => kind === "violation" && level === "advisory"),
        undecided: of(({ kind }) => kind === "undecided"),
    };
}

/** `file:line:column`, as editors open it. */
export const placeOf = ({ position: { file, line, column } }: LintFinding): string =>
    [file, line, column].filter((part) => part !== undefined).join(":");

/** What is wrong and what to do, in one text. */
export const whole = ({ subject, message, fix }: LintFinding): string =>
    `${subject}: ${message}${fix ? ` ${fix}` : ""}`;
