/** Which line of @pulumi/libvirt is there. Loaded when a guest is made, and not before: all else works without it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { cheaply } from "../../resources/cheap-traces";
import { classicDomain, classicNics } from "./classic";
import type { DomainAdapter, NicsAdapter } from "./guest";
import { nativeDomain, nativeNics } from "./native";
import { classicStorage, nativeStorage, type StorageAdapter } from "./storage";

/** What we use of @pulumi/libvirt. No public type of ours comes from there. */
export interface Libvirt {
    Provider: new (
        name: string,
        args: { uri: pulumi.Input<string> },
        opts?: pulumi.ResourceOptions,
    ) => pulumi.ProviderResource;
    Domain: Made;
    Volume: Made<{ name: pulumi.Output<string>; pool: pulumi.Output<string> }>;
    CloudInitDisk: Made<{ path?: pulumi.Output<string> }>;
    /** How the line that is installed is written to. */
    line: Line;
}

type Made<Outputs = unknown> = new (
    name: string,
    args: object,
    opts?: pulumi.CustomResourceOptions,
) => pulumi.CustomResource & Outputs;

/** What is different between the lines. */
interface Line {
    /** Writes a guest. */
    domain: DomainAdapter;
    /** Adds NICs to arguments of a domain that somebody wrote by hand. */
    nics: NicsAdapter;
    storage: StorageAdapter;
    /** What a change of the domain does to the guest. */
    effect: "replaces" | "restarts";
    /** By what a domain is known to its libvirt: its UUID, or its name where the provider keeps no UUID as its id. */
    idOf(domain: pulumi.CustomResource, name: string): pulumi.Output<string>;
}

const classic: Line = {
    domain: classicDomain,
    nics: classicNics,
    storage: classicStorage,
    effect: "replaces",
    idOf: ({ id }) => id,
};

/** That line stops, undefines, defines and starts a domain for every change (internal/provider/domain_resource.go). */
const native: Line = {
    domain: nativeDomain,
    nics: nativeNics,
    storage: nativeStorage,
    effect: "restarts",
    // The id of that line is the number that libvirt gives a running domain; it is read so that the domain goes last.
    idOf: ({ id }, name) => id.apply(() => name),
};

/** The first version whose arguments mirror libvirt's XML. */
const NATIVE_SINCE = [0, 9] as const;

/**
 * The @pulumi/libvirt of the program that runs, else the one beside this package.
 *
 * @param places files from which it is looked for, as `require` in them would look
 * @throws pulumi.RunError that names the one command which generates it, where there is none
 */
export function libvirt(places = [join(process.cwd(), "index.js"), __filename]): Libvirt {
    for (const place of places) {
        const near = createRequire(place);
        const manifest = found(near, "@pulumi/libvirt/package.json");
        if (!manifest) continue;
        const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifest, "utf8")));
        const sdk = near("@pulumi/libvirt") as Pick<Libvirt, "Provider" | "Domain" | "Volume"> & {
            CloudinitDisk: Libvirt["CloudInitDisk"];
        };
        const { Provider, Domain, Volume, CloudinitDisk: CloudInitDisk } = sdk;
        return {
            Provider,
            Domain: cheaply(Domain),
            Volume: cheaply(Volume),
            CloudInitDisk: cheaply(CloudInitDisk),
            line: isNative(version) ? native : classic,
        };
    }
    throw new pulumi.RunError(
        "Guests need @pulumi/libvirt, which is generated for each project and is not there yet. " +
            "Run `npx kvmnet install` in the project's folder, then try again.",
    );
}

function found(near: NodeJS.Require, name: string): string | undefined {
    try {
        return near.resolve(name);
    } catch {
        return undefined;
    }
}

function isNative(version: string): boolean {
    const [major, minor] = version.replace(/^v/, "").split(".").map(Number) as [number, number];
    return major > NATIVE_SINCE[0] || minor >= NATIVE_SINCE[1];
}
