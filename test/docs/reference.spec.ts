import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { REFERENCE, EXAMPLES, exampleOf, referencePages } from "../../docs/generator/pages";
import { declaredBy } from "../../docs/generator/program";
import { writtenPages } from "../../docs/generator/main";
import { readSchema } from "../../docs/generator/schema";

const schema = readSchema(process.cwd());
const tokens = [...Object.keys(schema.resources), ...Object.keys(schema.functions)];

describe("the reference pages", function () {
    this.timeout(300_000);
    let pages: Map<string, string>;
    before(async () => (pages = await referencePages(process.cwd())));

    it("are as `npm run docs` writes them from the schema", () => {
        const outdated = [...pages].filter(([file, text]) => textOf(file) !== text).map(([file]) => file);
        assert.deepEqual(outdated, [], "run `npm run docs`");
    });
    it("are of resources and functions that there are", () =>
        assert.deepEqual(writtenPages().sort(), [...pages.keys()].sort()));
    it("name every resource and function in the index", () => {
        const index = pages.get("README.md") ?? "";
        assert.equal(index.match(/^- \[/gm)?.length, tokens.length);
    });
    it("show of an import a line that a shell takes, and what an id looks like below it", () => {
        const lines = [...pages.values()].flatMap((text) => /## Import\n\n```sh\n(.*)\n```/.exec(text)?.[1] ?? []);
        const form = /^pulumi import kvmnet:\w+:\w+ NAME (?:"[A-Za-z ]+"|[A-Za-z_,/]+)$/;
        assert.ok(lines.length > 0);
        assert.deepEqual(
            lines.filter((line) => !form.test(line)),
            [],
        );
        assert.match(
            pages.get("host/Address.md") ?? "",
            /```\n\nThe id is `LINK\/ADDRESS`, as `eth0\/10\.0\.0\.11\/24`/,
        );
    });
    it("link to pages that there are", () => {
        const index = pages.get("README.md") ?? "";
        const dead = [...index.matchAll(/\]\(([^)#]+)\)/g)].map(([, to = ""]) => to).filter((to) => !pages.has(to));
        assert.deepEqual(dead, []);
    });
});

describe("an example", function () {
    this.timeout(300_000);

    it("is of a resource or function that there is", () => {
        const known = tokens.map(exampleOf);
        const files = readdirSync(EXAMPLES).map((file) => file.replace(/\.(ts|yaml)$/, ""));
        assert.deepEqual(
            files.filter((file) => !known.includes(file)),
            [],
        );
    });
    for (const token of tokens)
        it(`of ${token} uses it`, async () => {
            const { resources, calls } = await declaredBy(join(EXAMPLES, `${exampleOf(token)}.ts`), schema);
            assert.ok([...resources.map(({ type }) => type), ...calls.map((call) => call.token)].includes(token));
        });
});

function textOf(file: string): string | undefined {
    try {
        return readFileSync(join(REFERENCE, file), "utf8");
    } catch {
        return undefined;
    }
}
