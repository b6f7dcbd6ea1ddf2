"use strict";
// Runs our own TypeScript where it lies. In a checkout the sources are there: each is turned into JavaScript once,
// by swc, and kept under node_modules/.cache by the digest of its text. In the published package only dist/ is there.
const { createHash } = require("node:crypto");
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { homedir } = require("node:os");
const { dirname, isAbsolute, join } = require("node:path");

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

/** Loads one of our modules by its path from the root, without extension: `load("cli/main")`. */
module.exports = function load(name) {
    Module.enableCompileCache(join(caches, "kvmnet", "v8"));
    if (!existsSync(join(root, `${name}.ts`))) return require(join(root, "dist", `${name}.js`));
    require.extensions[".ts"] ??= (module, filename) => module._compile(compiled(filename), filename);
    return require(join(root, `${name}.ts`));
};
