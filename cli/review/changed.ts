/** Which files a pull request changes, by git; asked with arguments alone, whatever the files are called. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import picomatch from "picomatch";

const run = promisify(execFile);

export interface ChangedFile {
    /** From the top of the repository, as reports name it. */
    path: string;
    content: Buffer;
}

/** A full git reference, as git-check-ref-format(1) allows it, or a commit: what could be an option, a range or another expression is none. */
const REFERENCE = /^(?!-)[^\s\p{Cc}~^:?*[\\]{1,200}$/u;
const EXPRESSION = /\.\.|@\{/;

/**
 * Files that are there now and differ from where the branch left its base; links and submodules are passed over.
 *
 * @param base   branch or commit that the pull request goes to
 * @param globs  which of them, from the top of the repository; all where there are none
 * @param head   commit of the pull request, where a service tells it; it must be among what is checked out
 * @throws Error that says what to do
 */
export async function changedFiles(
    folder: string,
    base: string,
    globs: readonly string[],
    head?: string,
): Promise<ChangedFile[]> {
    if (!REFERENCE.test(base) || EXPRESSION.test(base))
        throw new Error(`--base: ${JSON.stringify(base)} is no branch and no commit, such as origin/main.`);
    const git = async (...args: string[]) =>
        (await run("git", args, { cwd: folder, maxBuffer: 64 * 2 ** 20, encoding: "utf8" })).stdout;
    const whole = await git("rev-parse", "--show-toplevel").catch((error: Error) => {
        throw new Error(
            `${folder} is in no git repository that can be read: ${said(error)} Run the command in a checkout of the pull request.`,
            { cause: error },
        );
    });
    const [top = ""] = whole.split("\n");
    const options = ["--raw", "-z", "--no-renames", "--diff-filter=d", "--no-abbrev"];
    const told = await git("diff", ...options, "--end-of-options", `${base}...HEAD`).catch((error: Error) => {
        throw new Error(
            `What this branch changes against ${base} cannot be told: ${said(error)} ` +
                "Check the repository out with its history (actions/checkout: fetch-depth: 0; GitLab: GIT_DEPTH: 0).",
            { cause: error },
        );
    });
    if (head)
        await git("merge-base", "--is-ancestor", "--end-of-options", head, "HEAD").catch((error: Error) => {
            throw new Error(
                `The pull request's commit ${head} is not checked out here, so nothing that it changes would be judged. ` +
                    "Run this on pull_request, with no other ref for actions/checkout: on pull_request_target that takes the base.",
                { cause: error },
            );
        });
    const matchers = globs.map((glob) => picomatch(glob, { dot: true }));
    const wanted = (path: string) => matchers.length === 0 || matchers.some((matches) => matches(path));
    return plainFiles(told)
        .filter(wanted)
        .sort()
        .map((path) => ({ path, content: readFileSync(join(top, path)) }));
}

/** `:100644 100644 OLD NEW M NUL PATH NUL`, for each; modes other than a plain file's are links and submodules. */
function plainFiles(raw: string): string[] {
    const words = raw.split("\0");
    return words.flatMap((word, index) => (/^:\d+ 100(644|755) /.test(word) ? [words[index + 1] ?? ""] : []));
}

/** What git itself says is wrong, of what it says beside it: its usage, hints. */
function said(error: Error): string {
    const lines = error.message.trim().split("\n");
    const line = lines.find((one) => one.startsWith("fatal: ")) ?? lines.at(-1) ?? "";
    return `${line.replace(/^fatal: /, "").replace(/[.: ]+$/, "")}.`;
}
