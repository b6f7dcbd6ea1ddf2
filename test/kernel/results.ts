/** How the run inside a kernel guest tells each test's outcome to the one outside: a line of text for each. */
import { z } from "zod";

const MARK = "KVMNET-SPEC ";

const Result = z.object({
    /** Titles from the outermost suite to the test. */
    path: z.array(z.string()),
    state: z.enum(["passed", "failed", "skipped"]),
    /** Why it failed, with the stack. */
    reason: z.string().default(""),
});
export type Result = z.output<typeof Result>;

/** Starts a line of its own, also where something was printed without an end of line. */
export const resultLine = (result: Result) => `\n${MARK}${JSON.stringify(result)}\n`;

/** @returns undefined for a line that somebody else printed */
export const parseResult = (line: string): Result | undefined =>
    line.startsWith(MARK) ? Result.parse(JSON.parse(line.slice(MARK.length))) : undefined;
