import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { LIBVIRT_PACKAGE, prepareEngine, prepareLibvirtSdk, silent, type EngineEnvironment } from "../../engine";
import { today } from "../../policies/exemptions";
import { exempt } from "../../policies/lint/exempt";
import { lint } from "../../policies/lint/run";
import { profileOf } from "../../policies/profiles";
import type { Profile } from "../../policies/rule";
import { classicDomain, nativeDomain } from "../../policies/rules/examples";
import { rules, stackRules } from "../../policies/table";

/** Stands in a program's arguments for an output that preview does not know. */
const UNKNOWN = "UNKNOWN";

/** Domains as they lie in domains.json. The libvirt provider's address is not known either: so it connects to nobody. */
const PROGRAM = `
const { CustomResource, interpolate, output } = require("@pulumi/pulumi");
const { Domain, Provider } = require("@pulumi/libvirt");
const unknown = output(require("@pulumi/pulumi/output").unknown);
const provider = new Provider("nowhere", { uri: interpolate\`qemu:///system?socket=\${unknown}\` });
const filled = (value) => {
    if (value === "${UNKNOWN}") return unknown;
    if (Array.isArray(value)) return value.map(filled);
    if (typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner)]));
};
/** As the 0.9 line sends it: the class of line 0.8 leaves out what it does not know. */
class NativeDomain extends CustomResource {
    constructor(name, props, opts) {
        super("libvirt:index/domain:Domain", name, props, opts);
    }
}
const { exempt } = require("${resolve("engine/load.cjs")}")("components/exempt");
for (const [name, { reasons, ...props }] of Object.entries(require("./domains.json")))
    new ("devices" in props ? NativeDomain : Domain)(name, { ...filled(props), name }, exempt(reasons ?? {}, { provider }));
`;

const PROJECT = {
    name: "policies-live",
    runtime: "nodejs",
    main: "index.js",
    packages: { libvirt: LIBVIRT_PACKAGE },
};

const DRIVER = '<driver name="vhost" queues="4" rx_queue_size="1024"/>';
const domains = {
    good: classicDomain(`<model type="virtio"/>${DRIVER}`),
    bare: classicDomain(DRIVER),
    small: classicDomain('<model type="virtio"/><driver queues="4" rx_queue_size="256"/>'),
    single: classicDomain('<model type="virtio"/><driver queues="1" rx_queue_size="1024"/>'),
    native: nativeDomain({ model: { type: "virtio" }, driver: { queues: 4, rxQueueSize: 256 } }),
    open: classicDomain("", { xml: { xslt: UNKNOWN } }),
    old: classicDomain('<model type="rtl8139"/>', {
        vcpu: 1,
        reasons: { "nic-model-legacy": "The image has no virtio driver." },
    }),
    ended: classicDomain('<model type="rtl8139"/>', {
        vcpu: 1,
        reasons: { "nic-model-legacy": { reason: "The image has no virtio driver.", until: "2020-01-01" } },
    }),
};

describe("the policy pack in the engine", function () {
    this.timeout(300_000);
    let engine: EngineEnvironment;
    let folder: string;

    before(async () => {
        engine = await prepareEngine(silent);
        await prepareLibvirtSdk(process.cwd(), engine, silent);
        folder = mkdtempSync(join(tmpdir(), "kvmnet-policies-"));
        mkdirSync(join(folder, "state"));
        symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
        writeFileSync(join(folder, "Pulumi.yaml"), JSON.stringify(PROJECT));
        writeFileSync(join(folder, "package.json"), JSON.stringify({ name: PROJECT.name, version: "0.0.0" }));
        writeFileSync(join(folder, "index.js"), PROGRAM);
        assert.equal(pulumi("stack", "init", "test").status, 0);
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    function pulumi(...args: string[]) {
        const env = {
            ...process.env,
            ...engine.env,
            PULUMI_BACKEND_URL: `file://${folder}/state`,
            PULUMI_CONFIG_PASSPHRASE: "test",
        };
        const { status, stdout, stderr } = spawnSync(
            engine.pulumi,
            [...args, "--non-interactive", "--color", "never"],
            {
                cwd: folder,
                env,
                encoding: "utf8",
            },
        );
        return { status, stdout, output: stdout + stderr };
    }

    async function linted(json: string) {
        const config = profileOf("throughput");
        const { report } = await lint([{ path: "preview.json", content: Buffer.from(json) }], {
            rules,
            stackRules,
            config,
            profile: "throughput",
            version: "0.0.0",
        });
        return exempt(report, { listed: [], today: today() });
    }

    function preview(profile: Profile, ...names: (keyof typeof domains)[]) {
        writeFileSync(
            join(folder, "domains.json"),
            JSON.stringify(Object.fromEntries(names.map((name) => [name, domains[name].props]))),
        );
        const config = resolve(`policies/profiles/${profile}.json`);
        return pulumi(
            "preview",
            "--stack",
            "test",
            "--policy-pack",
            resolve("policies"),
            "--policy-pack-config",
            config,
        );
    }

    /** What was said under a rule's heading about a domain; undefined where nothing was. */
    function told(output: string, rule: string, domain: string): string | undefined {
        const headings = output.split(/^ {8}- (?=\[)/m).slice(1);
        return headings.find((text) =>
            new RegExp(`\\]  ${rule}  \\(libvirt:index:Domain: ${domain}\\)`).test(text.split("\n")[0] ?? ""),
        );
    }

    it("fails a preview on each bad NIC, with the rule, the resource, the value and the fix", () => {
        const { status, output } = preview("throughput", "good", "bare", "small", "single");
        assert.notEqual(status, 0, output);
        for (const [rule, domain, value, fix] of [
            ["nic-model-explicit", "bare", "it has no model, so libvirt takes rtl8139", 'write <model type="virtio"/>'],
            [
                "ring-undersized",
                "small",
                "its RX ring has 256 descriptors, and 1024 are asked for",
                '<driver rx_queue_size="1024"/>',
            ],
            ["queues-missing", "single", "it has 1 queue, and its guest has 4 vCPUs", 'write <driver queues="4"/>'],
        ] as const) {
            const text = told(output, rule, domain) ?? assert.fail(`nothing of ${rule} and ${domain} in:\n${output}`);
            assert.match(text, /^\[mandatory\] \[severity: (high|medium)\]/);
            assert.ok(text.includes(`Domain ${domain}, NIC 52:54:00:12:34:56 on tap-web0: ${value}.`), text);
            assert.ok(text.includes(fix), text);
        }
        assert.equal(output.match(/\[mandatory\]/g)?.length, 3, output);
    });

    it("passes a good one", () => {
        const { status, output } = preview("throughput", "good");
        assert.equal(status, 0, output);
        assert.equal(told(output, "[\\w-]+", "good"), undefined, output);
        assert.doesNotMatch(output, /\[mandatory\]/);
    });

    it("tells what it could not decide, as remarks, and counts them", () => {
        const { status, output } = preview("throughput", "good", "open");
        assert.equal(status, 0, output);
        for (const rule of ["nic-model-explicit", "ring-undersized", "queues-missing"])
            assert.match(
                told(output, rule, "open") ?? "",
                /^\[advisory\].*\n +Could not decide: Domain open: xml\.xslt, which may write the NICs anew, is not known yet\./,
            );
        assert.match(
            output,
            /Rules could not decide \d+ times \(.*nic-model-explicit 1, .*queues-missing 1, .*ring-undersized 1, .*\)\. This is not a pass\./,
        );
        assert.doesNotMatch(output, /✅ kvmnet/);
    });

    it("passes what is exempted in the program, and lists it with its reason", () => {
        const { status, output } = preview("throughput", "old");
        assert.equal(status, 0, output);
        assert.equal(told(output, "nic-model-legacy", "old"), undefined, output);
        assert.match(
            output,
            /1 finding is exempted:\n.*nic-model-legacy for Domain old, NIC .*: The image has no virtio driver\./,
        );
    });

    it("takes an exemption that ended for a violation, and the finding with it", () => {
        const { status, output } = preview("throughput", "ended");
        assert.notEqual(status, 0, output);
        assert.match(told(output, "exemption-valid", "ended") ?? output, /ended on 2020-01-01/);
        assert.match(told(output, "nic-model-legacy", "ended") ?? output, /its model is rtl8139/);
    });

    it("shows the linter the same exemption in the preview's JSON, with no difference made by it", async () => {
        writeFileSync(join(folder, "domains.json"), JSON.stringify({ old: domains.old.props }));
        const preview = pulumi("preview", "--stack", "test", "--json");
        const { findings, exempted } = await linted(preview.stdout);
        assert.deepEqual(
            exempted.map(({ finding: { rule, subject }, inSource }) => [rule, subject.split(",")[0], inSource]),
            [["nic-model-legacy", "Domain old", true]],
        );
        assert.deepEqual(
            findings.filter(({ rule }) => rule.startsWith("exemption")),
            [],
        );
        assert.doesNotMatch(preview.stdout, /"diffKind":/);
    });

    it("goes on with what it put right where the level is remediate, and shows that it did", () => {
        const levels = join(folder, "levels.json");
        writeFileSync(levels, JSON.stringify({ "ring-undersized": { enforcementLevel: "remediate", minimum: 1024 } }));
        writeFileSync(join(folder, "domains.json"), JSON.stringify({ native: domains.native.props }));
        const packed = ["--policy-pack", resolve("policies"), "--policy-pack-config", levels];
        const previewed = (...args: string[]) => pulumi("preview", "--stack", "test", ...args);
        const ring = (...args: string[]) => /"rxQueueSize": (\d+)/.exec(previewed("--json", ...args).stdout)?.[1];
        assert.equal(ring(), "256");
        assert.equal(ring(...packed), "1024");
        const { status, output } = previewed(...packed);
        assert.equal(status, 0, output);
        assert.match(output, /\[remediate\] +ring-undersized/);
    });

    it("only remarks on a small ring by the default profile", () => {
        const { status, output } = preview("default", "small");
        assert.equal(status, 0, output);
        assert.match(told(output, "ring-undersized", "small") ?? "", /^\[advisory\]/);
    });
});
