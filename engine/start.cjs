"use strict";
// The first step of every npm script, on a clone where nothing is installed yet: gets a Node new enough and the npm
// packages, then goes on: `node engine/start.cjs MODULE ARGS`.
const { createHash } = require("node:crypto");
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { installLocked } = require("./install-lock.cjs");
const node = require("./node.cjs");

const root = dirname(__dirname);

/** All kinds of packages: a user's npm may be told to leave some out, by NODE_ENV or by `omit` in a npmrc. */
const INSTALL = [
    ...["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
    ...["--include=dev", "--include=optional", "--include=peer"],
];

/** The packages of the lockfile, installed once per lockfile; an interrupted install is begun again. */
function installPackages(env) {
    const stamp = join(root, "node_modules", ".kvmnet-installed");
    const digest = createHash("sha256")
        .update(readFileSync(join(root, "package-lock.json")))
        .digest("hex");
    const isInstalled = () => existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
    if (isInstalled()) return;
    const waiting = (pid) =>
        console.error(`Process ${pid} is installing the npm packages of this checkout; waiting for it to end.`);
    installLocked(root, waiting, () => {
        if (isInstalled()) return;
        node.quietly("Installing the npm packages of package-lock.json", "npm", INSTALL, { cwd: root, env });
        writeFileSync(stamp, digest);
    });
}

const [module_, ...args] = process.argv.slice(2);
const env = node.environment();
installPackages(env);
if (node.isNewEnough)
    require("./load.cjs")(module_)
        .main(args)
        .catch((error) => (console.error(error.message), 1))
        .then((status) => (process.exitCode = status));
else node.goOnUnder(env, __filename, [module_, ...args]);
