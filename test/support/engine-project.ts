/** A Pulumi project of a test's own: a folder with its program and its state, run by the real engine with our provider. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { stringify } from "yaml";
import { fileBackend } from "../../cli/lab-backend";
import { prepareEngine, silent } from "../../engine";
import { isAlive } from "../../lab/processes";
import { descendants } from "./descendants";

/** Packages that a program for Node finds beside `kvmnet`, as a user's `npm install` lays them. */
const INSTALLED = ["@pulumi", "@types", "typescript"];

export interface EngineProjectOptions {
    /** Name of the project. */
    name: string;
    runtime?: "nodejs" | "yaml" | "python";
    /** Folders that come first on the PATH: language hosts, a Python environment. */
    path?: string[];
    /** Folder of the package that is tested; a former release's, to record what it left. */
    root?: string;
    /** More of Pulumi.yaml: the resources of a YAML program. */
    declares?: object;
    /** Environment variables beside the engine's own. */
    env?: Record<string, string>;
}

export interface Ended {
    status: number | null;
    stdout: string;
    /** Standard output and error, in the order they came. */
    output: string;
}

/** A command of the engine that has not ended. */
export interface Running {
    child: ChildProcess;
    /** What it wrote so far. */
    said: () => string;
    ended: Promise<Ended>;
}

export class EngineProject {
    readonly folder = mkdtempSync(join(tmpdir(), "kvmnet-project-"));
    readonly stack = "dev";
    private readonly running = new Set<ChildProcess>();

    constructor(private readonly options: EngineProjectOptions) {
        const { name, runtime = "nodejs", root = process.cwd(), declares = {} } = options;
        const plugins = { providers: [{ name: "kvmnet", path: resolve(root, "provider") }] };
        // Pulumi's YAML knows no aliases.
        const plain = { aliasDuplicateObjects: false };
        this.write("Pulumi.yaml", stringify({ name, runtime, plugins, ...declares }, plain));
        mkdirSync(join(this.folder, "state"));
        if (runtime === "nodejs") this.install(resolve(root));
    }

    write(file: string, text: string): void {
        mkdirSync(dirname(join(this.folder, file)), { recursive: true });
        writeFileSync(join(this.folder, file), text);
    }

    /** A copy of a file or folder: what lies in the project finds the packages installed there. */
    copy(from: string, to: string): void {
        cpSync(from, join(this.folder, to), { recursive: true });
    }

    /** Makes the stack, with this configuration. */
    async init(config: Record<string, string>): Promise<void> {
        this.write(`Pulumi.${this.stack}.yaml`, stringify({ config }));
        await this.pulumi("stack", "init", this.stack);
    }

    /** Runs `pulumi ARGS` and fails the test where it fails. @returns what it wrote to its standard output */
    async pulumi(...args: string[]): Promise<string> {
        const { status, stdout, output } = await this.run(...args);
        assert.equal(status, 0, `pulumi ${args.join(" ")}\n${output}`);
        return stdout;
    }

    async run(...args: string[]): Promise<Ended> {
        return (await this.start(args)).ended;
    }

    /** @param through makes another command line of the engine's: one that runs it at a terminal, or in namespaces of its own */
    async start(args: string[], through = (argv: string[]) => argv): Promise<Running> {
        const engine = await prepareEngine(silent);
        const env = {
            ...process.env,
            ...engine.env,
            PATH: [...(this.options.path ?? []), engine.env.PATH ?? ""].join(delimiter),
            PULUMI_BACKEND_URL: fileBackend(join(this.folder, "state")),
            PULUMI_CONFIG_PASSPHRASE: "test",
            ...this.options.env,
        };
        const [command = "", ...rest] = through([engine.pulumi, "--non-interactive", "--color", "never", ...args]);
        const child = spawn(command, rest, { cwd: this.folder, env, stdio: ["ignore", "pipe", "pipe"] });
        this.running.add(child);
        let [stdout, output] = ["", ""];
        child.stdout.setEncoding("utf8").on("data", (part: string) => {
            stdout += part;
            output += part;
        });
        child.stderr.setEncoding("utf8").on("data", (part: string) => (output += part));
        const ended = new Promise<Ended>((done, fail) => {
            child.once("error", fail);
            child.once("close", (status) => done({ status, stdout, output }));
        }).finally(() => this.running.delete(child));
        return { child, said: () => output, ended };
    }

    /** Ends each command that still runs, with all below it. */
    endRunning(): void {
        for (const child of this.running) {
            const below = child.pid === undefined ? [] : descendants(child.pid);
            child.kill("SIGKILL");
            for (const one of below) if (isAlive(one)) process.kill(one.pid, "SIGKILL");
        }
    }

    /** Ends what still runs as well: a test that took too long left it. */
    remove(): void {
        this.endRunning();
        rmSync(this.folder, { recursive: true, force: true });
    }

    /** The package under the name that users import, and what else a program for Node needs. */
    private install(root: string): void {
        this.write("package.json", JSON.stringify({ name: this.options.name, main: "index.ts" }));
        for (const name of INSTALLED) {
            const link = join(this.folder, "node_modules", name);
            mkdirSync(dirname(link), { recursive: true });
            symlinkSync(resolve(root, "node_modules", name), link);
        }
        const load = JSON.stringify(join(root, "engine", "load.cjs"));
        this.write("node_modules/kvmnet/package.json", JSON.stringify({ name: "kvmnet", main: "index.js" }));
        this.write("node_modules/kvmnet/index.js", `module.exports = require(${load})("components/index");\n`);
    }
}
