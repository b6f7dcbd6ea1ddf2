import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { rulePage } from "../../policies/pages";
import { everyRule } from "../../policies/table";

/** Titles of the tests in a file. */
const titlesIn = (file: string) =>
    existsSync(file)
        ? [...readFileSync(file, "utf8").matchAll(/\bit\(\s*"((?:[^"\\]|\\.)+)"/g)].map(([, title]) => title)
        : [];

describe("the proof of a rule", () => {
    it("is there for each that is mandatory by default: a test that shows the bad thing, or why there is none", () => {
        const bare = everyRule.filter(({ level, proof }) => level.default === "mandatory" && !proof);
        assert.deepEqual(
            bare.map(({ id }) => id),
            [],
        );
    });

    it("names a specification and a test that there are", () => {
        const named = everyRule.flatMap(({ id, proof }) => (proof && "shows" in proof ? [{ id, ...proof }] : []));
        assert.ok(named.length > 0);
        assert.deepEqual(
            named.filter(({ file, shows }) => !titlesIn(file).includes(shows)),
            [],
        );
    });

    it("that cannot be had here is a sentence", () => {
        for (const { id, proof } of everyRule)
            if (proof && "notShown" in proof) assert.match(proof.notShown, /^[A-Z].+\.$/, id);
    });

    it("stands on the rule's page, which `kvmnet explain` prints", () => {
        for (const rule of everyRule) {
            const { proof } = rule;
            if (proof) assert.ok(rulePage(rule).includes("shows" in proof ? proof.shows : proof.notShown), rule.id);
        }
    });
});
