/** `kvmnet lint`: judges files by the rules of the pack. No engine, no host, no network, no login. */
import { KIND_NAMES, type KindName } from "../../policies/lint/kinds";
import { lint } from "../../policies/lint/run";
import { profileOf } from "../../policies/profiles";
import { everyRule, rules, stackRules } from "../../policies/table";
import { readInputs } from "../input-files";
import { isOurs } from "../ours";
import { type JudgeOptions, judging, orUnusable, tell, unusable, version } from "../told";

export interface LintOptions extends JudgeOptions {
    list?: boolean;
    explain?: string;
    init?: boolean;
    fix?: boolean;
    /** Files that hold nothing of what is read are passed over, not refused. */
    ours?: boolean;
    kind?: string;
    oneHost?: boolean;
}

/** @returns 0 when nothing that counts was found, 1 when something was, 2 when it could not be told */
export const run = (patterns: string[], options: LintOptions): Promise<number> =>
    orUnusable(() => linted(patterns, options));

async function linted(
    patterns: string[],
    { list, explain, init, fix, ours, kind, oneHost, ...options }: LintOptions,
): Promise<number> {
    if (list) return listRules();
    if (init) return (await import("../lint-init")).init();
    if (explain !== undefined) return (await import("./explain-rule")).run(explain);
    const asked = judging(options);
    const wrong = [
        ...(kind === undefined || isKind(kind)
            ? []
            : [`--kind: there is no kind ${JSON.stringify(kind)}; there are ${KIND_NAMES.join(", ")}.`]),
        ...(fix && patterns.includes("-") ? ["--fix writes files anew, and stdin is none: name the file."] : []),
        ...(patterns.length > 0 ? [] : ["Name files, globs, or - for stdin: kvmnet lint 'domains/*.xml'."]),
    ];
    if (Array.isArray(asked)) return unusable([...asked, ...wrong]);
    if (wrong.length > 0) return unusable(wrong);

    const { files, missing } = await readInputs(patterns);
    const { profile } = asked;
    const read = ours ? files.filter(({ content }) => isOurs(content)) : files;
    const settings = { rules, stackRules, config: profileOf(profile), profile, version: version() };
    const said = { oneHost, ...(kind !== undefined && isKind(kind) ? { kind } : {}) };
    let judged = await lint(read, settings, said);
    if (fix) judged = await lint(await (await import("../lint-fix")).fixFiles(read, judged, said.kind), settings, said);
    // A hook hands over the files of one commit.
    const partial = ours === true;
    return tell({ ...judged, unreadable: [...missing, ...judged.unreadable] }, { ...asked, partial });
}

const isKind = (name: string): name is KindName => (KIND_NAMES as readonly string[]).includes(name);

function listRules(): number {
    for (const { id, severity, level, title } of everyRule)
        process.stdout.write(`${id.padEnd(28)} ${severity.padEnd(9)} ${level.default.padEnd(10)} ${title}\n`);
    return 0;
}
