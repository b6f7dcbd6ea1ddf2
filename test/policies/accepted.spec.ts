import assert from "node:assert/strict";
import fc from "fast-check";
import { baselineText, withoutBaseline } from "../../policies/lint/baseline";
import { type Exemption, readExemptions } from "../../policies/exemptions";
import { type Accepting, exempt } from "../../policies/lint/exempt";
import type { LintFinding } from "../../policies/lint/finding";
import { FORMATS } from "../../policies/lint/formats";
import type { Report } from "../../policies/lint/report";
import { lint } from "../../policies/lint/run";
import { profileOf } from "../../policies/profiles";
import { everyRule, rules, stackRules } from "../../policies/table";
import { everyUpkeepRule } from "../../policies/upkeep";
import { exemptionOf, exemptionText } from "../../schemas/exemption";

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
const EMPTY: Report = {
    findings: [],
    exempted: [],
    marked: [],
    enabled: everyRule.map(({ id }) => id),
    known: 0,
    rules: [...everyRule, ...everyUpkeepRule],
    profile: "default",
    version: "1.0.0",
    resources: 1,
    files: 1,
};

/** What is left of these findings, and what is told, on that day. */
const judged = (findings: LintFinding[], exemptions: Exemption[], more: Partial<Accepting & Report> = {}) =>
    exempt({ ...EMPTY, findings, ...more }, { listed: exemptions, today: TODAY, file: "x.yaml", ...more });
const told = ({ findings }: Report, rule: string) =>
    findings.filter((one) => one.rule === rule).map(({ subject, message }) => `${subject}: ${message}`);

describe("an exemption", () => {
    it("takes a finding out, and keeps its reason", () => {
        const { findings, exempted } = judged([LEGACY, finding("nic-model-legacy", "web")], listed(entry()));
        assert.deepEqual(
            findings.map(({ subject }) => subject),
            ["Domain web, NIC 52:54:00:00:00:01"],
        );
        assert.equal(exempted[0]?.exemption.reason, "The image has no virtio driver.");
    });

    it("is found by resource, by subject, by type and name, by file, or by URN", () => {
        const withUrn = { ...LEGACY, urn: "urn:pulumi:prod::net::libvirt:index/domain:Domain::router-1" };
        for (const pattern of [
            "router-1",
            "router-*",
            "Domain router-1",
            "Domain*",
            "guests/router-1.xml",
            "*",
            "urn:pulumi:prod::*::router-?",
        ])
            assert.equal(judged([withUrn], listed(entry().replace("router-*", pattern))).exempted.length, 1, pattern);
        assert.equal(judged([withUrn], listed(entry().replace("router-*", "web-*"))).exempted.length, 0);
    });

    it("is found by a name with an index, which is no set of letters", () => {
        const indexed = finding("nic-model-legacy", "web[0]");
        const by = (pattern: string) => judged([indexed], listed(entry().replace("router-*", pattern))).exempted.length;
        assert.deepEqual(["web[*]", "web[0]", "Domain web[?]", "web[01]"].map(by), [1, 1, 1, 0]);
        const plain = finding("nic-model-legacy", "web0");
        assert.equal(judged([plain], listed(entry().replace("router-*", "web[01]"))).exempted.length, 0);
    });

    it("ends on its last day, and is a violation then", () => {
        assert.equal(judged([LEGACY], listed(entry("    until: 2026-11-24"))).exempted.length, 1);
        const after = judged([LEGACY], listed(entry("    until: 2026-11-23")));
        assert.deepEqual(after.exempted, []);
        assert.match(
            told(after, "exemption-valid").join(),
            /router-\*: It exempts from nic-model-legacy and ended on 2026-11-23/,
        );
        assert.equal(after.findings.find(({ rule }) => rule === "exemption-valid")?.level, "mandatory");
    });

    it("without a reason exempts nothing, and is a violation", () => {
        for (const reason of ["", '    reason: ""', "    reason: because"]) {
            const entryWithout = `  - rule: nic-model-legacy\n    resource: "*"\n${reason}`;
            const report = judged([LEGACY], listed(entryWithout));
            assert.deepEqual(report.exempted, []);
            assert.match(told(report, "exemption-valid").join(), /gives no reason of 10 characters or more/);
        }
    });

    it("from a rule that there is not, or until no date, is a violation", () => {
        for (const [from, to, what] of [
            ["nic-model-legacy", "nic-model-old", /a rule that there is not: "nic-model-old"/],
            ["reason:", "until: 2026-13-01\n    reason:", /until "2026-13-01", which is no date/],
        ] as const)
            assert.match(told(judged([LEGACY], listed(entry().replace(from, to))), "exemption-valid").join(), what);
    });

    it("can be forbidden, rule by rule or all", () => {
        for (const forbidden of [["nic-model-legacy"], ["*"]]) {
            const report = judged([LEGACY], listed(entry()), { forbidden });
            assert.deepEqual(report.exempted, []);
            assert.match(
                told(report, "exemption-valid").join(),
                /which the administrator lets nobody be exempted from/,
            );
        }
        assert.equal(judged([LEGACY], listed(entry()), { forbidden: ["ring-valid"] }).exempted.length, 1);
    });

    it("that meets nothing is told, unless its rule did not judge", () => {
        const unused = judged([], listed(entry()));
        assert.deepEqual(told(unused, "exemption-unused"), [
            "the exemption from nic-model-legacy for router-*: It meets no finding.",
        ]);
        assert.equal(unused.findings[0]?.level, "advisory");
        assert.deepEqual(judged([], listed(entry()), { enabled: [] }).findings, []);
    });

    it("is not told to meet nothing by a run that judges only some of the files, unless it hangs on what was judged", () => {
        const carrier = {
            type: "libvirt:index/domain:Domain",
            name: "web",
            props: {},
            position: { file: "index.ts" },
            urn: "urn:pulumi:p::s::libvirt:index/domain:Domain::web",
            marks: [exemptionText({ rule: "ring-valid", reason: "It is not there any more." })],
        };
        const report = judged([], listed(entry()), { partial: true, marked: [carrier] });
        assert.deepEqual(told(report, "exemption-unused"), [
            "the exemption from ring-valid for Domain web: It meets no finding.",
        ]);
    });

    it("exempts nothing that could not be decided", () => {
        const open = { ...LEGACY, kind: "undecided" as const };
        assert.deepEqual(judged([open], listed(entry())).findings[0], open);
    });

    it("hangs on a resource, and covers that one alone", () => {
        const [router, web] = ["router-1", "web"].map(
            (name) => `urn:pulumi:p::s::libvirt:index/domain:Domain::${name}`,
        );
        const marks = [exemptionText({ rule: "nic-model-legacy", reason: "The image has no virtio driver." })];
        const carrier = {
            type: "libvirt:index/domain:Domain",
            name: "router-1",
            props: {},
            position: { file: "index.ts" },
            urn: router!,
            marks,
        };
        const report = judged(
            [
                { ...LEGACY, urn: router! },
                { ...finding("nic-model-legacy", "web"), urn: web! },
            ],
            [],
            { marked: [carrier] },
        );
        assert.deepEqual(
            report.exempted.map(({ finding: { urn }, inSource }) => [urn, inSource]),
            [[router, true]],
        );
        assert.deepEqual(
            report.findings.map(({ urn }) => urn),
            [web],
        );
        assert.match(
            told(judged([], [], { marked: [carrier] }), "exemption-unused").join(),
            /nic-model-legacy for Domain router-1/,
        );
    });

    it("needs rule and resource; every problem is told at once", () => {
        assert.throws(
            () => listed('  - rule: ""\n    resource: ""\n    reason: [no]\n    owner: me'),
            (error: Error) =>
                ["exemptions[0].rule", "exemptions[0].resource", "exemptions[0].reason", "exemptions[0].owner"].every(
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
                exemptionOf(text);
            }),
        ));

    it("stands in a resource's options as it was written, whatever the words", () =>
        fc.assert(
            fc.property(
                fc.string({ unit: "grapheme" }),
                fc.option(fc.string({ minLength: 1, maxLength: 40 })),
                (reason, owner) => {
                    const written = {
                        rule: "ring-valid",
                        reason: reason.trim(),
                        ...(owner === null ? {} : { owner, until: "2027-06-30" }),
                    };
                    assert.deepEqual(exemptionOf(exemptionText(written)), written);
                },
            ),
        ));
});

describe("a baseline", () => {
    const old = finding("ring-undersized", "web");

    it("hides what was there, shows what is new, and tells what is gone", () => {
        const text = baselineText([old, LEGACY]);
        const { findings, known } = withoutBaseline([old, finding("ring-valid", "web")], { file: "b.json", text });
        assert.equal(known, 1);
        assert.deepEqual(
            findings.map(({ rule, level, position, subject }) => [rule, level, position.file, subject]),
            [
                ["ring-valid", "mandatory", "guests/web.xml", "Domain web, NIC 52:54:00:00:00:01"],
                [
                    "baseline-stale",
                    "mandatory",
                    "b.json",
                    "what is listed of nic-model-legacy for Domain router-1, NIC 52:54:00:00:00:01",
                ],
            ],
        );
    });

    it("tells nothing to be gone in a run that judges only some of the files", () => {
        const text = baselineText([old, LEGACY]);
        assert.deepEqual(withoutBaseline([old], { file: "b.json", text, partial: true }), { findings: [], known: 1 });
    });

    it("with a remark hides no violation that it has become, and with a violation hides the remark", async () => {
        const found = async (model: string) => {
            const nic = `<interface type="bridge"><mac address="52:54:00:00:00:01"/><model type="${model}"/></interface>`;
            const content = `<domain type="kvm"><name>web</name><devices>${nic}</devices></domain>`;
            const config = profileOf("default");
            const settings = { rules, stackRules, config, profile: "default", version: "1.0.0" };
            const { report } = await lint([{ path: "web.xml", content: Buffer.from(content) }], settings);
            return report.findings.filter(({ rule }) => rule === "nic-model-legacy");
        };
        const [remark, violation] = [await found("e1000"), await found("rtl8139")];
        const left = (now: LintFinding[], before: LintFinding[]) =>
            withoutBaseline(now, { file: "b.json", text: baselineText(before) }).findings.map(({ level }) => level);
        assert.deepEqual(left(remark, remark), []);
        assert.deepEqual(left(violation, remark), ["mandatory"]);
        assert.deepEqual(left(remark, violation), []);
    });

    it("that does not tell remarks apart is read as it was written", () => {
        const { rule, subject, fingerprint } = old;
        const text = JSON.stringify({ version: 1, findings: [{ rule, subject, fingerprint }] });
        assert.equal(withoutBaseline([old], { file: "b.json", text }).known, 1);
        assert.equal(withoutBaseline([{ ...old, remark: true }], { file: "b.json", text }).known, 1);
    });

    it("is the same text for the same findings, in whatever order they came", () =>
        assert.equal(baselineText([old, LEGACY]), baselineText([LEGACY, old])));

    it("that is none is refused", () => {
        for (const text of ["", "[]", '{"version": 2, "findings": []}', '{"version": 1}'])
            assert.throws(() => withoutBaseline([], { file: "b.json", text }), /b\.json/);
    });
});

describe("what was accepted", () => {
    const report: Report = {
        ...EMPTY,
        exempted: [
            {
                finding: LEGACY,
                exemption: { rule: LEGACY.rule, resource: "*", reason: "The image has no virtio driver." },
                inSource: true,
            },
        ],
        known: 2,
        rules: [],
    };

    it("is counted and listed with its reason", () => {
        const text = FORMATS.text?.(report) ?? "";
        assert.match(text, /exempted nic-model-legacy: Domain router-1.*: The image has no virtio driver\./);
        assert.match(text, /0 mandatory, 0 advisory, 0 could not be decided, 1 exempted, 2 in the baseline\./);
    });

    it("and is gone is told in every format", () => {
        const gone = { ...EMPTY, ...withoutBaseline([], { file: "b.json", text: baselineText([LEGACY]) }) };
        for (const [name, written] of Object.entries(FORMATS))
            assert.match(written(gone), /nic-model-legacy for Domain router-1/, name);
        assert.match(FORMATS.text?.(gone) ?? "", /1 mandatory/);
        assert.match(FORMATS.junit?.(gone) ?? "", /<failure /);
        assert.match(FORMATS.sarif?.(gone) ?? "", /"id": "baseline-stale"/);
    });

    it("stands in SARIF as suppressed, with the justification", () => {
        const { runs } = JSON.parse(FORMATS.sarif?.(report) ?? "{}") as {
            runs: { results: { suppressions?: object[] }[] }[];
        };
        assert.deepEqual(runs[0]?.results[0]?.suppressions, [
            { kind: "inSource", justification: "The image has no virtio driver." },
        ]);
    });
});
