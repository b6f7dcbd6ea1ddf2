import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quoted } from "../../cli/commands/env";
import { folderOf } from "../../cli/commands/pulumi";
import { labBackend } from "../../cli/lab-backend";

describe("a line of `kvmnet env`", () => {
    it("gives the shell exactly the value, whatever is in it", () =>
        fc.assert(
            fc.property(
                fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
                (value) => {
                    const script = `export V=${quoted(value)}; printf %s "$V"`;
                    assert.equal(execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" }), value);
                },
            ),
            { numRuns: 40 },
        ));
});

describe("`kvmnet pulumi`", () => {
    it("looks for the project where the engine will", () => {
        assert.equal(folderOf(["-C", "/a", "up"]), "/a");
        assert.equal(folderOf(["up", "--cwd=/b"]), "/b");
    });
    it("takes nothing after -- for its own", () => assert.equal(folderOf(["x", "--", "-C", "/a"]), process.cwd()));
});

describe("the state of a program whose host is a lab", () => {
    let project: string;
    beforeEach(() => (project = mkdtempSync(join(tmpdir(), "kvmnet-backend-"))));
    afterEach(() => rmSync(project, { recursive: true }));
    const stack = (host: string) =>
        writeFileSync(join(project, "Pulumi.lab.yaml"), `config:\n    kvmnet:host: ${host}\n`);

    it("lies with the lab", () => {
        stack("lab://sample");
        assert.deepEqual(labBackend(project, {}), {
            PULUMI_BACKEND_URL: "file:///run/kvmnet/labs/sample/state",
            PULUMI_CONFIG_PASSPHRASE: "kvmnet-lab",
            PULUMI_STACK: "lab",
        });
    });
    it("lies where the user says, if the user says", () => {
        stack("lab://sample");
        assert.deepEqual(labBackend(project, { PULUMI_BACKEND_URL: "file:///mine" }), {});
    });
    it("keeps a passphrase and a stack of the user's", () => {
        stack("lab://sample");
        const given = { PULUMI_CONFIG_PASSPHRASE: "", PULUMI_STACK: "other" };
        assert.deepEqual(Object.keys(labBackend(project, given)), ["PULUMI_BACKEND_URL"]);
    });
    it("is nobody's business for another host", () => {
        stack("local");
        assert.deepEqual(labBackend(project, {}), {});
    });
    it("is not guessed for a host that is none", () => {
        stack("lab://No Such");
        assert.throws(() => labBackend(project, {}), /kvmnet:host: a host is local .* \(got "lab:\/\/No Such"\)/);
    });
});
