import assert from "node:assert/strict";
import fc from "fast-check";
import { baselineText, withoutBaseline } from "../../policies/lint/baseline";
import { exempt, readExemptions } from "../../policies/lint/exemptions";
import type { LintFinding } from "../../policies/lint/finding";
import { FORMATS } from "../../policies/lint/formats";
import type { Report } from "../../policies/lint/report";

const finding = (rule: string, guest: string, more: Partial<LintFinding> = {}): LintFinding => ({
    rule,
    kind: "violation",
    level: "mandatory",
    severity: "high",
    subject: `Domain ${guest}, NIC 52:54:00:00:00:01`,
    message: "It is so.",
    position: { file: `guests/${guest}.xml`, line: 3 },
    fingerprint: `${rule}/${guest}`,
    ...more,
});
const LEGACY = finding("nic-model-legacy", "router-1");
const listed = (...entries: string[]) => readExemptions("x.yaml", `exemptions:\n${entries.join("\n")}\n`);
const entry = (more = "") =>
    `  - rule: nic-model-legacy\n    resource: "router-*"\n    reason: The image has no virtio driver.\n${more}`;
const TODAY = "2026-11-24";

describe("an exemption", () => {
    it("takes a finding out, and keeps its reason", () => {
        const { findings, exempted, stale } = exempt(
            [LEGACY, finding("nic-model-legacy", "web")],
            listed(entry()),
            TODAY,
        );
        assert.deepEqual(
            findings.map(({ subject }) => subject),
            ["Domain web, NIC 52:54:00:00:00:01"],
        );
        assert.equal(exempted[0]?.exemption.reason, "The image has no virtio driver.");
        assert.deepEqual(stale, []);
    });

    it("is found by resource, by subject, by type and name, or by file", () => {
        for (const pattern of ["router-1", "router-*", "Domain router-1", "Domain*", "guests/router-1.xml", "*"])
            assert.equal(
                exempt([LEGACY], listed(entry().replace("router-*", pattern)), TODAY).exempted.length,
                1,
                pattern,
            );
        assert.equal(exempt([LEGACY], listed(entry().replace("router-*", "web-*")), TODAY).exempted.length, 0);
    });

    it("ends on its last day, and is told then", () => {
        assert.equal(exempt([LEGACY], listed(entry("    until: 2026-11-24")), TODAY).exempted.length, 1);
        const { findings, stale } = exempt([LEGACY], listed(entry("    until: 2026-11-23")), TODAY);
        assert.equal(findings.length, 1);
        assert.match(stale.join(), /ended on 2026-11-23: remove it, or give it a new end/);
    });

    it("that meets nothing is told", () =>
        assert.match(
            exempt([], listed(entry()), TODAY).stale.join(),
            /nic-model-legacy for router-\* meets no finding/,
        ));

    it("exempts nothing that could not be decided", () => {
        const open = { ...LEGACY, kind: "undecided" as const };
        assert.deepEqual(exempt([open], listed(entry()), TODAY).findings, [open]);
    });

    it("needs rule, resource and a reason; every problem is told at once", () => {
        assert.throws(
            () => listed('  - rule: ring-valid\n    resource: ""\n    reason: no\n    until: tomorrow\n    owner: me'),
            (error: Error) =>
                ["exemptions[0].resource", "exemptions[0].reason", "exemptions[0].until", "exemptions[0].owner"].every(
                    (path) => error.message.includes(path),
                ),
        );
        assert.throws(() => readExemptions("x.yaml", "a: &a [*a]"), /x\.yaml/);
        assert.throws(() => readExemptions("x.yaml", "exemptions: {"), /no YAML/);
    });

    it("reads any text without harm", () =>
        fc.assert(
            fc.property(fc.string({ unit: "binary" }), (text) => {
                try {
                    readExemptions("x.yaml", text);
                } catch (error) {
                    assert.equal((error as Error).name, "InputError");
                }
            }),
        ));
});

describe("a baseline", () => {
    const old = finding("ring-undersized", "web");

    it("hides what was there, shows what is new, and tells what is gone", () => {
        const text = baselineText([old, LEGACY]);
        const { findings, known, stale } = withoutBaseline([old, finding("ring-valid", "web")], "b.json", text);
        assert.deepEqual(
            findings.map(({ rule }) => rule),
            ["ring-valid"],
        );
        assert.equal(known, 1);
        assert.match(stale.join(), /b\.json lists nic-model-legacy for Domain router-1.* which is gone/);
    });

    it("is the same text for the same findings, in whatever order they came", () =>
        assert.equal(baselineText([old, LEGACY]), baselineText([LEGACY, old])));

    it("that is none is refused", () => {
        for (const text of ["", "[]", '{"version": 2, "findings": []}', '{"version": 1}'])
            assert.throws(() => withoutBaseline([], "b.json", text), /b\.json/);
    });
});

describe("what was accepted", () => {
    const report: Report = {
        findings: [],
        exempted: [
            {
                finding: LEGACY,
                exemption: { rule: LEGACY.rule, resource: "*", reason: "The image has no virtio driver." },
            },
        ],
        known: 2,
        stale: ["The exemption of a for b meets no finding: remove it."],
        rules: [],
        profile: "default",
        version: "1.0.0",
        resources: 1,
        files: 1,
    };

    it("is counted and listed with its reason; a stale one counts as a violation", () => {
        const text = FORMATS.text?.(report) ?? "";
        assert.match(text, /exempted nic-model-legacy: Domain router-1.*: The image has no virtio driver\./);
        assert.match(text, /1 mandatory, 0 advisory, 0 could not be decided, 1 exempted, 2 in the baseline\./);
    });

    it("stands in SARIF as suppressed, with the justification", () => {
        const { runs } = JSON.parse(FORMATS.sarif?.(report) ?? "{}") as {
            runs: { results: { suppressions?: { justification: string }[] }[] }[];
        };
        assert.equal(runs[0]?.results[0]?.suppressions?.[0]?.justification, "The image has no virtio driver.");
    });
});
