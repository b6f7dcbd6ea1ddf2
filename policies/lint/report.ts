/** All that one run of the linter found, for the formats to write. */
import type { RuleData } from "../rule";
import type { Exemption } from "../exemptions";
import type { LintFinding, PlacedResource } from "./finding";

/** A finding that somebody accepted. */
interface Exempted {
    finding: LintFinding;
    exemption: Exemption;
    /** Whether the resource carries it, rather than a file. */
    inSource: boolean;
}

export interface Report {
    findings: LintFinding[];
    rules: readonly RuleData[];
    profile: string;
    version: string;
    /** What somebody accepted. */
    exempted: Exempted[];
    /** Resources that carry exemptions themselves. */
    marked: PlacedResource[];
    /** Ids of the rules that judged. */
    enabled: string[];
    /** Findings that the baseline lists [count]. */
    known: number;
    /** How many were judged [count]. */
    resources: number;
    /** Files that they stand in [count]; none where a host was read. */
    files: number;
}

export function counted({ findings, exempted, known }: Report) {
    const of = (which: (finding: LintFinding) => boolean) => findings.filter(which).length;
    return {
        mandatory: of(({ kind, level }) => kind === "violation" && level === "mandatory"),
        advisory: of(({ kind, level }) => kind === "violation" && level === "advisory"),
        undecided: of(({ kind }) => kind === "undecided"),
        exempted: exempted.length,
        known,
    };
}

/** `file:line:column`, as editors open it. */
export const placeOf = ({ position: { file, line, column } }: LintFinding): string =>
    [file, line, column].filter((part) => part !== undefined).join(":");

/** What is wrong and what to do, in one text. */
export const whole = ({ subject, message, fix }: LintFinding): string =>
    `${subject}: ${message}${fix ? ` ${fix}` : ""}`;
