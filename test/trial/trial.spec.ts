import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { lint } from "../../policies/lint/run";
import { profileOf } from "../../policies/profiles";
import { rules, stackRules } from "../../policies/table";
import { cases, page } from "./page";

const SETTINGS = { rules, stackRules, config: profileOf("default"), profile: "default", version: "0.0.0" };

describe("the rules on configurations of others", () => {
    for (const { origin, about, file, text, mandatory, advisory } of cases)
        it(`${origin}: ${about}`, async () => {
            const { report, unreadable } = await lint([{ path: file, content: Buffer.from(text) }], SETTINGS);
            assert.deepEqual(unreadable, []);
            const said = report.findings.filter(({ kind }) => kind === "violation");
            const of = (level: string) =>
                [...new Set(said.filter((one) => one.level === level).map(({ rule }) => rule))].sort();
            assert.deepEqual(of("mandatory"), Object.keys(mandatory).sort(), JSON.stringify(said, null, 1));
            for (const rule of advisory)
                assert(of("advisory").includes(rule), `${rule} in ${of("advisory").join(", ")}`);
        });

    it("are told in docs/policy-trial.md as they stand here", () =>
        assert.equal(readFileSync("docs/policy-trial.md", "utf8"), page()));

    it("are forty and more, each from a place of its own", () => {
        assert(cases.length >= 40, `${cases.length}`);
        assert.equal(new Set(cases.map(({ origin }) => origin)).size, cases.length);
    });
});
