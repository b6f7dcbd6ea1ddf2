"use strict";
// Runs our own TypeScript where it lies. In a checkout the sources are there: each is turned into JavaScript once,
// by swc, and kept under node_modules/.cache by the digest of its text. In the published package only dist/ is there.
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { homedir } = require("node:os");
const { dirname, isAbsolute, join, sep } = require("node:path");

const root = dirname(__dirname);
const settings = {
    module: { type: "commonjs" },
    jsc: { parser: { syntax: "typescript" }, target: "es2023", keepClassNames: true },
    sourceMaps: "inline",
};
const salt = JSON.stringify(settings);

function compiled(filename) {
    const text = readFileSync(filename, "utf8");
    const digest = createHash("sha256").update(salt).update(filename).update(text).digest("hex").slice(0, 32);
    const kept = join(root, "node_modules", ".cache", "kvmnet", `${digest}.js`);
    try {
        return readFileSync(kept, "utf8");
    } catch {
        const { code } = require("@swc/core").transformSync(text, { ...settings, filename, swcrc: false });
        mkdirSync(dirname(kept), { recursive: true });
        const draft = `${kept}.${process.pid}`;
        writeFileSync(draft, code);
        renameSync(draft, kept);
        return code;
    }
}

// Engines start us in folders of the user's, so a relative XDG_CACHE_HOME counts as none, as its specification asks.
const { XDG_CACHE_HOME = "" } = process.env;
const caches = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), ".cache");

/** Our sources are ours to compile, also where ts-node is registered already: it would do so anew in each process. */
function takeOurs() {
    const others = require.extensions[".ts"];
    if (others?.isOurs) return;
    const isOurs = (filename) => filename.startsWith(root + sep) && !filename.includes(`${sep}node_modules${sep}`);
    const handler = (module, filename) =>
        isOurs(filename) || !others ? module._compile(compiled(filename), filename) : others(module, filename);
    require.extensions[".ts"] = Object.assign(handler, { isOurs: true });
}

/** Loads one of our modules by its path from the root, without extension: `load("cli/main")`. */
module.exports = function load(name) {
    Module.enableCompileCache(join(caches, "kvmnet", "v8"));
    if (!existsSync(join(root, `${name}.ts`))) return require(join(root, "dist", `${name}.js`));
    takeOurs();
    return require(join(root, `${name}.ts`));
};
