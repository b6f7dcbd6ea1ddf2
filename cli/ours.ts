/** Whether a file is one that the linter judges: a repository holds much else. */
import { isRead, MOST_BYTES } from "../policies/lint/kinds";
import { roughTextOf } from "../policies/lint/source";

/** Enough to tell all by but JSON, whose keys stand in any order [byte]. */
const HEAD = 128 * 1024;

export function isOurs(content: Buffer): boolean {
    const head = roughTextOf(content.subarray(0, HEAD));
    if (isRead(head)) return true;
    const more = content.length > HEAD && content.length <= MOST_BYTES && /^\s*[{[]/.test(head);
    return more && isRead(roughTextOf(content));
}
