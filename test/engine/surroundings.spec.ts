import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    realpathSync,
    rmSync,
    symlinkSync,
    utimesSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { officialLanguageHost } from "../../engine/language-host";
import { hasLibvirtSdk, LIBVIRT_PACKAGE, prepareLibvirtSdk } from "../../engine/libvirt-sdk";
import { ownerOf } from "../../engine/owner";
import { remember, remembered } from "../../engine/stamp";

const ENGINE = join(__dirname, "../../engine");

/** The number of a process that has ended. */
const DEAD = spawnSync("true").pid;

const VARIABLES = ["PATH", "XDG_CACHE_HOME"] as const;
const before = VARIABLES.map((name) => [name, process.env[name]] as const);
let root: string;

/** Runs each test of a group in a folder of its own, with a PATH and a cache that lie there. */
function inAFolderOfItsOwn(): void {
    beforeEach(() => {
        root = realpathSync(mkdtempSync(join(tmpdir(), "kvmnet-surroundings-")));
        mkdirSync(join(root, "bin"));
        process.env.PATH = join(root, "bin");
        process.env.XDG_CACHE_HOME = join(root, "cache");
    });
    afterEach(() => {
        for (const [name, value] of before)
            if (value === undefined) delete process.env[name];
            else process.env[name] = value;
        rmSync(root, { recursive: true });
    });
}

/** A file, and the folders above it. */
function place(path: string, text = "#!/bin/sh\n"): string {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, 0o755);
    return file;
}

/** What a line of JavaScript prints, in a Node of its own that stands in the test's folder. */
function printed(script: string, env: NodeJS.ProcessEnv): string {
    const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", script], {
        cwd: root,
        env,
        encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    return stdout;
}

describe("the official language host", () => {
    inAFolderOfItsOwn();
    it("is found beside the engine that a link on the PATH leads to", () => {
        const engine = place("opt/pulumi/pulumi");
        const host = place("opt/pulumi/pulumi-language-nodejs");
        symlinkSync(engine, join(root, "bin", "pulumi"));
        assert.equal(officialLanguageHost(join(root, "bin", "pulumi")), host);
    });
    it("is found on the PATH where none lies beside the engine", () => {
        const host = place("bin/pulumi-language-nodejs");
        assert.equal(officialLanguageHost(place("opt/pulumi/pulumi")), host);
    });
    it("is absent where there is neither", () => {
        assert.equal(officialLanguageHost(place("opt/pulumi/pulumi")), undefined);
    });
});

describe("a remembered environment", () => {
    inAFolderOfItsOwn();
    const environment = { pulumi: "/opt/pulumi", env: { A: "b" } };

    it("holds while nothing changes", () => {
        place("bin/pulumi");
        remember(environment, []);
        assert.deepEqual(remembered(), environment);
    });
    it("ends when an engine comes into a folder of the PATH", () => {
        remember(environment, []);
        place("bin/pulumi");
        assert.equal(remembered(), undefined);
    });
    it("ends when an engine of the PATH is replaced", () => {
        const engine = place("bin/pulumi");
        remember(environment, []);
        utimesSync(engine, 1, 1);
        assert.equal(remembered(), undefined);
    });
    it("ends when the official language host comes into a folder of the PATH", () => {
        place("bin/pulumi");
        remember(environment, []);
        place("bin/pulumi-language-nodejs");
        assert.equal(remembered(), undefined);
    });
    it("ends when the official language host comes beside an engine that is linked", () => {
        symlinkSync(place("opt/pulumi"), join(root, "bin", "pulumi"));
        remember(environment, []);
        place("opt/pulumi-language-nodejs");
        assert.equal(remembered(), undefined);
    });
});

describe("an entry point", () => {
    inAFolderOfItsOwn();
    const variables = `require(${JSON.stringify(join(ENGINE, "node.cjs"))});
        console.log(JSON.stringify([process.env.XDG_CACHE_HOME ?? null, process.env.HOME]))`;

    it("drops a relative XDG_CACHE_HOME, for its children too", () => {
        const said = printed(variables, { HOME: root, XDG_CACHE_HOME: "caches" });
        assert.deepEqual(JSON.parse(said), [null, root]);
    });
    it("keeps an absolute one", () => {
        const said = printed(variables, { HOME: root, XDG_CACHE_HOME: "/caches" });
        assert.deepEqual(JSON.parse(said), ["/caches", root]);
    });
    it("finds a home where the environment names none", () => {
        const home = printed(`delete process.env.HOME; console.log(os.homedir())`, {}).trim();
        assert.deepEqual(JSON.parse(printed(variables, {})), [null, home]);
        assert.deepEqual(JSON.parse(printed(variables, { HOME: "" })), [null, home]);
    });
    it("removes what a killed fetch of Node left, and nothing that is still made", () => {
        const node = place("cache/kvmnet/node/22.23.3/bin/node");
        const nodes = join(root, "cache", "kvmnet", "node");
        for (const pid of [DEAD, process.pid]) mkdirSync(join(nodes, `22.23.3-draft-${pid}`));
        const script = `Object.defineProperty(process, "versions", { value: { node: "20.0.0" } });
            console.log(require(${JSON.stringify(join(ENGINE, "node.cjs"))}).environment().PATH)`;
        const said = printed(script, { HOME: root, XDG_CACHE_HOME: join(root, "cache"), PATH: "/bin" });
        assert.equal(said.trim(), `${dirname(node)}:/bin`);
        assert.deepEqual(readdirSync(nodes).sort(), ["22.23.3", `22.23.3-draft-${process.pid}`]);
    });
    it("that only loads a module makes no folder where it stands either", () => {
        const script = `require(${JSON.stringify(join(ENGINE, "load.cjs"))})("engine/versions")`;
        printed(script, { HOME: join(root, "home"), XDG_CACHE_HOME: "caches" });
        assert.ok(existsSync(join(root, "home", ".cache", "kvmnet", "v8")));
        assert.ok(!existsSync(join(root, "caches")));
    });
});

describe("the generated package of a project", () => {
    inAFolderOfItsOwn();
    const nobody = { pulumi: "/nowhere/pulumi", env: {} };
    const progress = { step: () => assert.fail("nothing is to be generated"), note: () => undefined };

    function packageIn(folder: string): void {
        const [, version] = LIBVIRT_PACKAGE.parameters;
        const pulumi = {
            name: LIBVIRT_PACKAGE.source,
            version: LIBVIRT_PACKAGE.version,
            parameterization: { version },
        };
        place(`${folder}/package.json`, JSON.stringify({ name: "@pulumi/libvirt", pulumi }));
        place(`${folder}/bin/index.js`, "");
        place(`${folder}/bin/package.json`, "{}");
    }

    it("loses what killed processes left beside it, and nothing else", async () => {
        const alive = `libvirt.new-${ownerOf(process.ppid)}`;
        packageIn("sdks/libvirt");
        for (const name of [`libvirt.new-${DEAD}`, `libvirt.old-${DEAD}-1`, alive, "libvirt.older", "other"])
            mkdirSync(join(root, "sdks", name));
        await prepareLibvirtSdk(root, nobody, progress);
        assert.deepEqual(readdirSync(join(root, "sdks")).sort(), ["libvirt", alive, "libvirt.older", "other"].sort());
    });
    it("is there where it is the one that is declared, compiled, in a project file of any name", () => {
        assert.ok(!hasLibvirtSdk(root));
        packageIn("node_modules/@pulumi/libvirt");
        assert.ok(hasLibvirtSdk(root));
        const declared = {
            source: "terraform-provider",
            version: LIBVIRT_PACKAGE.version,
            parameters: ["dmacvicar/libvirt", "0.9.7"],
        };
        place("Pulumi.json", JSON.stringify({ name: "other", runtime: "nodejs", packages: { libvirt: declared } }));
        assert.ok(!hasLibvirtSdk(root), "another version");
        rmSync(join(root, "Pulumi.json"));
        rmSync(join(root, "node_modules", "@pulumi", "libvirt", "bin"), { recursive: true });
        assert.ok(!hasLibvirtSdk(root), "not compiled");
    });
    it("comes back where a killed process had moved it away", async () => {
        packageIn(`sdks/libvirt.old-${DEAD}`);
        await prepareLibvirtSdk(root, nobody, progress);
        assert.deepEqual(readdirSync(join(root, "sdks")), ["libvirt"]);
    });
});
