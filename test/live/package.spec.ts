import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labDown } from "../../lab";
import { command, type Outcome } from "../support/command";
import { labName } from "../support/labs";

/** Lab that the template's stack builds in. */
const LAB = labName("package");

const succeeded = (outcome: Outcome) => assert.equal(outcome.status, 0, outcome.output);

describe("the package, from its tarball, in an empty folder", function () {
    this.timeout(600_000);
    let folder: string;
    let project: string;
    let tarball: string;
    const npmInstall = (...what: string[]) =>
        command(project, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", ...what);
    const inProject = (...args: string[]) => command(project, "npx", "--no-install", "kvmnet", ...args);

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "kvmnet-package-"));
        project = join(folder, "my-network");
        mkdirSync(project);
        succeeded(await command(process.cwd(), "npm", "pack", "--pack-destination", folder));
        tarball = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "");
        succeeded(await npmInstall(tarball));
        succeeded(
            await inProject(
                "pulumi",
                "new",
                "node_modules/kvmnet/templates/lab",
                "--force",
                "--yes",
                "--generate-only",
            ),
        );
        succeeded(await npmInstall());
        const stack = join(project, "Pulumi.lab.yaml");
        writeFileSync(stack, readFileSync(stack, "utf8").replace("lab://demo", `lab://${LAB}`));
    });
    after(async () => {
        await labDown(LAB);
        rmSync(folder, { recursive: true, force: true });
    });

    it("carries compiled code and declarations, and no sources", () => {
        const files = readdirSync(join(project, "node_modules/kvmnet"), { recursive: true, encoding: "utf8" });
        assert(files.includes("dist/components/index.js") && files.includes("dist/components/index.d.ts"));
        assert.deepEqual(
            files.filter((file) => /\.ts$/.test(file) && !file.endsWith(".d.ts") && !file.startsWith("templates/")),
            [],
        );
    });

    it("is formed as the registry and its users' tools expect", async () =>
        succeeded(await command(process.cwd(), "node_modules/.bin/publint", "--strict", tarball)));

    it("has the command line", async () => {
        const { status, output } = await inProject("--help");
        assert.equal(status, 0);
        assert.match(output, /Usage: kvmnet/);
    });

    it("says the one command that makes guests possible, where @pulumi/libvirt is not there yet", async () => {
        const scratch = join(folder, "scratch");
        mkdirSync(scratch);
        const env = [
            `PULUMI_BACKEND_URL=file://${scratch}`,
            "PULUMI_CONFIG_PASSPHRASE=x",
            "npx",
            "--no-install",
            "kvmnet",
        ];
        succeeded(await command(project, "/usr/bin/env", ...env, "pulumi", "stack", "init", "other", "--no-select"));
        writeFileSync(join(project, "Pulumi.other.yaml"), `config:\n    kvmnet:host: lab://${LAB}\n`);
        const preview = await command(project, "/usr/bin/env", ...env, "pulumi", "preview", "--stack", "other");
        assert.notEqual(preview.status, 0);
        assert.match(preview.output, /npx kvmnet install/);
    });

    it("has the plugin, which starts as it lies", async () => {
        const child = spawn(join(project, "node_modules/kvmnet/provider/pulumi-resource-kvmnet"), [], {
            stdio: ["pipe", "pipe", "inherit"],
        });
        const ended = new Promise((done) => child.once("exit", done));
        const line = await new Promise<string>((done) =>
            child.stdout.once("data", (chunk: Buffer) => done(chunk.toString())),
        );
        child.kill();
        await ended;
        assert.match(line, /^\d+\n$/);
    });

    it("reaches the same table as the sample", async () => {
        const up = await inProject("up");
        succeeded(up);
        assert.match(up.output, /All 42 values of 6 NICs are as declared/);
    });

    it("has types that a program is checked against", async () =>
        succeeded(await command(project, "npm", "run", "check")));

    it("has the policies, which judge as they lie", async () => succeeded(await inProject("preview")));

    it("changes nothing when Pulumi itself is asked again", async () => {
        const again = await inProject("pulumi", "up", "--yes", "--skip-preview", "--stack", "lab");
        succeeded(again);
        assert.match(again.output, /\d+ unchanged/);
        assert.doesNotMatch(again.output, /[+~-] +\d+ (created|updated|deleted|replaced)/);
    });

    it("is developed from a lockfile that `npm ci` takes as it is, on every platform", async () =>
        succeeded(await command(process.cwd(), "npm", "ci", "--dry-run", "--ignore-scripts")));

    it("names no host of a registry", () => {
        assert.doesNotMatch(readFileSync("package-lock.json", "utf8"), /"resolved"/);
    });
});
