import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DOMParser } from "@xmldom/xmldom";
import Ajv from "ajv-draft-04";
import fc from "fast-check";
import type { Log } from "sarif";
import { run } from "../../cli/commands/lint";
import { readExemptions } from "../../policies/exemptions";
import { FORMATS } from "../../policies/lint/formats";
import { read } from "../../policies/lint/read";
import { Unreadable } from "../../policies/lint/source";
import type { Report } from "../../policies/lint/report";
import { lint } from "../../policies/lint/run";
import { profileOf } from "../../policies/profiles";
import { everyRule, rules, stackRules } from "../../policies/table";

/** The schema of SARIF 2.1.0, which is written in draft 4 of JSON Schema. */
const isSarif = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(
    JSON.parse(
        readFileSync(require.resolve("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"), "utf8"),
    ) as object,
);

const SETTINGS = { rules, stackRules, config: profileOf("default"), profile: "default", version: "1.2.3" };
const linted = (text: string, path = "web.xml") => lint([{ path, content: Buffer.from(text) }], SETTINGS);

const interfaces = (...parts: string[]) =>
    [
        "<domain type='kvm'>",
        "  <name>web</name>",
        "  <vcpu>4</vcpu>",
        "  <devices>",
        ...parts,
        "  </devices>",
        "</domain>",
    ].join("\n");
const GOOD =
    "    <interface type='bridge'><mac address='52:54:00:00:00:01'/><model type='virtio'/><driver name='vhost' queues='4' rx_queue_size='1024'/></interface>";
const BAD = "    <interface type='bridge'><mac address='52:54:00:00:00:02'/></interface>";

describe("the linter over domain XML", () => {
    it("says nothing of a NIC that is right", async () => {
        const { report, unreadable } = await linted(interfaces(GOOD));
        assert.deepEqual(unreadable, []);
        assert.deepEqual(report.findings, []);
        assert.match(FORMATS.text?.(report) ?? "", /1 resource in 1 file: nothing to tell\./);
    });

    it("names rule, line, NIC, what is wrong and what to write", async () => {
        const [finding] = (await linted(interfaces(GOOD, BAD))).report.findings;
        assert.deepEqual(finding && { ...finding, fingerprint: "" }, {
            rule: "nic-model-explicit",
            kind: "violation",
            level: "mandatory",
            severity: "high",
            subject: "Domain web, NIC 52:54:00:00:00:02",
            message: "It has no model, so libvirt takes rtl8139.",
            fix: 'Write <model type="virtio"/> into this interface.',
            position: { file: "web.xml", line: 6, column: 5 },
            fingerprint: "",
        });
    });

    it("gives a finding the same fingerprint wherever it stands in the file, and another in another file", async () => {
        const print = async (text: string, path?: string) => (await linted(text, path)).report.findings[0]?.fingerprint;
        assert.equal(await print(interfaces(BAD)), await print(interfaces(GOOD, BAD)));
        assert.notEqual(await print(interfaces(BAD)), await print(interfaces(BAD), "other.xml"));
    });

    it("refuses what declares entities, is another document, or is none", async () => {
        for (const [text, reason] of [
            ['<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><domain>&b;</domain>', /declares entities/],
            ["<volume/>", /XML of <volume>/],
            ["<domain", /no well-formed XML/],
            ["model: virtio", /cannot be told what it is.*--kind/],
            ['{"a": 1}', /cannot be told what it is.*--kind/],
            ['{"steps": {}}', /neither of `pulumi preview --json`/],
            ['{"steps": [', /no JSON/],
        ] as const)
            assert.match((await linted(text)).unreadable.join(), reason);
    });

    it("tells of XML that is not well formed, once", async () => {
        const { report, unreadable } = await linted("<domain><devices></domain>");
        assert.deepEqual(unreadable, ["web.xml is no well-formed XML."]);
        assert.deepEqual(report.findings, []);
    });
});

describe("the linter over what Pulumi wrote", () => {
    const domain = (inputs: object) => ({
        urn: "urn:pulumi:dev::shop::libvirt:index/domain:Domain::web",
        type: "libvirt:index/domain:Domain",
        inputs,
        sourcePosition: "project:///guests.ts#12,5",
    });
    const bad = { vcpu: 1, devices: { interfaces: [{ driver: { rxQueueSize: 1024 } }] } };

    it("points at the line of the program that makes the resource", async () => {
        const preview = JSON.stringify({ steps: [{ op: "create", newState: domain(bad) }] });
        const [finding] = (await linted(preview, "preview.json")).report.findings;
        assert.equal(finding?.rule, "nic-model-explicit");
        assert.deepEqual(finding.position, { file: "guests.ts", line: 12, column: 5 });
    });

    it("reads an exported state as well, and passes over what is deleted", async () => {
        const state = JSON.stringify({ version: 3, deployment: { resources: [domain(bad)] } });
        assert.equal((await linted(state)).report.findings.length, 1);
        const preview = JSON.stringify({ steps: [{ op: "delete", newState: domain(bad) }] });
        assert.equal((await linted(preview)).report.findings.length, 0);
    });

    it("does not decide over unknown and secret values, and shows neither", async () => {
        for (const value of ["04da6b54-80e4-46f7-96ec-b56ff0331ba9", "[secret]"]) {
            const inputs = {
                vcpu: 1,
                devices: { interfaces: [{ model: { type: value }, driver: { rxQueueSize: 1024 } }] },
            };
            const { report } = await linted(JSON.stringify({ steps: [{ op: "create", newState: domain(inputs) }] }));
            assert.ok(report.findings.some(({ kind, rule }) => kind === "undecided" && rule === "nic-model-explicit"));
            assert.ok(!JSON.stringify(report.findings).includes(value));
        }
    });
});

describe("the linter's formats", () => {
    let report: Report;
    before(async () => {
        ({ report } = await linted(
            interfaces(BAD, "    <interface type='direct'><source dev='a|b`c'/><model type='virtio'/></interface>"),
        ));
    });
    const written = (name: string) => FORMATS[name]?.(report) ?? assert.fail(name);

    it("are JSON where they say so", () => {
        for (const name of ["json", "sarif", "gitlab", "rdjson"]) assert.ok(JSON.parse(written(name)));
    });

    it("SARIF has one rule object a rule, relative paths, levels and fingerprints", () => {
        const { runs, version } = JSON.parse(written("sarif")) as Log;
        const [run] = runs;
        assert.equal(version, "2.1.0");
        assert.ok(run?.results?.length === report.findings.length);
        for (const result of run.results) {
            assert.equal(run.tool.driver.rules?.[result.ruleIndex ?? -1]?.id, result.ruleId);
            assert.match(result.level ?? "", /^(error|warning|note)$/);
            assert.equal(result.locations?.[0]?.physicalLocation?.artifactLocation?.uri, "web.xml");
            assert.equal(Object.keys(result.partialFingerprints ?? {}).length, 1);
        }
    });

    it("SARIF has a base for paths below this folder alone", () => {
        const [finding = assert.fail("nothing was found")] = report.findings;
        const placed = (file: string) => {
            const log = FORMATS.sarif?.({ ...report, findings: [{ ...finding, position: { file } }] }) ?? "";
            const [result] = (JSON.parse(log) as Log).runs[0]?.results ?? [];
            return result?.locations?.[0]?.physicalLocation?.artifactLocation;
        };
        assert.deepEqual(placed("./a b/web.xml"), { uri: "a%20b/web.xml", uriBaseId: "%SRCROOT%" });
        assert.deepEqual(placed("/tmp/a b.xml"), { uri: "file:///tmp/a%20b.xml" });
        assert.match(placed("../web.xml")?.uri ?? "", /^file:\/\/\/(?!.*\.\.).*web\.xml$/);
        assert.equal(placed("../web.xml")?.uriBaseId, undefined);
    });

    it("SARIF holds to its schema, with findings, with exempted ones, and with none", () => {
        const [finding] = report.findings;
        assert.ok(finding);
        const exemption = { rule: finding.rule, resource: "*", reason: "It is so on purpose." };
        const reports = [
            report,
            { ...report, findings: [], exempted: [{ finding, exemption, inSource: false }] },
            { ...report, findings: [] },
        ];
        for (const one of reports) {
            const log: unknown = JSON.parse(FORMATS.sarif?.(one) ?? "");
            assert.ok(isSarif(log), JSON.stringify(isSarif.errors));
        }
        assert.ok(!isSarif({ version: "2.1.0", runs: [{ tool: {} }] }), "the schema refuses what is none");
    });

    it("JUnit is XML in which mandatory findings fail", () => {
        const document = new DOMParser().parseFromString(written("junit"), "text/xml");
        const mandatory = report.findings.filter(({ level, kind }) => level === "mandatory" && kind === "violation");
        assert.equal(document.getElementsByTagName("failure").length, mandatory.length);
        assert.equal(document.getElementsByTagName("testcase").length, report.findings.length);
    });

    it("GitHub's annotations have one line each, GitLab's fingerprints are all different", () => {
        assert.equal(written("github").split("\n").length, report.findings.length);
        assert.match(written("github"), /^::error file=web\.xml,line=\d+,col=\d+,title=nic-model-explicit::/m);
        const prints = (JSON.parse(written("gitlab")) as { fingerprint: string }[]).map(
            ({ fingerprint }) => fingerprint,
        );
        assert.equal(new Set(prints).size, prints.length);
    });

    it("Markdown lets no text of a file become markup", async () => {
        const hostile = await linted(
            interfaces("    <interface type='bridge'/>").replace("<name>web", "<name>a|b`&lt;img> [x](y)"),
        );
        assert.match(FORMATS.markdown?.(hostile.report) ?? "", /a\\\|b\\`/);
    });
});

describe("the linter and hostile input", () => {
    it("never fails but by telling what it cannot read", () =>
        fc.assert(
            fc.asyncProperty(
                fc.oneof(
                    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
                    fc.string({ unit: "binary" }).map((text) => Buffer.from(`<domain>${text}</domain>`)),
                    fc.json().map((text) => Buffer.from(text)),
                    fc.jsonValue().map((inputs) =>
                        Buffer.from(
                            JSON.stringify({
                                steps: [
                                    {
                                        op: "create",
                                        newState: { urn: "u", type: "libvirt:index/domain:Domain", inputs },
                                    },
                                ],
                            }),
                        ),
                    ),
                ),
                async (content) => {
                    const { report } = await lint([{ path: "f", content }], SETTINGS);
                    for (const format of Object.values(FORMATS)) assert.equal(typeof format(report), "string");
                },
            ),
        ));

    it("survives XML and JSON that nest 100,000 deep", async () => {
        const deep = 100_000;
        for (const text of [
            `<domain>${"<a>".repeat(deep)}${"</a>".repeat(deep)}</domain>`,
            `{"steps": ${"[".repeat(deep)}${"]".repeat(deep)}}`,
        ]) {
            const { report, unreadable } = await linted(text);
            assert.ok(
                unreadable.length === 1 ||
                    report.findings.every(({ kind }) => kind === "undecided") ||
                    report.resources === 1,
            );
        }
    });

    it("refuses files that are larger than any domain", () =>
        assert.rejects(
            read("big", Buffer.concat([Buffer.from("<domain>"), Buffer.alloc(16 * 2 ** 20, 0x20)])),
            Unreadable,
        ));
});

describe("kvmnet lint", () => {
    let folder: string;
    const quietly = async (work: () => Promise<number>) => {
        const said: string[] = [];
        const [out, err] = [process.stdout.write.bind(process.stdout), process.stderr.write.bind(process.stderr)];
        const take = (text: string | Uint8Array) => said.push(String(text)) > 0;
        process.stdout.write = take;
        process.stderr.write = take;
        try {
            return { status: await work(), said: said.join("") };
        } finally {
            process.stdout.write = out;
            process.stderr.write = err;
        }
    };
    const options = { profile: "default", format: [], failOn: "mandatory" };

    before(() => {
        folder = mkdtempSync(join(tmpdir(), "kvmnet-lint-"));
        writeFileSync(join(folder, "good.xml"), interfaces(GOOD));
        writeFileSync(join(folder, "bad[1].xml"), interfaces(BAD));
        writeFileSync(
            join(folder, "advisory.xml"),
            interfaces(GOOD.replace("rx_queue_size='1024'", "rx_queue_size='256'").replace("00:01", "00:03")),
        );
    });
    after(() => rmSync(folder, { recursive: true }));

    it("ends with 0, 1 or 2: right, wrong, or not to be told", async () => {
        const status = async (name: string, more = {}) =>
            (await quietly(() => run([join(folder, name)], { ...options, ...more }))).status;
        assert.equal(await status("good.xml"), 0);
        assert.equal(await status("bad[1].xml"), 1);
        assert.equal(await status("missing.xml"), 2);
        assert.equal(await status("good.xml", { profile: "speedy" }), 2);
        assert.equal(await status("good.xml", { format: ["nope"] }), 2);
        assert.equal(await status("advisory.xml"), 0);
        assert.equal(await status("advisory.xml", { failOn: "advisory" }), 1);
        assert.equal(await status("advisory.xml", { profile: "throughput" }), 1);
    });

    it("ends with 2 and names the option where a file or a rule that it names is not there", async () => {
        const told = (more: object) =>
            quietly(() => run([join(folder, "bad[1].xml")], { ...options, format: ["json"], ...more }));
        for (const [more, reason] of [
            [{ exemptions: "missing.yaml" }, /^--exemptions: missing\.yaml cannot be read: /m],
            [{ baseline: "missing.json" }, /^--baseline: missing\.json cannot be read: /m],
            [{ writeBaseline: "missing/b.json" }, /^--write-baseline: missing\/b\.json cannot be written: /m],
            [{ format: ["sarif=missing/out.sarif"] }, /^--format: missing\/out\.sarif cannot be written: /m],
            [{ forbidExemption: ["nic-modle-legacy"] }, /^--forbid-exemption: there is no rule "nic-modle-legacy"/m],
            [{ explain: "nic-modle-legacy" }, /^There is no rule "nic-modle-legacy"/m],
        ] as const) {
            const { status, said } = await told(more);
            assert.equal(status, 2, said);
            assert.match(said, reason);
        }
    });

    it("holds today's findings against a baseline as it was, also where it is written anew", async () => {
        const file = join(folder, "b.json");
        const told = (name: string, more: object) =>
            quietly(() => run([join(folder, name)], { ...options, writeBaseline: file, ...more }));
        await told("good.xml", {});
        const { status, said } = await told("bad[1].xml", { baseline: file });
        assert.equal(status, 1, said);
        assert.equal((await told("bad[1].xml", { baseline: file })).status, 0);
    });

    it("ends with 2, not as with a finding, for an option that there is not", () => {
        const { status, stderr } = spawnSync(process.execPath, ["cli/kvmnet.cjs", "lint", "--frofile", "security"]);
        assert.match(String(stderr), /unknown option '--frofile'/);
        assert.equal(status, 2);
    });

    it("fails on what could not be decided where --fail-on undecided says so, and on no remark then", async () => {
        const status = async (name: string, failOn: string) =>
            (await quietly(() => run([join(folder, name)], { ...options, failOn }))).status;
        writeFileSync(join(folder, "open.txt"), interfaces(GOOD.replace("queues='4'", "queues='many'")));
        assert.equal(await status("open.txt", "mandatory"), 0);
        assert.equal(await status("open.txt", "advisory"), 0);
        assert.equal(await status("open.txt", "undecided"), 1);
        assert.equal(await status("advisory.xml", "undecided"), 0);
        assert.equal(await status("bad[1].xml", "undecided"), 1);
        assert.equal(await status("open.txt", "never"), 2);
    });

    it("takes files of several folders for one host where --one-host says so, and else each folder for one", async () => {
        const names = ["one", "two"].map((name) => {
            mkdirSync(join(folder, name));
            writeFileSync(join(folder, name, "guest.txt"), interfaces(GOOD).replace("<name>web", `<name>${name}`));
            return join(folder, name, "guest.txt");
        });
        const found = async (oneHost: boolean) => {
            const { status, said } = await quietly(() => run(names, { ...options, format: ["json"], oneHost }));
            const { findings } = JSON.parse(said) as { findings: { rule: string }[] };
            return { status, rules: [...new Set(findings.map(({ rule }) => rule))] };
        };
        assert.deepEqual(await found(false), { status: 0, rules: [] });
        assert.deepEqual(await found(true), { status: 1, rules: ["nic-mac-duplicate"] });
    });

    it("takes globs, and writes several formats in one run", async () => {
        const out = join(folder, "out.sarif");
        const { status, said } = await quietly(() =>
            run([`${folder}/*.xml`], { ...options, format: ["json", `sarif=${out}`] }),
        );
        assert.equal(status, 1, said);
        assert.equal((JSON.parse(said) as { counts: { mandatory: number } }).counts.mandatory, 1);
        assert.match(readFileSync(out, "utf8"), /"2\.1\.0"/);
    });

    it("takes what --kind says, and refuses a kind, a folder, and --fix of stdin", async () => {
        const said = async (patterns: string[], more: object) =>
            (await quietly(() => run(patterns, { ...options, ...more }))).said;
        assert.match(
            await said([join(folder, "good.xml")], { kind: "word" }),
            /--kind: there is no kind "word"; there are domain, /,
        );
        assert.match(await said([join(folder, "good.xml")], { kind: "netplan" }), /good\.xml.* is no /);
        assert.match(await said([folder], {}), /is a folder: name its files, such as '.*\/\*\.xml'/);
        assert.match(await said(["-"], { fix: true }), /--fix writes files anew, and stdin is none/);
    });

    it("reads stdin and pipes, and of what never ends no more than any file has", () => {
        const lint = (args: string[], input?: string) =>
            spawnSync(process.execPath, ["cli/kvmnet.cjs", "lint", ...args], { encoding: "utf8", input });
        const stdin = lint(["-"], interfaces(BAD));
        assert.equal(stdin.status, 1, stdin.stderr);
        assert.match(stdin.stdout, /^-:5:5: error nic-model-explicit/);
        const endless = lint(["/dev/zero"]);
        assert.equal(endless.status, 2);
        assert.match(endless.stderr, /\/dev\/zero has more than \d+ bytes, and no more are read/);
    }).timeout(300_000);

    it("puts right what it can, and tells the rest", async () => {
        const path = join(folder, "fix.xml");
        writeFileSync(path, interfaces(GOOD.replace(" queues='4'", ""), BAD));
        const { status, said } = await quietly(() => run([path], { ...options, fix: true }));
        assert.equal(status, 1);
        assert.match(said, /1 finding put right in 1 file/);
        assert.match(said, /nic-model-explicit/);
        assert.ok(!said.includes("queues-missing"), said);
        assert.equal(
            readFileSync(path, "utf8"),
            interfaces(GOOD.replace(" queues='4' rx_queue_size='1024'", " rx_queue_size='1024' queues='4'"), BAD),
        );
    });

    it("explains a rule, and begins a repository without writing over anything", async () => {
        const { said } = await quietly(() => run([], { ...options, explain: "ring-undersized" }));
        assert.match(said, /^# ring-undersized/);
        const before = process.cwd();
        process.chdir(mkdtempSync(join(folder, "repository-")));
        try {
            const init = () => quietly(() => run([], { ...options, init: true }));
            assert.match((await init()).said, /kvmnet-exemptions\.yaml is written\./);
            assert.deepEqual(readExemptions("e.yaml", readFileSync("kvmnet-exemptions.yaml", "utf8")), []);
            assert.match(readFileSync(".github/workflows/kvmnet.yml", "utf8"), /npx kvmnet lint/);
            assert.match((await init()).said, /kvmnet-exemptions\.yaml is there already, and stays as it is\./);
        } finally {
            process.chdir(before);
        }
    });

    it("lists every rule", async () => {
        const { said } = await quietly(() => run([], { ...options, list: true }));
        for (const { id } of everyRule) assert.ok(said.includes(id));
    });
});
