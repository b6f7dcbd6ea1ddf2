"use strict";
// What the action for GitHub and the template for GitLab start: settings come in environment variables, and go to
// `kvmnet review` as a list of arguments. No shell sees them, nor the names of files. Only Node's own modules.
const { spawnSync } = require("node:child_process");
const { existsSync, mkdirSync, readFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { dirname, join, resolve } = require("node:path");

const setting = (name) => (process.env[`KVMNET_${name}`] ?? "").trim();
const lines = (name) =>
    setting(name)
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter(Boolean);
const isOn = (name) => ["true", "1", "yes"].includes(setting(name).toLowerCase());
const own = dirname(__dirname);

/** The command: of the project, where its lockfile has it; else of this package, where it is installed; else fetched. */
function command() {
    const projects = resolve("node_modules", "kvmnet", "cli", "kvmnet.cjs");
    if (!setting("VERSION") && existsSync(projects)) return projects;
    const here = join(own, "cli", "kvmnet.cjs");
    if (!setting("VERSION") && isInstalled()) return here;
    return fetched(setting("VERSION") || JSON.parse(readFileSync(join(own, "package.json"), "utf8")).version);
}

function isInstalled() {
    try {
        return Boolean(require.resolve("commander", { paths: [own] }));
    } catch {
        return false;
    }
}

function fetched(version) {
    if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version))
        fail(`version: write a whole version such as 0.1.0 (got ${JSON.stringify(version)}).`);
    const folder = join(process.env.RUNNER_TEMP || tmpdir(), `kvmnet-${version}`);
    mkdirSync(folder, { recursive: true });
    const words = ["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix", folder];
    const { status } = spawnSync("npm", [...words, `kvmnet@${version}`], { stdio: ["ignore", 2, 2] });
    if (status !== 0) fail(`npm could not install kvmnet ${version}.`);
    return join(folder, "node_modules", "kvmnet", "cli", "kvmnet.cjs");
}

function fail(sentence) {
    process.stderr.write(`${sentence}\n`);
    process.exit(2);
}

/** An option with its value in one word, so that no value can be taken for an option of its own. */
const option = (name, value) => (value ? [`--${name}=${value}`] : []);

const args = [
    "review",
    ...option("profile", setting("PROFILE")),
    ...lines("FORMATS").map((format) => `--format=${format}`),
    ...option("fail-on", setting("FAIL_ON")),
    ...option("exemptions", setting("EXEMPTIONS")),
    ...lines("FORBID_EXEMPTIONS").map((rule) => `--forbid-exemption=${rule}`),
    ...option("baseline", setting("BASELINE")),
    ...option("base", setting("BASE")),
    ...option("preview", setting("PREVIEW")),
    ...option("project", setting("PROJECT")),
    ...option("key", setting("KEY")),
    ...(isOn("COMMENT") ? ["--comment"] : []),
    ...(isOn("UPLOAD_SARIF") ? ["--upload-sarif"] : []),
    "--",
    ...lines("PATHS"),
];
const { status, error } = spawnSync(process.execPath, [command(), ...args], { stdio: "inherit" });
if (error) fail(`kvmnet could not be started: ${error.message}.`);
process.exit(status ?? 2);
