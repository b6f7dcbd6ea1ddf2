/** `kvmnet review`: judges what a pull request changes, and says so there in one comment. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { lint, type LintRun } from "../../policies/lint/run";
import { profileOf } from "../../policies/profiles";
import { rules, stackRules } from "../../policies/table";
import { isOurs } from "../ours";
import { Refused } from "../review/api";
import { changedFiles } from "../review/changed";
import { serviceOf } from "../review/service";
import { type JudgeOptions, type Judging, judging, orUnusable, readText, tell, unusable, version } from "../told";

export interface ReviewOptions extends JudgeOptions {
    base?: string;
    preview?: string;
    project: string;
    comment?: boolean;
    uploadSarif?: boolean;
    key: string;
}

/** @returns 0 when nothing that counts was found, 1 when something was, 2 when it could not be told */
export const run = (globs: string[], options: ReviewOptions): Promise<number> =>
    orUnusable(() => reviewed(globs, options));

async function reviewed(globs: string[], options: ReviewOptions): Promise<number> {
    const { base, preview, project, comment = false, uploadSarif = false, key, ...judge } = options;
    const asked = judging(judge);
    if (Array.isArray(asked)) return unusable(asked);
    if (!/^[\w.-]{1,60}$/.test(key))
        return unusable([`--key: it has letters, digits, ., _ and - (got ${JSON.stringify(key)}).`]);
    const service = serviceOf(process.env);
    const against = base ?? service?.base;
    if (against === undefined && preview === undefined)
        return unusable([
            "Say by --base what the changes are compared with, such as origin/main; no pull request is known here.",
        ]);

    const judged = await judgedBy(asked, { against, globs, preview, project, head: service?.head });
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-review-"));
    try {
        const markdown = join(folder, "summary.md");
        const sarif = join(folder, "findings.sarif");
        const outputs = [...asked.outputs, { name: "markdown", path: markdown }, { name: "sarif", path: sarif }];
        const status = await tell(judged, { ...asked, outputs, partial: true });
        const text = readFileSync(markdown, "utf8");
        const nothing = status === 0 && judged.report.findings.length === 0;
        service?.summarise?.(text);
        const hand = async (what: string, wanted: boolean, work: (() => Promise<void>) | undefined) => {
            if (!wanted) return;
            if (!work) process.stderr.write(`There is no pull request, or no token, to ${what} with.\n`);
            else await work().catch(unlessRefused);
        };
        await hand("write a comment", comment, bound(service?.comment, key, nothing ? undefined : text));
        await hand("upload findings", uploadSarif, bound(service?.uploadSarif, readFileSync(sarif, "utf8")));
        return status;
    } finally {
        rmSync(folder, { recursive: true });
    }
}

interface What {
    against: string | undefined;
    globs: string[];
    preview: string | undefined;
    project: string;
    head: string | undefined;
}

async function judgedBy({ profile }: Judging, { against, globs, preview, project, head }: What): Promise<LintRun> {
    const changed = against === undefined ? [] : await changedFiles(process.cwd(), against, globs, head);
    const files = changed.filter(({ content }) => isOurs(content));
    const made =
        preview === undefined
            ? []
            : [
                  {
                      path: preview,
                      content: preview === "-" ? readFileSync(0) : Buffer.from(readText("--preview", preview)),
                  },
              ];
    const judged = await lint([...files, ...made], {
        rules,
        stackRules,
        config: profileOf(profile),
        profile,
        version: version(),
    });
    const own = new Set(files.map(({ path }) => path));
    // The engine counts places from the program's folder, reports from the top of the repository.
    const placed = judged.report.findings.map((finding) => {
        const { file } = finding.position;
        if (own.has(file) || file === preview) return finding;
        return { ...finding, position: { ...finding.position, file: posix.join(project, file) } };
    });
    return { ...judged, report: { ...judged.report, findings: placed } };
}

const bound = <Args extends unknown[]>(work: ((...args: Args) => Promise<void>) | undefined, ...args: Args) =>
    work && (() => work(...args));

/** A pull request from a fork has a token that may only read: what was found stands in the log all the same. */
function unlessRefused(error: unknown): void {
    if (!(error instanceof Refused)) throw error;
    process.stderr.write(`${error.message}\n`);
}
