/** Whether a file is one that the linter judges: a repository holds much else. */

/** Enough to tell by [byte]. */
const HEAD = 64 * 1024;

export function isOurs(content: Buffer): boolean {
    const head = content.subarray(0, HEAD).toString("utf8");
    const [first] = /\S/.exec(head.replace(/^\uFEFF/, "")) ?? [];
    if (first === "<") return /^<(domain|network)[\s>/]/.test(rootOf(head));
    if (first === "{") return /"(steps|deployment|manifest|format_version)"\s*:/.test(head);
    return false;
}

/** From the first element on: declarations, comments and instructions go before it. */
const rootOf = (head: string) => head.replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g, "").replace(/^[^<]*/, "");
