/** `npm run docs`: writes the reference pages anew, and removes those whose resource is gone. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { REFERENCE, referencePages } from "./pages";

/** @returns exit status */
export async function main(): Promise<number> {
    const pages = await referencePages(process.cwd());
    for (const file of writtenPages()) if (!pages.has(file)) rmSync(join(REFERENCE, file));
    for (const [file, text] of pages) {
        mkdirSync(dirname(join(REFERENCE, file)), { recursive: true });
        writeFileSync(join(REFERENCE, file), text);
    }
    process.stdout.write(`${pages.size} pages in ${REFERENCE} are as the schema says.\n`);
    return 0;
}

/** Paths of the pages that are there, below {@link REFERENCE}. */
export const writtenPages = (): string[] =>
    readdirSync(REFERENCE, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".md"));
