import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import dns from "node:dns";
import fs, { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { stringify } from "yaml";
import { FORMATS } from "../../policies/lint/formats";
import { KIND_NAMES, type KindName } from "../../policies/lint/kinds";
import { lint } from "../../policies/lint/run";
import { profileOf } from "../../policies/profiles";
import { rules, stackRules } from "../../policies/table";

const SETTINGS = { rules, stackRules, config: profileOf("security"), profile: "security", version: "1.2.3" };
const judged = (content: string | Buffer, kind?: KindName) =>
    lint([{ path: "f", content: Buffer.from(content as string) }], SETTINGS, kind ? { kind } : {});
/** Why the file was refused. */
const refused = async (content: string | Buffer, kind?: KindName) => (await judged(content, kind)).unreadable.join();

/** Names that would be anybody's prototype, beside those that readers look for. */
const key = fc.constantFrom(
    ...["__proto__", "constructor", "prototype", "toString", "length", "name", "type", "interfaces", "network", "mode"],
    ...[
        "parameters",
        "bridge",
        "port",
        "vlan",
        "mtu",
        "bonds",
        "bridges",
        "vlans",
        "ethernets",
        "addresses",
        "id",
        "link",
    ],
    ...["devices", "driver", "model", "source", "inputs", "steps", "newState", "change", "after", "after_unknown"],
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        fc.constantFrom<unknown>(
            null,
            true,
            0,
            -1,
            1.5,
            1e300,
            "",
            "802.3ad",
            "\ud800",
            "10-20",
            "ovs-bridge",
            "bond",
            "linux-bridge",
        ),
        fc.array(tie("value"), { maxLength: 4 }),
        fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map((entries) => {
            const made = Object.create(null) as Record<string, unknown>;
            for (const [name, inner] of entries)
                Object.defineProperty(made, name, {
                    value: inner,
                    enumerable: true,
                    configurable: true,
                    writable: true,
                });
            return made;
        }),
    ),
}));

const xml = fc
    .array(
        fc.constantFrom(
            ...["<domain>", "</domain>", "<domain type='kvm'>", "<devices>", "</devices>", "<interface type='bridge'>"],
            ...[
                "</interface>",
                "<model type='virtio'/>",
                "<driver queues='x'/>",
                "<vlan><tag id='&lt;'/></vlan>",
                "&amp;",
            ],
            ...[
                "&bomb;",
                "<!-- -->",
                "<![CDATA[x]]>",
                "<?pi?>",
                "<a b='",
                "\u0000",
                "<network>",
                "</network>",
                "<portgroup/>",
            ],
            ...[
                "<ip address='1' netmask='255.255.x'/>",
                "<constructor/>",
                "<__proto__ __proto__='1'/>",
                "\ufeff",
                "<vcpu>-1</vcpu>",
            ],
        ),
        { maxLength: 30 },
    )
    .map((parts) => parts.join(""));

const journal = fc.array(value, { maxLength: 3 }).map((records) =>
    records
        .map((record) => JSON.stringify(record))
        .map((json) => `OVSDB JSON ${Buffer.byteLength(json)} ${"0".repeat(40)}\n${json}\n`)
        .join(""),
);

const dump = fc
    .array(
        fc.constantFrom(
            "Bridge table",
            "_uuid name ports",
            "----- ---- -----",
            "a b [c, d]",
            "a {b=c} []",
            '"',
            "[",
            "",
            "x y",
        ),
        {
            maxLength: 8,
        },
    )
    .map((lines) => lines.join("\n"));

const settings = fc
    .array(fc.tuple(fc.constantFrom("net0", "net1", "cores", "name", "machine", "[x]", "__proto__"), fc.string()), {
        maxLength: 6,
    })
    .map((lines) => lines.map(([name, text]) => `${name}: ${text}`).join("\n"));

describe("the linter, given anything", function () {
    this.timeout(240_000);

    it("answers with findings, or with a sentence why it cannot read it, in every format", () =>
        fc.assert(
            fc.asyncProperty(
                fc.oneof(
                    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
                    fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
                    value.map((one) => Buffer.from(JSON.stringify(one) ?? "")),
                    value.map((one) => Buffer.from(stringify(one) ?? "")),
                    value.map((one) =>
                        Buffer.from(stringify({ network: { bonds: one, bridges: one, vlans: one, ethernets: one } })),
                    ),
                    value.map((one) =>
                        Buffer.from(stringify({ interfaces: [one, { type: "ovs-bridge", name: "b", bridge: one }] })),
                    ),
                    value.map((one) =>
                        Buffer.from(
                            JSON.stringify({
                                steps: [
                                    {
                                        op: "create",
                                        newState: {
                                            urn: "u",
                                            type: "libvirt:index/domain:Domain",
                                            inputs: { devices: one },
                                        },
                                    },
                                ],
                            }),
                        ),
                    ),
                    value.map((one) =>
                        Buffer.from(
                            JSON.stringify({
                                format_version: "1",
                                values: {},
                                resource_changes: [
                                    {
                                        address: "libvirt_domain.a",
                                        type: "libvirt_domain",
                                        change: {
                                            actions: ["create"],
                                            after: { devices: one, xml: one },
                                            after_unknown: one,
                                            after_sensitive: one,
                                        },
                                    },
                                ],
                            }),
                        ),
                    ),
                    fc.oneof(xml, journal, dump, settings).map((text) => Buffer.from(text)),
                ),
                fc.option(fc.constantFrom(...KIND_NAMES), { nil: undefined }),
                async (content, kind) => {
                    const { report, unreadable } = await judged(content, kind);
                    assert.equal(report.files + unreadable.length, 1);
                    for (const sentence of unreadable) assert.match(sentence, /^f\b[^]*\.$/);
                    for (const format of Object.values(FORMATS)) assert.equal(typeof format(report), "string");
                    assert.deepEqual(Object.keys(Object.prototype), [], "nobody's prototype has become another's");
                },
            ),
            { numRuns: 400 },
        ));
});

describe("the linter and files made to hurt", function () {
    this.timeout(240_000);

    it("refuses entities, of which one alone may be a bomb or another file", async () => {
        const bomb = `<!DOCTYPE d [<!ENTITY a0 "lol">${Array.from({ length: 30 }, (_, i) => `<!ENTITY a${i + 1} "&a${i};&a${i};">`).join("")}]><domain>&a30;</domain>`;
        const external = `<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><domain><name>&x;</name></domain>`;
        for (const text of [bomb, external, `<!DOCTYPE domain SYSTEM "http://localhost:1/d.dtd"><domain/>`])
            assert.match(await refused(text), /declares entities or a document type/);
    });

    it("refuses what nests without end", async () => {
        const deep = 200_000;
        assert.match(
            await refused(`<domain>${"<a>".repeat(deep)}${"</a>".repeat(deep)}</domain>`),
            /nests deeper than/,
        );
        assert.match(await refused(`{"steps": ${"[".repeat(deep)}${"]".repeat(deep)}}`), /nests deeper than/);
        for (const kind of ["netplan", "nmstate"] as const) {
            assert.match(await refused(`network: ${"[".repeat(deep)}`, kind), /more than \d+ brackets/);
            assert.match(await refused(`network: ${"[".repeat(9000)}${"]".repeat(9000)}`, kind), /^f/);
            assert.match(await refused("- ".repeat(deep), kind), /^f/);
        }
    });

    it("refuses YAML whose aliases grow without end", async () => {
        const laughs = Array.from(
            { length: 12 },
            (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(", ")}]`,
        );
        assert.match(
            await refused(`a0: &a0 lol\n${laughs.join("\n")}\nnetwork: *a12\n`, "netplan"),
            /Excessive alias count/i,
        );
        assert.deepEqual((await judged("network: &a [*a]\n", "netplan")).report.findings, []);
    });

    it("keeps keys that are anybody's prototype what they are: keys", async () => {
        const json =
            '{"steps":[{"op":"create","newState":{"urn":"u","type":"libvirt:index/domain:Domain","inputs":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}}]}';
        await judged(json);
        await judged(
            "network:\n  bonds:\n    __proto__: {polluted: 1}\n    constructor: {parameters: {__proto__: {polluted: 1}}}\n",
        );
        await judged(
            "<domain __proto__='polluted'><__proto__ polluted='1'/><constructor><prototype polluted='1'/></constructor></domain>",
        );
        assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    });

    it("gives up on stylesheets that would take for ever", async () => {
        const nics = Array.from({ length: 300 }, () => ({ mac: "52:54:00:00:00:01" }));
        const sheet = (templates: string) =>
            `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">${templates}</xsl:stylesheet>`;
        for (const templates of [
            `<xsl:template match="//*[//*[//*[//*[//*]]]]"><a/></xsl:template>`,
            `<xsl:template match="node()"><xsl:apply-templates select="//node()"/></xsl:template>`,
            `<xsl:template match="/"><xsl:copy-of select="//*[//*[//*[//*]]]"/></xsl:template>`,
        ]) {
            const inputs = { networkInterfaces: nics, xml: { xslt: sheet(templates) } };
            const step = { op: "create", newState: { urn: "u", type: "libvirt:index/domain:Domain", inputs } };
            const { report, unreadable } = await judged(JSON.stringify({ steps: [step] }));
            assert.deepEqual(unreadable, []);
            assert.ok(report.findings.every(({ kind }) => kind === "undecided"));
        }
    });

    it("opens no other file, asks no name server and connects nowhere, whatever a file says", async () => {
        const hostile = [
            `<!DOCTYPE d SYSTEM "http://localhost:9/x"><domain/>`,
            `<?xml-stylesheet href="http://localhost:9/x.xsl"?><domain xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd"/></domain>`,
            JSON.stringify({
                steps: [
                    {
                        op: "create",
                        newState: {
                            urn: "u",
                            type: "libvirt:index/domain:Domain",
                            inputs: {
                                networkInterfaces: [{ mac: "52:54:00:00:00:01" }],
                                xml: {
                                    xslt: `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:include href="http://localhost:9/y"/><xsl:template match="/"><xsl:copy-of select="document('/etc/passwd')"/></xsl:template></xsl:stylesheet>`,
                                },
                            },
                        },
                    },
                ],
            }),
            "network: !include /etc/passwd\n",
            "network: !!js/function 'function(){}'\n",
        ];
        // Once before, so that the readers are loaded.
        for (const text of hostile) await judged(text);
        const touched: string[] = [];
        const undo = [
            watched(fs, "openSync", touched),
            watched(fs, "readFileSync", touched),
            watched(fs, "open", touched),
            watched(net.Socket.prototype, "connect", touched),
            watched(dns, "lookup", touched),
        ];
        try {
            for (const text of hostile) await judged(text);
        } finally {
            for (const back of undo) back();
        }
        assert.deepEqual(touched, []);
        assert.throws(() => {
            const back = watched(fs, "openSync", touched);
            try {
                fs.openSync("/nowhere", "r");
            } finally {
                back();
            }
        });
        assert.deepEqual(touched, ["openSync /nowhere"], "it would have been seen");
    });

    it("reads 100 MB of anything in bounded memory", () => {
        const folder = mkdtempSync(join(tmpdir(), "kvmnet-hostile-"));
        try {
            const size = 100 * 2 ** 20;
            const near = 30 * 2 ** 20;
            const filled = (head: string, part: string, bytes: number) =>
                Buffer.concat([Buffer.from(head), Buffer.alloc(bytes - head.length, part)]);
            const files = {
                "zero.xml": filled("<domain>", "\0", size),
                "elements.xml": filled("<domain>", "<a b='c'/>", 6 * 2 ** 20),
                "objects.json": filled('{"steps":[', "{},", near),
                "deep.json": filled('{"steps":', "[", near),
                "keys.yaml": filled("network:\n", "  a: 1\n", 400 * 1024),
                "dashes.yaml": filled("network:\n", "- ", 400 * 1024),
                "rows.txt": filled("Bridge table\n_uuid name\n", "a b\n", 6 * 2 ** 20),
                "vm.conf": filled("cores: 1\n", "net0: a=b\n", 400 * 1024),
            };
            for (const [name, content] of Object.entries(files)) {
                const path = join(folder, name);
                writeFileSync(path, content);
                const { status, signal, stderr } = spawnSync(
                    process.execPath,
                    ["--max-old-space-size=1024", "cli/kvmnet.cjs", "lint", path],
                    { encoding: "utf8", timeout: 120_000, maxBuffer: 256 * 2 ** 20 },
                );
                assert.ok(
                    signal === null && status !== null && status <= 2,
                    `${name}: ${status} ${signal} ${stderr.slice(-300)}`,
                );
                rmSync(path);
            }
        } finally {
            rmSync(folder, { recursive: true });
        }
    }).timeout(900_000);
});

/** Notes each call of a method. @returns how to undo it */
function watched(owner: object, name: string, calls: string[]): () => void {
    const methods = owner as Record<string, (...args: unknown[]) => unknown>;
    const before = methods[name] ?? assert.fail(`there is no ${name}`);
    methods[name] = function (this: unknown, ...args: unknown[]) {
        calls.push(`${name} ${String(args[0])}`);
        return before.apply(this, args);
    };
    return () => (methods[name] = before);
}
