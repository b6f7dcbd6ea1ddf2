import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { ownerOf } from "../../engine/owner";

/** A checkout with the first step of its scripts, and a module that only ends well. */
let root: string;
beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "kvmnet-start-"));
    for (const file of readdirSync("engine").filter((name) => name.endsWith(".cjs")))
        place(`engine/${file}`, readFileSync(join("engine", file), "utf8"));
    place("engine/load.cjs", "module.exports = () => ({ main: async () => 0 });");
    place("package-lock.json", "{}");
});
afterEach(() => rmSync(root, { recursive: true }));

function place(file: string, text: string): string {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
}

/** Puts an npm in the place of the real one that takes its time and keeps count. */
function npmThatCounts(): { PATH: string } {
    const npm = place("bin/npm", "#!/bin/sh\nset -e\necho run >>runs\nsleep 0.5\nmkdir -p node_modules\n");
    chmodSync(npm, 0o755);
    return { PATH: `${dirname(npm)}${delimiter}${process.env.PATH}` };
}
const runs = () => readFileSync(join(root, "runs"), "utf8").split("\n").length - 1;

async function start(environment: NodeJS.ProcessEnv): Promise<{ status: number | null; said: string }> {
    const env = { ...process.env, ...environment };
    const child = spawn(process.execPath, [join(root, "engine/start.cjs"), "module"], { cwd: root, env });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const [status] = (await once(child, "close")) as [number | null];
    return { status, said };
}

async function startWell(environment: NodeJS.ProcessEnv): Promise<string> {
    const { status, said } = await start(environment);
    assert.equal(status, 0, said);
    return said;
}

/** Lays what a process that works on the packages leaves meanwhile. */
const holdAs = (owner: string) => place(`.kvmnet-install-lock/${owner}`, "");

describe("the first step of a script", function () {
    this.timeout(30_000);

    it("installs the packages once for two that begin together", async () => {
        const npm = npmThatCounts();
        const said = await Promise.all([startWell(npm), startWell(npm)]);
        assert.equal(runs(), 1);
        assert.match(
            said.join("\n"),
            /^Process \d+ is installing the npm packages of this checkout; waiting for it to end\.$/m,
        );
        await startWell(npm);
        assert.equal(runs(), 1);
        assert.deepEqual(readdirSync(root).sort(), ["bin", "engine", "node_modules", "package-lock.json", "runs"]);
    });
    it("takes over from one that was killed at it", async () => {
        const dead = spawnSync("true").pid;
        holdAs(`${dead}-1`);
        await startWell(npmThatCounts());
        assert.equal(runs(), 1);
    });
    it("waits for one that is alive, and goes on when that ends", async () => {
        const other = spawn("sleep", ["1"]);
        const ended = once(other, "exit");
        holdAs(ownerOf(other.pid ?? assert.fail()));
        const began = performance.now();
        const [said] = await Promise.all([startWell(npmThatCounts()), ended]);
        assert.match(said, new RegExp(`^Process ${other.pid} is installing`, "m"));
        assert.ok(performance.now() - began > 800);
    });
    it("begins an installation anew that failed, and keeps nobody waiting", async () => {
        const npm = place("bin/npm", "#!/bin/sh\nexit 1\n");
        chmodSync(npm, 0o755);
        const { status } = await start({ PATH: `${dirname(npm)}${delimiter}${process.env.PATH}` });
        assert.equal(status, 1);
        assert.ok(!existsSync(join(root, ".kvmnet-install-lock")));
        await startWell(npmThatCounts());
        assert.equal(runs(), 1);
    });

    it("installs the packages for development, and those by choice, also where npm is told to leave them out", async () => {
        const kinds = { devDependencies: { one: "file:one" }, optionalDependencies: { two: "file:two" } };
        const packages: Record<string, object> = { "": kinds };
        for (const [name, kind] of [
            ["one", { dev: true }],
            ["two", { optional: true }],
        ] as const) {
            place(`${name}/package.json`, JSON.stringify({ name, version: "1.0.0" }));
            packages[name] = { version: "1.0.0", ...kind };
            packages[`node_modules/${name}`] = { resolved: name, link: true };
        }
        place("package.json", JSON.stringify(kinds));
        place("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages }));
        place(".npmrc", "omit[]=optional\n");
        await startWell({ NODE_ENV: "production" });
        const installed = ["one", "two"].filter((name) => existsSync(join(root, "node_modules", name)));
        assert.deepEqual(installed, ["one", "two"]);
    });
});
