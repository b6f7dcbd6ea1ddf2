/** The order in which findings are told: files by name, lines ascending. */
import type { LintFinding } from "./finding";

const compared = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export const inOrder = (a: LintFinding, b: LintFinding): number =>
    compared(a.position.file, b.position.file) ||
    (a.position.line ?? 0) - (b.position.line ?? 0) ||
    compared(a.rule, b.rule) ||
    compared(a.subject, b.subject);
