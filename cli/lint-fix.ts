/** `kvmnet lint --fix`: writes files anew in which findings were put right. */
import { writeFileSync } from "node:fs";
import { fixed } from "../policies/lint/fix";
import type { LintFinding } from "../policies/lint/finding";
import { kindOf, type KindName } from "../policies/lint/kinds";
import type { LintRun } from "../policies/lint/run";
import { textOf, Unreadable } from "../policies/lint/source";
import type { InputFile } from "./input-files";

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Fixes what it can and judges again, since what is put right shows in other findings too.
 *
 * @returns the files as they now are
 */
export async function fixFiles(files: InputFile[], { report }: LintRun, kind?: KindName): Promise<InputFile[]> {
    const byFile = new Map<string, LintFinding[]>();
    for (const finding of report.findings) {
        const of = byFile.get(finding.position.file) ?? [];
        byFile.set(finding.position.file, of);
        of.push(finding);
    }
    let count = 0;
    let written = 0;
    const now: InputFile[] = [];
    for (const file of files) {
        const after = await fixOne(file, byFile.get(file.path) ?? [], kind);
        now.push(after ? { path: file.path, content: after.content } : file);
        if (!after) continue;
        writeFileSync(file.path, after.content);
        count += after.count;
        written += 1;
    }
    const findings = `${count} ${count === 1 ? "finding" : "findings"}`;
    process.stderr.write(`${findings} put right in ${written} ${written === 1 ? "file" : "files"}.\n`);
    return now;
}

async function fixOne({ path, content }: InputFile, findings: LintFinding[], kind?: KindName) {
    if (findings.length === 0) return undefined;
    let text: string;
    let is: KindName;
    try {
        text = textOf(path, content);
        is = kind ?? kindOf({ file: path, text });
    } catch (error) {
        if (error instanceof Unreadable) return undefined;
        throw error;
    }
    const hasMark = content.subarray(0, 3).equals(MARK);
    const bytesOf = (of: string) => (hasMark ? Buffer.concat([MARK, Buffer.from(of)]) : Buffer.from(of));
    // A file in another encoding is judged, and left as it is.
    if (!bytesOf(text).equals(content)) return undefined;
    const result = await fixed(text, is, findings);
    return result.findings.length > 0 ? { content: bytesOf(result.text), count: result.findings.length } : undefined;
}
