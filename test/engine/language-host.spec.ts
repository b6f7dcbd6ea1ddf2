import assert from "node:assert/strict";
import fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { ProgramInfo } from "@pulumi/pulumi/proto/language_pb";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { managerOf } from "../../engine/language-host/install";
import { nodeOptions, words } from "../../engine/language-host/options";
import { requiredPackages } from "../../engine/language-host/packages";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "kvmnet-host-"))));
afterEach(() => rmSync(root, { recursive: true }));

function place(path: string, content: object | string): void {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
}

const infoWith = (options: Record<string, string | boolean | number>) => {
    const info = new ProgramInfo();
    info.setOptions(Struct.fromJavaScript(options));
    return info;
};

describe("the packages a program depends on", () => {
    const named = () =>
        requiredPackages(root)
            .map((each) => `${each.getName()} ${each.getVersion()}`)
            .sort();

    it("are those whose package.json says they have a plugin", () => {
        place("node_modules/@pulumi/random/package.json", {
            name: "@pulumi/random",
            version: "4.1.0",
            pulumi: { resource: true },
        });
        place("node_modules/left-pad/package.json", { name: "left-pad", version: "1.0.0" });
        assert.deepEqual(named(), ["random v4.1.0"]);
    });
    it("are found below other packages and through links", () => {
        place("sdks/own/package.json", {
            name: "@pulumi/own",
            version: "1.0.0",
            pulumi: { resource: true, name: "bridge", version: "0.9.0" },
        });
        place("node_modules/a/node_modules/b/package.json", {
            name: "b",
            version: "2.0.0",
            pulumi: { resource: true, name: "b" },
        });
        mkdirSync(join(root, "node_modules", "@pulumi"));
        symlinkSync("../../sdks/own", join(root, "node_modules", "@pulumi", "own"));
        assert.deepEqual(named(), ["b v2.0.0", "bridge v0.9.0"]);
    });
    it("carry what the plugin is to be given", () => {
        const parameterization = { name: "libvirt", version: "0.8.3", value: Buffer.from("p").toString("base64") };
        place("node_modules/@pulumi/libvirt/package.json", {
            name: "@pulumi/libvirt",
            version: "0.8.3",
            pulumi: { resource: true, name: "terraform-provider", version: "0.9.0", parameterization },
        });
        const [found] = requiredPackages(root);
        assert.equal(found?.getParameterization()?.getName(), "libvirt");
        assert.equal(Buffer.from(found?.getParameterization()?.getValue_asU8() ?? []).toString(), "p");
    });
    it("are not those of a policy pack beside the program", () => {
        place("policies/PulumiPolicy.yaml", "runtime: nodejs");
        place("policies/node_modules/x/package.json", {
            name: "x",
            version: "1.0.0",
            pulumi: { resource: true, name: "x" },
        });
        assert.deepEqual(named(), []);
    });
    it("survive a package.json that is none and a link to itself", () => {
        place("node_modules/broken/package.json", "{");
        symlinkSync(".", join(root, "loop"));
        assert.deepEqual(named(), []);
    });
});

describe("the options of a Node program", () => {
    it("run TypeScript unless told otherwise", () => assert.equal(nodeOptions(undefined).typescript, true));
    it("are refused with what was given when they are of another kind", () =>
        assert.throws(
            () => nodeOptions(infoWith({ typescript: "no" })),
            /typescript option must be a boolean \(got "no"\)/,
        ));
    it("refuse a package manager that nobody knows", () =>
        assert.throws(
            () => nodeOptions(infoWith({ packagemanager: "apt" })),
            /must be one of auto, npm, .* \(got "apt"\)/,
        ));
    it("split node's arguments as a shell does", () =>
        assert.deepEqual(words(`--a=1 "two words" 'it''s' es\\ caped`), ["--a=1", "two words", "its", "es caped"]));
    it("split quoted words into exactly what was quoted", () =>
        fc.assert(
            fc.property(fc.array(fc.string({ minLength: 1 }).filter((text) => !text.includes("'"))), (given) =>
                assert.deepEqual(words(given.map((text) => `'${text}'`).join(" ")), given),
            ),
        ));
});

describe("the package manager of a program", () => {
    it("is npm without any lockfile", () => assert.equal(managerOf(root, "auto"), "npm"));
    it("is the one whose lockfile lies there or above", () => {
        place("pnpm-lock.yaml", "");
        mkdirSync(join(root, "program"));
        assert.equal(managerOf(join(root, "program"), "auto"), "pnpm");
    });
    it("is the one the project names, whatever lies there", () => {
        place("yarn.lock", "");
        assert.equal(managerOf(root, "bun"), "bun");
    });
});
