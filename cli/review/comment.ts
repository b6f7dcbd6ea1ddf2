/** The one comment of ours on a pull request. */
import { z } from "zod";

/** Longest text that both services take [character]. */
const LONGEST = 60_000;

const Comment = z.object({ id: z.union([z.int(), z.string()]), body: z.string() });

/** Stands first in the comment and is shown to nobody; by it the next run finds it again. */
const markOf = (key: string) => `<!-- kvmnet ${key} -->`;

/**
 * @param key   tells several reviews of one pull request apart: letters, digits, `.`, `_` and `-`
 * @param there every comment, as the service has them
 * @returns the id of ours, and its text: `text` or, where there is nothing to tell, that there no longer is
 */
export function ourComment(
    key: string,
    there: readonly unknown[],
    text: string | undefined,
): { id?: string; body: string } | undefined {
    const mark = markOf(key);
    const ours = there
        .map((one) => Comment.safeParse(one))
        .find(({ data }) => data?.body.trimStart().startsWith(mark))?.data;
    // Who never had anything to hear is not told that it is so.
    if (text === undefined && !ours) return undefined;
    const body = `${mark}\n${shortened(unaddressed(text ?? "**kvmnet**: nothing to tell any more."))}`;
    return { body, ...(ours ? { id: String(ours.id) } : {}) };
}

function shortened(text: string): string {
    if (text.length <= LONGEST) return text;
    const cut = text.slice(0, LONGEST);
    return `${cut.slice(0, cut.lastIndexOf("\n"))}\n\nThe rest is in the log of the run.`;
}

/** A name that comes from a file calls nobody: behind the sign stands a space of no width. */
const unaddressed = (text: string) => text.replaceAll("@", "@\u200b");
