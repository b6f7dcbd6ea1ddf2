import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** Pages are indented by two. */
const unindented = (text: string) => text.replace(/^ +/gm, "");

describe("the page on rules of one's own", () => {
    for (const file of ["site-rules.ts", "site-rules.spec.ts"])
        it(`shows what is run: ${file}`, () => {
            const source = readFileSync(`test/policies/own-rules/${file}`, "utf8");
            const shown = source.replace("../../../policies/index", "kvmnet/policies");
            const page = readFileSync("docs/own-rules.md", "utf8");
            assert.ok(
                unindented(page).includes(`\`\`\`ts\n${unindented(shown)}\`\`\``),
                "write it into docs/own-rules.md",
            );
        });
});
