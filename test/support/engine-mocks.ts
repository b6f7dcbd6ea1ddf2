/** Pulumi's mocks, keeping what a program registers: each resource with its type, name, inputs, parent and outputs. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

export interface Registered {
    type: string;
    name: string;
    custom: boolean;
    inputs: Record<string, unknown>;
    /** What a component gave to `registerOutputs`, a custom resource its state. */
    outputs: Record<string, unknown>;
    urn: string;
}

/** The part of Pulumi's mock monitor that is read here. */
interface Monitor {
    getRegisteredResources(): Map<string, { urn: string; state: unknown }>;
}

/** Runs a program under mocks, in which every custom resource answers with its inputs, as ours do in a preview. */
export async function registeredBy(program: () => unknown, config: Record<string, string> = {}) {
    const seen: Omit<Registered, "outputs" | "urn">[] = [];
    await pulumi.runtime.setMocks(
        {
            newResource({ type, name, custom, inputs }) {
                seen.push({ type, name, custom: custom ?? false, inputs: inputs as Record<string, unknown> });
                return { id: `${name}-id`, state: inputs as Record<string, unknown> };
            },
            call: () => ({}),
        },
        "kvmnet-sample",
        "lab",
    );
    pulumi.runtime.setAllConfig(config);
    const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
    program();
    await pulumi.runtime.disconnect();

    const all = [...monitor.getRegisteredResources().values()];
    const registered = seen.map((one): Registered => {
        const { urn, state } = all.find((other) => other.urn.endsWith(`${one.type}::${one.name}`))!;
        return { ...one, urn, outputs: plain(state) };
    });
    return {
        registered,
        /** The one resource of this name. */
        named(name: string): Registered {
            const found = registered.filter((one) => one.name === name);
            if (found.length === 1) return found[0]!;
            throw new Error(
                `${found.length} resources are called ${name}, of ${registered.map((one) => one.name).join(", ")}`,
            );
        },
        /** Each resource's type by its name. */
        types: () => Object.fromEntries(registered.map(({ name, type }) => [name, type])),
    };
}

function plain(state: unknown): Record<string, unknown> {
    const struct = state as { toJavaScript?: () => Record<string, unknown> };
    return struct.toJavaScript ? struct.toJavaScript() : (state as Record<string, unknown>);
}

/**
 * Runs in a project that has the given version of @pulumi/libvirt, or none: one with nothing in it but the
 * classes that we use.
 */
export async function withLibvirt<Result>(version: string | undefined, work: () => Promise<Result>): Promise<Result> {
    const before = process.cwd();
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-project-"));
    const sdk = join(folder, "node_modules", "@pulumi", "libvirt");
    if (version !== undefined) {
        mkdirSync(sdk, { recursive: true });
        writeFileSync(
            join(sdk, "package.json"),
            JSON.stringify({ name: "@pulumi/libvirt", version, main: "index.js" }),
        );
        writeFileSync(join(sdk, "index.js"), sdkSource(require.resolve("@pulumi/pulumi")));
    }
    process.chdir(folder);
    try {
        return await work();
    } finally {
        process.chdir(before);
        rmSync(folder, { recursive: true });
    }
}

const sdkSource = (pulumiPath: string) => `
const pulumi = require(${JSON.stringify(pulumiPath)});
exports.Provider = class extends pulumi.ProviderResource {
    constructor(name, args, opts) { super("libvirt", name, args, opts); }
};
const made = (type) => class extends pulumi.CustomResource {
    constructor(name, args, opts) { super("libvirt:index/" + type, name, { path: undefined, ...args }, opts); }
};
exports.Domain = made("domain:Domain");
exports.Volume = made("volume:Volume");
exports.CloudinitDisk = made("cloudinitDisk:CloudinitDisk");
`;
