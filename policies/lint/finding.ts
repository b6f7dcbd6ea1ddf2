/** What the linter tells: one finding of one rule, with the place where a person looks. */
import type { Level, Severity } from "../rule";

export interface Position {
    /** Path as it was given, or relative to the folder that was linted; `-` is stdin. */
    file: string;
    /** From 1. */
    line?: number;
    column?: number;
}

export interface LintFinding {
    rule: string;
    kind: "violation" | "undecided";
    /** What the profile says; a remark and what could not be decided are advisory. */
    level: Exclude<Level, "disabled">;
    /** Whether it stops nothing whatever the profile says. */
    remark?: true;
    severity: Severity;
    /** `Domain web-1, NIC 52:54:00:12:34:56 on tap-web0`. */
    subject: string;
    /** Of the resource, where Pulumi wrote it. */
    urn?: string;
    /** What is wrong, or why it could not be told: a sentence. */
    message: string;
    /** What to set; absent where nothing could be told. */
    fix?: string;
    position: Position;
    /** The same for the same finding in the next run, wherever it then stands in the file. */
    fingerprint: string;
}

/** A resource with the place where it is written. */
export interface PlacedResource {
    type: string;
    name: string;
    props: unknown;
    position: Position;
    /** Of itself and of its provider, where Pulumi wrote it. */
    urn?: string;
    provider?: string;
    /** Its additional secret outputs, where exemptions stand. */
    marks?: readonly string[];
}
