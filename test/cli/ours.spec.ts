import assert from "node:assert/strict";
import { isOurs } from "../../cli/ours";
import { kindOf } from "../../policies/lint/kinds";
import { cases } from "../trial/page";

describe("what hooks and reviews take out of a repository", () => {
    it("is every kind of file that the linter reads", () => {
        for (const { origin, text } of cases) assert(isOurs(Buffer.from(text)), origin);
    });

    it("is one in UTF-16 as well, which the linter reads", () => {
        const { text } = cases[0] ?? assert.fail("there is no case");
        const little = Buffer.from(`\uFEFF${text}`, "utf16le");
        assert(isOurs(little));
        assert(isOurs(Buffer.from(little).swap16()));
    });

    it("is JSON with sorted keys as well, however far back stands the key that tells what it is", () => {
        const long = { configuration: "x".repeat(70_000), format_version: "1.2", planned_values: {}, resources: [] };
        const plan = JSON.stringify(long);
        assert(isOurs(Buffer.from(plan)));
        assert.equal(kindOf({ file: "plan.json", text: plan }), "terraform");
        assert.equal(isOurs(Buffer.from(JSON.stringify({ packages: long }))), false);
    });

    it("is nothing else", () => {
        for (const text of [
            "<project><name>pom</name></project>",
            "<!-- <domain> --><domainsnapshot/>",
            "name: ci\non: push\njobs: {}\n",
            '{ "name": "package", "version": "1.0.0" }',
            "# A page\n\nnetworks are fun\n",
            "",
            "\0\u0001",
            `{ "name": "${"x".repeat(70_000)}`,
        ])
            assert.equal(isOurs(Buffer.from(text)), false, JSON.stringify(text));
    });
});
