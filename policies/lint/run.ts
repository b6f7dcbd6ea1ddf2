/** One run of the linter over files that were read. */
import type { ProfileConfig } from "../profiles";
import type { TableRule } from "../rule";
import { inOrder } from "./formats/text";
import { judge } from "./judge";
import { read, Unreadable } from "./read";
import type { Report } from "./report";

export interface LintRun {
    report: Report;
    /** Files that could not be read, each with a sentence why. */
    unreadable: string[];
}

/** @param files path and content */
export function lint(
    files: readonly { path: string; content: Buffer }[],
    {
        rules,
        config,
        profile,
        version,
    }: { rules: readonly TableRule[]; config: ProfileConfig; profile: string; version: string },
): LintRun {
    const unreadable: string[] = [];
    const resources = files.flatMap(({ path, content }) => {
        try {
            return read(path, content);
        } catch (error) {
            if (!(error instanceof Unreadable)) throw error;
            unreadable.push(error.message);
            return [];
        }
    });
    const findings = judge(rules, resources, config).sort(inOrder);
    return {
        report: {
            findings,
            rules,
            profile,
            version,
            resources: resources.length,
            files: files.length - unreadable.length,
        },
        unreadable,
    };
}
