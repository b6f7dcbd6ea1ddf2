import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EngineEnvironment, inspect, prepareEngine, prepareLibvirtSdk, silent } from "../../engine";
import { eventually } from "../support/eventually";

/** The engine builds what is missing first, so a first run may take minutes. */
const FIRST_RUN_MS = 30 * 60_000;
const modules = join(__dirname, "..", "..", "node_modules");

let root: string;
let engine: EngineEnvironment;
before(async function () {
    this.timeout(FIRST_RUN_MS);
    engine = await prepareEngine(silent);
    root = mkdtempSync(join(tmpdir(), "kvmnet-engine-"));
    mkdirSync(join(root, "state"));
    project("program", { "Pulumi.yaml": "name: program\nruntime: nodejs\nmain: index.ts\n", "index.ts": "" });
    await pulumi("stack", "init", "dev");
});
after(() => rmSync(root, { recursive: true, force: true }));

/** A folder of a program, a pack or a plugin, with the packages that are installed here. */
function project(name: string, files: Record<string, string>): void {
    mkdirSync(join(root, name), { recursive: true });
    const manifest = JSON.stringify({ name, version: "1.0.0", main: "index.ts" });
    for (const [file, text] of Object.entries({ "package.json": manifest, ...files }))
        writeFileSync(join(root, name, file), text);
    symlinkSync(modules, join(root, name, "node_modules"));
}

function start(...args: string[]): ChildProcess {
    const state = {
        PULUMI_BACKEND_URL: `file://${join(root, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_STACK: "dev",
    };
    const env = { ...process.env, ...engine.env, ...state };
    return spawn(engine.pulumi, ["--non-interactive", "--color", "never", ...args], {
        cwd: join(root, "program"),
        env,
    });
}

async function pulumi(...args: string[]): Promise<{ status: number | null; text: string }> {
    const child = start(...args);
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (part: string) => (text += part));
    child.stderr?.setEncoding("utf8").on("data", (part: string) => (text += part));
    const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { status, text };
}

async function preview(program: string, ...args: string[]) {
    writeFileSync(join(root, "program", "index.ts"), program);
    return pulumi("preview", ...args);
}

/** The processes that this one started, those that they started, and so on. */
function descendants(pid: number): number[] {
    const parents = readdirSync("/proc").flatMap((name) => {
        const parent = /^\d+$/.test(name) && stat(Number(name))?.split(" ")[1];
        return parent ? [[Number(name), Number(parent)] as const] : [];
    });
    const children = parents.filter(([, parent]) => parent === pid).map(([child]) => child);
    return children.flatMap((child) => [child, ...descendants(child)]);
}

/** The fields of a process after its name: state, parent ...; undefined once it is gone. */
function stat(pid: number): string | undefined {
    try {
        const text = readFileSync(`/proc/${pid}/stat`, "latin1");
        return text.slice(text.lastIndexOf(")") + 2);
    } catch {
        return undefined;
    }
}
const runs = (pid: number) => !(stat(pid) ?? "Z").startsWith("Z");

/** Takes less than 100 ms, which something else on the machine may keep it from at one time or another. */
const isQuick = (work: () => Promise<unknown>) =>
    eventually(async () => {
        const started = performance.now();
        await work();
        const took = performance.now() - started;
        assert.ok(took < 100, `it took ${took.toFixed()} ms`);
    });

describe("the engine", function () {
    this.timeout(300_000);

    it("is ready at once the second time", async () => {
        const again = async () => assert.deepEqual(await prepareEngine(silent), engine);
        await again();
        await isQuick(again);
    });
    it("tells of every part where it is", async () => {
        const missing = (await inspect(join(root, "program"))).filter(
            ({ found, needed, where }) => needed && !(found && where),
        );
        assert.deepEqual(
            missing.map(({ name }) => name),
            [],
        );
    });
    it("runs a TypeScript program, its config and what it exports included", async () => {
        await pulumi("config", "set", "who", "me");
        await pulumi("config", "set", "--secret", "word", "hidden");
        const program = `import * as p from "@pulumi/pulumi";
            const config = new p.Config();
            console.log(p.getStack(), p.getProject(), config.require("who"), p.runtime.isDryRun());
            export const word = config.requireSecret("word");`;
        const { status, text } = await preview(program);
        assert.equal(status, 0, text);
        assert.match(text, /dev program me true/);
        assert.match(text, /word: \[secret\]/);
    });
    it("shows a program's error once, and nothing of its own beside it", async () => {
        const { status, text } = await preview(`throw new Error("boom");`);
        assert.notEqual(status, 0);
        assert.equal(text.match(/Error: boom/g)?.length, 1, text);
        assert.doesNotMatch(text, /exit code/);
    });
    it("names the exit status of a program that ends by itself", async () =>
        assert.match((await preview("process.exit(5);")).text, /Program exited with non-zero exit code: 5/));
    it("takes its language host and the program with it when it is killed", async () => {
        writeFileSync(
            join(root, "program", "index.ts"),
            `console.log("started"); setInterval(() => undefined, 1000); export = new Promise(() => undefined);`,
        );
        const child = start("preview");
        await new Promise<void>((resolve) =>
            child.stdout?.setEncoding("utf8").on("data", (text: string) => text.includes("started") && resolve()),
        );
        const started = descendants(child.pid ?? 0);
        assert.ok(started.length >= 2, `the language host and the program: ${started.join(" ")}`);
        child.kill("SIGKILL");
        await eventually(() => assert.deepEqual(started.filter(runs), []));
    });
});

describe("a policy pack under the engine", function () {
    this.timeout(300_000);
    before(() => {
        project("pack", {
            "PulumiPolicy.yaml": "runtime: nodejs\n",
            "index.ts": `import * as p from "@pulumi/pulumi"; import { PolicyPack } from "@pulumi/policy";
                new PolicyPack("pack", { policies: [{
                    name: "seen", description: "what a pack sees", enforcementLevel: "mandatory",
                    validateResource: (args, report) => {
                        if (args.props.bad) report([args.type, p.getStack(), p.getProject(), new p.Config("program").get("who")].join(" "));
                    },
                }] });`,
        });
    });
    const component = (props: string) =>
        `import * as p from "@pulumi/pulumi"; new p.ComponentResource("test:index:Thing", "thing", ${props});`;

    it("fails the preview of what it refuses, knowing the stack and its config", async () => {
        const { status, text } = await preview(component("{ bad: true }"), "--policy-pack", join(root, "pack"));
        assert.notEqual(status, 0);
        assert.match(text, /test:index:Thing dev program me/);
    });
    it("lets pass what it does not refuse", async () => {
        const { status, text } = await preview(component("{}"), "--policy-pack", join(root, "pack"));
        assert.equal(status, 0, text);
    });
});

describe("a provider written for Node under the engine", function () {
    this.timeout(300_000);

    it("is run from its folder", async () => {
        project("plug", {
            "PulumiPlugin.yaml": "runtime: nodejs\n",
            "index.ts": `import * as p from "@pulumi/pulumi";
                const provider: p.provider.Provider = {
                    version: "1.0.0", schema: '{"name":"plug","version":"1.0.0"}',
                    construct: async (name, type, inputs, options) => {
                        const made = new p.ComponentResource(type, name, {}, options);
                        return { urn: made.urn, state: { said: p.output(inputs.say).apply((word) => word + "!") } };
                    },
                };
                p.provider.main(provider, process.argv.slice(2));`,
        });
        const file = join(root, "program", "Pulumi.yaml");
        const plugin = "plugins:\n    providers:\n        - name: plug\n          path: ../plug\n";
        writeFileSync(file, readFileSync(file, "utf8") + plugin);
        const { status, text } = await preview(`import * as p from "@pulumi/pulumi";
            class Said extends p.ComponentResource {
                declare said: p.Output<string>;
                constructor() { super("plug:index:Said", "said", { say: "hello", said: undefined }, {}, true); }
            }
            export const said = new Said().said;`);
        assert.equal(status, 0, text);
        assert.match(text, /said: "hello!"/);
    });
});

describe("@pulumi/libvirt", function () {
    this.timeout(FIRST_RUN_MS);
    let folder: string;
    const inFolder = (name: string) => join(folder, "node_modules", "@pulumi", name);
    before(() => {
        folder = join(root, "guests");
        mkdirSync(join(folder, "node_modules", "@pulumi"), { recursive: true });
        writeFileSync(join(folder, "package.json"), `{ "name": "guests" }`);
        for (const name of ["@pulumi/pulumi", "@types", "typescript"])
            symlinkSync(join(modules, name), join(folder, "node_modules", name));
    });

    it("is generated into the project, its types included", async () => {
        await prepareLibvirtSdk(folder, engine, silent);
        const manifest = JSON.parse(readFileSync(join(inFolder("libvirt"), "package.json"), "utf8")) as {
            version: string;
        };
        assert.equal(manifest.version, "0.8.3");
        assert.match(readFileSync(join(inFolder("libvirt"), "bin", "domain.d.ts"), "utf8"), /class Domain/);
    });
    it("costs nothing the second time", async () => {
        const again = () => prepareLibvirtSdk(folder, engine, { note: assert.fail, step: assert.fail });
        await again();
        await isQuick(again);
    });
    it("gives way to a package of that name that the user installed", async () => {
        rmSync(inFolder("libvirt"));
        cpSync(join(folder, "sdks", "libvirt"), inFolder("libvirt"), { recursive: true });
        const notes: string[] = [];
        await prepareLibvirtSdk(folder, engine, { ...silent, note: (line) => notes.push(line) });
        assert.match(notes.join(), /is a package of its own, so it stays/);
    });
    it("is refused with the lines to write where Pulumi.yaml declares it wrongly", async () => {
        writeFileSync(
            join(folder, "Pulumi.yaml"),
            "name: guests\nruntime: nodejs\npackages:\n    libvirt: dmacvicar\n",
        );
        await assert.rejects(
            prepareLibvirtSdk(folder, engine, silent),
            /packages\.libvirt must name .*\npackages:\n    libvirt:\n/s,
        );
    });
});
