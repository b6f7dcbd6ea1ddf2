import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mermaid } from "../../cli/graph/mermaid";
import { readProject } from "../../cli/lab-project";

describe("the README", () => {
    const text = readFileSync("README.md", "utf8");

    it("shows the sample as `kvmnet graph` draws it", () =>
        assert.equal(/```mermaid\n(.*?)```/s.exec(text)?.[1], mermaid(readProject(process.cwd()).environment)));
    it("has no place left to fill", () => assert.doesNotMatch(text, /@[A-Z]+@/));
    it("shows the two commands before anything else is explained", () => {
        const top = text.split("\n").slice(0, 16).join("\n");
        assert.match(top, /npm run up/);
        assert.match(top, /npm run down/);
    });
});
