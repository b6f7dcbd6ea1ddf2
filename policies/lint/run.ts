/** One run of the linter over files that were read. */
import { dirname } from "node:path";
import { exemptionOf } from "../../schemas/exemption";
import { DOMAIN_XML } from "../nics/reader";
import type { ProfileConfig } from "../profiles";
import { upkeepRules } from "../upkeep";
import { inOrder } from "./formats/text";
import type { PlacedResource } from "./finding";
import { judge, type Tables } from "./judge";
import { read, Unreadable } from "./read";
import type { Report } from "./report";

export interface LintRun {
    report: Report;
    /** Files that could not be read, each with a sentence why. */
    unreadable: string[];
}

/** What is judged by, and what the report tells of it. */
export type LintSettings = Tables & { config: ProfileConfig; profile: string; version: string };

/** @param files path and content */
export function lint(files: readonly { path: string; content: Buffer }[], settings: LintSettings): LintRun {
    const unreadable: string[] = [];
    const stacks = new Map<string, PlacedResource[]>();
    for (const { path, content } of files)
        try {
            const resources = read(path, content);
            const stack = stackOf(path, resources);
            stacks.set(stack, [...(stacks.get(stack) ?? []), ...resources]);
        } catch (error) {
            if (!(error instanceof Unreadable)) throw error;
            unreadable.push(error.message);
        }
    return { report: reportOf([...stacks.values()], settings, files.length - unreadable.length), unreadable };
}

/** @param stacks resources that belong together  @param files how many they stand in [count] */
export function reportOf(
    stacks: readonly PlacedResource[][],
    { config, profile, version, ...tables }: LintSettings,
    files: number,
): Report {
    const judging = [...tables.rules, ...tables.stackRules];
    return {
        findings: stacks.flatMap((resources) => judge(tables, resources, config)).sort(inOrder),
        marked: stacks.flat().filter(({ marks }) => marks?.some(exemptionOf)),
        enabled: judging.map(({ id }) => id).filter((id) => config[id]?.enforcementLevel !== "disabled"),
        rules: [...judging, ...upkeepRules],
        profile,
        exempted: [],
        known: 0,
        stale: [],
        version,
        resources: stacks.flat().length,
        files,
    };
}

/** What belongs together: guests whose files lie in one folder, and all that one program makes. */
const stackOf = (path: string, resources: PlacedResource[]): string =>
    resources.every(({ type }) => type === DOMAIN_XML) ? dirname(path) : path;
