/** Whether a file is one that the linter judges: a repository holds much else. */
import { isRead } from "../policies/lint/kinds";

/** Enough to tell by [byte]. */
const HEAD = 64 * 1024;

export const isOurs = (content: Buffer): boolean =>
    isRead(
        content
            .subarray(0, HEAD)
            .toString("utf8")
            .replace(/^\uFEFF/, ""),
    );
