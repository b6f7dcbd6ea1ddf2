/** Every form in which findings are written, by name. */
import type { Report } from "../report";
import { github, gitlab, rdjson } from "./annotations";
import { json } from "./json";
import { junit } from "./junit";
import { markdown } from "./markdown";
import { sarif } from "./sarif";
import { text } from "./text";

export const FORMATS: Readonly<Record<string, (report: Report) => string>> = {
    text,
    json,
    sarif,
    github,
    gitlab,
    junit,
    rdjson,
    markdown,
};
