/** The measured tables of docs/performance.md: what a run found replaces what stands between a group's two comments. */
import { readFileSync, writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";

/** Everything else of the page is written by hand. */
const PAGE = "docs/performance.md";

/** @param name of the part: a group, or `machine` @throws Error where the page has no place for it */
function withPart(page: string, name: string, text: string): string {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const [from, to] = [page.indexOf(begin), page.indexOf(end)];
    if (from < 0 || to < from)
        throw new Error(`${PAGE} has no place for what is measured of ${name}: add "${begin}" and "${end}" to it.`);
    return `${page.slice(0, from)}${begin}\n\n${text.trim()}\n\n${page.slice(to)}`;
}

/** Writes parts into the page, formatted as the project formats its pages. */
export async function writeParts(parts: ReadonlyMap<string, string>): Promise<void> {
    const former = readFileSync(PAGE, "utf8");
    const page = [...parts].reduce((text, [name, part]) => withPart(text, name, part), former);
    const settings = (await resolveConfig(PAGE)) ?? {};
    writeFileSync(PAGE, await format(page, { ...settings, parser: "markdown" }));
}
