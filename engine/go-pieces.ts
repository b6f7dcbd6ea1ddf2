/** The pieces that are built from Go modules, and how: a module of ours in a draft folder, its versions settled by Go. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { chmod, copyFile, mkdir, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { keep, keptAt, keyOf } from "./cache";
import { needGo } from "./go";
import { PACKAGE_ROOT } from "./package-root";
import type { Progress } from "./progress";
import { run } from "./run";
import { BRIDGE, BRIDGE_MODULE, GO, LIBVIRT_PROVIDER, PULUMI, PYTHON_HOST_SDK, YAML_HOST } from "./versions";

export interface GoPiece {
    /** The program's file name. */
    program: string;
    version: string;
    /** What it is for, as a person reads it while it is built. */
    title: string;
    /** Package that is built; undefined when it is our own `source`. */
    package?: string;
    /** Our own main file, below the package's root. */
    source?: string;
    require: Record<string, string>;
    replace?: Record<string, string>;
    ldflags?: string;
    /** A script of a module that the program starts from its own folder. */
    beside?: { module: string; file: string };
    /** False where `go mod tidy` fails on test imports of a dependency. */
    tidy?: false;
}

/** The clipboard fork that Pulumi's own go.mod replaces the original with; a replacement counts in the main module only. */
const CLIPBOARD = {
    "github.com/atotto/clipboard": "github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e",
};

export const PULUMI_PIECE: GoPiece = {
    program: "pulumi",
    version: PULUMI,
    title: "the Pulumi engine",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    require: { "github.com/pulumi/pulumi/pkg/v3": `v${PULUMI}` },
    replace: CLIPBOARD,
    ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${PULUMI}`,
};

export const BRIDGE_PIECE: GoPiece = {
    program: "pulumi-resource-terraform-provider",
    version: BRIDGE,
    title: "the bridge to Terraform providers",
    package: "github.com/pulumi/pulumi-terraform-bridge/v3/dynamic",
    require: { "github.com/pulumi/pulumi-terraform-bridge/v3": `v${BRIDGE_MODULE}` },
    replace: {
        ...CLIPBOARD,
        "github.com/hashicorp/terraform-plugin-sdk/v2":
            "github.com/pulumi/terraform-plugin-sdk/v2 v2.0.0-20260318212141-5525259d096b",
    },
    ldflags: `-s -w -X github.com/pulumi/pulumi-terraform-bridge/v3/dynamic/version.version=v${BRIDGE}`,
};

export const LIBVIRT_PIECE: GoPiece = {
    program: `terraform-provider-libvirt_v${LIBVIRT_PROVIDER}`,
    version: LIBVIRT_PROVIDER,
    title: "the libvirt provider",
    package: "github.com/dmacvicar/terraform-provider-libvirt",
    require: { "github.com/dmacvicar/terraform-provider-libvirt": `v${LIBVIRT_PROVIDER}` },
    ldflags: "-s -w",
    tidy: false,
};

/** Pulumi's own generator of Node packages, which the official language host carries and ours calls. */
export const GENERATOR_PIECE: GoPiece = {
    program: "kvmnet-nodejs-generator",
    version: PULUMI,
    title: "the generator of Node packages",
    source: "engine/generator/main.go",
    require: {
        "github.com/pulumi/pulumi/pkg/v3": `v${PULUMI}`,
        "github.com/pulumi/pulumi/sdk/v3": `v${PULUMI}`,
    },
    replace: CLIPBOARD,
    ldflags: "-s -w",
};

export const YAML_PIECE: GoPiece = {
    program: "pulumi-language-yaml",
    version: YAML_HOST,
    title: "the YAML language host",
    package: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    require: { "github.com/pulumi/pulumi-yaml": `v${YAML_HOST}` },
    replace: CLIPBOARD,
    ldflags: `-s -w -X github.com/pulumi/pulumi-yaml/pkg/version.Version=v${YAML_HOST}`,
};

export const PYTHON_PIECE: GoPiece = {
    program: "pulumi-language-python",
    version: PYTHON_HOST_SDK,
    title: "the Python language host",
    package: "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
    require: { "github.com/pulumi/pulumi/sdk/v3": `v${PYTHON_HOST_SDK}` },
    beside: {
        module: "github.com/pulumi/pulumi/sdk/v3",
        file: "python/cmd/pulumi-language-python-exec",
    },
    ldflags: "-s -w",
};

/** Where the finished program lies, or will. */
export const programOf = (piece: GoPiece): string => join(keptAt(keyOfPiece(piece)), piece.program);

export const keyOfPiece = (piece: GoPiece): string =>
    keyOf(piece.program, piece.version, { ...piece, title: "", text: sourceOf(piece) });

/** @returns the path of the finished program, built when it is not in the cache */
export async function goPiece(piece: GoPiece, progress: Progress): Promise<string> {
    const program = programOf(piece);
    if (existsSync(program)) return program;
    await progress.step(`Building ${piece.title} ${piece.version} with Go, once`, (tell) =>
        keep(keyOfPiece(piece), (draft) => build(piece, draft, tell), tell),
    );
    return program;
}

async function build(piece: GoPiece, draft: string, tell: (detail: string) => void): Promise<void> {
    const go = await needGo(piece.title);
    const module = join(draft, "module");
    await mkdir(module);
    writeFileSync(join(module, "go.mod"), goMod(piece));
    writeFileSync(join(module, "main.go"), sourceOf(piece) ?? importing(piece.package ?? ""));

    const next =
        "Check that this machine reaches its Go module proxy (`go env GOPROXY`) and has 3 GB free, then run the same command again: what was built is not built twice.";
    const env = { ...process.env, GOFLAGS: "-buildvcs=false -mod=mod", GOWORK: "off", GO111MODULE: "on" };
    const options = { cwd: module, env, tell };
    tell("fetching modules");
    await run(go.path, piece.tidy === false ? ["mod", "download"] : ["mod", "tidy"], next, options);
    tell("compiling");
    const target = piece.package ?? ".";
    const flags = piece.ldflags ? ["-ldflags", piece.ldflags] : [];
    await run(go.path, ["build", "-o", join(draft, piece.program), ...flags, target], next, options);
    if (piece.beside) {
        const folder = await run(go.path, ["list", "-m", "-f", "{{.Dir}}", piece.beside.module], next, options);
        const script = join(draft, basename(piece.beside.file));
        await copyFile(join(folder.trim(), piece.beside.file), script);
        await chmod(script, 0o755);
    }
    await rename(join(module, "go.mod"), join(draft, "go.mod"));
    await copyFile(join(module, "go.sum"), join(draft, "go.sum"));
    await rm(module, { recursive: true });
    tell("");
}

function goMod({ require, replace = {} }: GoPiece): string {
    const lines = ["module kvmnet.local/piece", "", `go ${GO}`, ""];
    for (const [module, version] of Object.entries(require)) lines.push(`require ${module} ${version}`);
    for (const [module, by] of Object.entries(replace)) lines.push(`replace ${module} => ${by}`);
    return `${lines.join("\n")}\n`;
}

/** Only Go's own tools read it: it makes `go mod tidy` keep what the package needs. */
const importing = (path: string) => `//go:build tools\n\npackage tools\n\nimport _ "${path}"\n`;

const sourceOf = (piece: GoPiece): string | undefined =>
    piece.source === undefined ? undefined : readFileSync(join(PACKAGE_ROOT, piece.source), "utf8");
