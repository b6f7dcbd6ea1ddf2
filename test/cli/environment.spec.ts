import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fc from "fast-check";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quoted } from "../../cli/commands/env";
import { labMeant } from "../../cli/commands/lab";
import { asksState, folderOf, selectionNote } from "../../cli/commands/pulumi";
import { whatNext } from "../../cli/commands/up";
import { labBackend } from "../../cli/lab-backend";
import { checkSalt, secretNote } from "../../cli/lab-secrets";
import { readLabPlace, readProject } from "../../cli/lab-project";

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
        assert.equal(folderOf(["up", "-yC/c", "-m", "-C/d"]), "/c");
    });
    it("takes nothing after -- for its own", () => assert.equal(folderOf(["x", "--", "-C", "/a"]), process.cwd()));

    it("asks the engine without a lab what needs none", () => {
        for (const args of [
            [],
            ["version"],
            ["--help"],
            ["up", "-h"],
            ["-C", "/a", "new", "x"],
            ["--cwd", "/a", "help"],
            ["--color", "never", "version"],
            ["up", "-yh"],
        ])
            assert.equal(asksState(args), false, args.join(" "));
    });
    it("wants the lab to be up for what reads or writes its state", () => {
        for (const args of [["up"], ["-C", "/new", "preview"], ["stack", "ls"], ["import", "--", "--help"]])
            assert.equal(asksState(args), true, args.join(" "));
    });
});

describe("what `kvmnet` prints", () => {
    it("may be more than is read of it: nothing is told then", () => {
        const script = `"${process.execPath}" cli/kvmnet.cjs schema | head -n 1`;
        const { stdout, stderr } = spawnSync("/bin/sh", ["-c", script], { encoding: "utf8" });
        assert.deepEqual({ stdout, stderr }, { stdout: "{\n", stderr: "" });
    });
});

describe("what `kvmnet up` says last", () => {
    it("has what each command does in one column, and names the file that the environment stands in", () => {
        const text = whatNext({ lab: "a-lab-with-a-long-name", file: "/srv/my-network/Pulumi.yaml" });
        const commands = text.split("\n").filter((line) => line.startsWith("  npx"));
        assert.equal(commands.length, 4);
        assert.equal(new Set(commands.map((line) => /^ {2}(?:\S+ )+ {3,}/.exec(line)?.[0].length)).size, 1, text);
        assert.match(text, /a value of the environment in Pulumi\.yaml,/);
    });
});

describe("a project with a slip in its environment", () => {
    let project: string;
    beforeEach(() => {
        project = mkdtempSync(join(tmpdir(), "kvmnet-slip-"));
        writeFileSync(join(project, "Pulumi.lab.yaml"), "config:\n    kvmnet:host: lab://mine\n");
    });
    afterEach(() => rmSync(project, { recursive: true }));
    const projectFile = (text: string) => writeFileSync(join(project, "Pulumi.yaml"), text);

    it("is told of with the file that the environment stands in", () => {
        projectFile("name: x\nconfig:\n    environment:\n        value: { guests: { a: { vcpu: 4 } } }\n");
        assert.throws(() => readProject(project), /^InputError: x:environment in \S+\/Pulumi\.yaml: 1 problem/);
    });
    it("is told that nothing is said where nothing is", () => {
        projectFile("name: x\n");
        assert.throws(
            () => readProject(project),
            /x:environment in \S+\/Pulumi\.lab\.yaml: .*\n.*nothing is said here: an environment is an object with switches/,
        );
    });
    it("has a lab all the same, which can be ended", () => {
        projectFile("name: x\nconfig:\n    environment:\n        value: { guests: { a: { vcpu: 4 } } }\n");
        assert.deepEqual(readLabPlace(project), { name: "x", lab: "mine" });
    });
});

describe("the state of a program whose host is a lab", () => {
    let project: string;
    beforeEach(() => (project = mkdtempSync(join(tmpdir(), "kvmnet-backend-"))));
    afterEach(() => rmSync(project, { recursive: true }));
    const stack = (host: string) => {
        writeFileSync(join(project, "Pulumi.yaml"), "name: x\n");
        writeFileSync(join(project, "Pulumi.lab.yaml"), `config:\n    kvmnet:host: ${host}\n`);
    };

    it("lies with the lab", () => {
        stack("lab://sample");
        assert.deepEqual(labBackend(project, [], {}), {
            PULUMI_BACKEND_URL: "file:///run/kvmnet/labs/sample/state?metadata=skip",
            PULUMI_CONFIG_PASSPHRASE: "kvmnet-lab",
            PULUMI_DIY_BACKEND_GZIP: "false",
            PULUMI_DIY_BACKEND_LEGACY_LAYOUT: "false",
            PULUMI_DIY_BACKEND_ZSTD: "false",
            PULUMI_STACK: "lab",
        });
    });
    it("is in the lab that `kvmnet lab` means there when none is named; elsewhere that is sample", () => {
        stack("lab://shop");
        assert.equal(labMeant(project), "shop");
        stack("local");
        assert.equal(labMeant(project), "sample");
        assert.equal(labMeant(tmpdir()), "sample");
    });
    it("lies with the lab, whatever backend the user is logged in to", () => {
        stack("lab://sample");
        const { PULUMI_BACKEND_URL } = labBackend(project, ["up"], { PULUMI_BACKEND_URL: "file:///mine" });
        assert.equal(PULUMI_BACKEND_URL, "file:///run/kvmnet/labs/sample/state?metadata=skip");
    });
    it("is the user's affair for any other stack", () => {
        stack("lab://sample");
        for (const args of [
            ["up", "--stack", "prod"],
            ["up", "--stack=prod"],
            ["-s", "prod", "up"],
            ["-sprod"],
            ["up", "-ys", "prod"],
            ["destroy", "-yfs=prod"],
            ["up", "-s", "acme/x/prod"],
            ["up", "--stack", "lab", "--stack", "prod"],
            ["stack", "init", "prod"],
            ["stack", "init", "--", "prod"],
            ["-C", "/lab", "stack", "init", "prod"],
            ["--color", "never", "stack", "rm", "prod"],
            ["stack", "init", "--copy-config-from", "lab", "prod"],
            ["stack", "select", "-c", "prod"],
            ["cancel", "prod"],
        ])
            assert.deepEqual(labBackend(project, args, {}), {}, args.join(" "));
        assert.deepEqual(labBackend(project, ["up"], { PULUMI_STACK: "prod" }), {});
        assert.notDeepEqual(labBackend(project, ["new", "--", "--stack", "prod"], {}), {});
    });
    it("lies with the lab however the stack lab is named", () => {
        stack("lab://sample");
        for (const args of [
            ["up", "-s", "acme/x/lab"],
            ["stack", "init", "--secrets-provider", "passphrase", "lab"],
            ["up", "-ym", "-sprod"],
            ["import", "-fprods"],
        ])
            assert.notDeepEqual(labBackend(project, args, { PULUMI_STACK: "x/lab" }), {}, args.join(" "));
    });
    it("is nothing that whom the user is logged in as, and where, depends on", () => {
        stack("lab://sample");
        for (const command of ["login", "logout", "whoami", "org"]) {
            assert.deepEqual(labBackend(project, ["--color", "never", command], {}), {}, command);
            assert.equal(asksState([command]), false, command);
        }
    });
    it("is told to keep no secret, to whom sets one there", () => {
        stack("lab://sample");
        const set = ["config", "set", "--secret", "token", "x"];
        assert.match(secretNote(project, set) ?? "", /a passphrase that everybody knows/);
        for (const args of [
            ["config", "set", "token", "x"],
            ["config", "get", "token", "--secret"],
            [...set, "-s", "prod"],
        ])
            assert.equal(secretNote(project, args), undefined, args.join(" "));
    });
    it("opens with no passphrase of the user's own, and says so with the file", async () => {
        stack("lab://sample");
        await checkSalt(project);
        const salted = (salt: string) => appendFileSync(join(project, "Pulumi.lab.yaml"), `encryptionsalt: ${salt}\n`);
        salted("v1:lfbVojJylHM=:v1:BPr5H9FLNjv+TuF1:LhKkborv5r5lwQGZ/GUsqY7o27eKTA==");
        await assert.rejects(
            checkSalt(project),
            /Pulumi\.lab\.yaml: .*a passphrase of your own.*Remove encryptionsalt/,
        );
        stack("local");
        salted("v1:lfbVojJylHM=:v1:BPr5H9FLNjv+TuF1:LhKkborv5r5lwQGZ/GUsqY7o27eKTA==");
        await assert.rejects(checkSalt(project), /kvmnet pulumi preview` takes yours/);
        stack("lab://sample");
        salted("v1:XC7zcLrI1uY=:v1:N9m+UbygFQu0OQMD:nwr/940+JXz8VVOriwijfGCAj5FDoA==");
        await checkSalt(project);
    });
    it("is told to be meant without a name, to whom selects another stack", () => {
        stack("lab://sample");
        assert.match(selectionNote(project, ["stack", "select", "prod"]) ?? "", /--stack prod, or PULUMI_STACK=prod/);
        for (const args of [
            ["stack", "select", "lab"],
            ["stack", "init", "prod", "--no-select"],
            ["stack", "rm", "prod"],
        ])
            assert.equal(selectionNote(project, args), undefined, args.join(" "));
        stack("local");
        assert.equal(selectionNote(project, ["stack", "select", "prod"]), undefined);
    });
    it("is the lab's too where Pulumi.yaml names the lab for every stack", () => {
        writeFileSync(join(project, "Pulumi.yaml"), "name: x\nconfig:\n    kvmnet:host:\n        value: lab://all\n");
        writeFileSync(join(project, "Pulumi.lab.yaml"), "config:\n");
        assert.equal(labBackend(project, [], {}).PULUMI_BACKEND_URL, "file:///run/kvmnet/labs/all/state?metadata=skip");
    });
    it("is told as a sentence, with the file, where a file is not what it should be", () => {
        stack("lab://sample");
        writeFileSync(join(project, "Pulumi.lab.yaml"), "config: 7\n");
        assert.throws(
            () => labBackend(project, [], {}),
            /Pulumi.lab.yaml: 1 problem.*\n.*config: config maps keys to values/,
        );
        writeFileSync(join(project, "Pulumi.lab.yaml"), "config: [\n");
        assert.throws(() => labBackend(project, [], {}), /Pulumi.lab.yaml is no YAML/);
    });
    it("is nobody's business for another host", () => {
        stack("local");
        assert.deepEqual(labBackend(project, [], {}), {});
    });
    it("is not guessed for a host that is none", () => {
        stack("lab://No Such");
        assert.throws(() => labBackend(project, [], {}), /kvmnet:host: a host is local .* \(got "lab:\/\/No Such"\)/);
    });
});
