import assert from "node:assert/strict";
import { isOurs } from "../../cli/ours";
import { cases } from "../trial/page";

describe("what hooks and reviews take out of a repository", () => {
    it("is every kind of file that the linter reads", () => {
        for (const { origin, text } of cases) assert(isOurs(Buffer.from(text)), origin);
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
        ])
            assert.equal(isOurs(Buffer.from(text)), false, JSON.stringify(text));
    });
});
