/** `kvmnet lint`: judges files by the rules of the pack. No engine, no host, no network, no login. */
import { readFileSync, statSync } from "node:fs";
import { globSync } from "tinyglobby";
import { KIND_NAMES, type KindName } from "../../policies/lint/kinds";
import { lint } from "../../policies/lint/run";
import { profileOf } from "../../policies/profiles";
import { everyRule, rules, stackRules } from "../../policies/table";
import { isOurs } from "../ours";
import { type JudgeOptions, judging, tell, unusable, version } from "../told";

export interface LintOptions extends JudgeOptions {
    list?: boolean;
    /** Files that hold nothing of what is read are passed over, not refused. */
    ours?: boolean;
    kind?: string;
    oneHost?: boolean;
}

/** @returns 0 when nothing that counts was found, 1 when something was, 2 when it could not be told */
export async function run(patterns: string[], { list, ours, kind, oneHost, ...options }: LintOptions): Promise<number> {
    if (list) return listRules();
    const asked = judging(options);
    const wrong = [
        ...(kind === undefined || isKind(kind)
            ? []
            : [`--kind: there is no kind ${JSON.stringify(kind)}; there are ${KIND_NAMES.join(", ")}.`]),
        ...(patterns.length > 0 ? [] : ["Name files, globs, or - for stdin: kvmnet lint 'domains/*.xml'."]),
    ];
    if (Array.isArray(asked)) return unusable([...asked, ...wrong]);
    if (wrong.length > 0) return unusable(wrong);

    const { files, missing } = readAll(patterns);
    const { profile } = asked;
    const read = ours ? files.filter(({ content }) => isOurs(content)) : files;
    const settings = { rules, stackRules, config: profileOf(profile), profile, version: version() };
    const judged = await lint(read, settings, { oneHost, ...(kind !== undefined && isKind(kind) ? { kind } : {}) });
    return tell({ ...judged, unreadable: [...missing, ...judged.unreadable] }, asked);
}

const isKind = (name: string): name is KindName => (KIND_NAMES as readonly string[]).includes(name);

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
