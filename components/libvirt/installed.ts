/** Which line of @pulumi/libvirt is there. Loaded when a guest is made, and not before: all else works without it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { classicDomain } from "./classic";
import type { DomainAdapter } from "./guest";
import { nativeDomain } from "./native";

/** What we use of @pulumi/libvirt. No public type of ours comes from there. */
export interface Libvirt {
    Provider: new (
        name: string,
        args: { uri: pulumi.Input<string> },
        opts?: pulumi.ResourceOptions,
    ) => pulumi.ProviderResource;
    Domain: new (
        name: string,
        args: Record<string, unknown>,
        opts?: pulumi.CustomResourceOptions,
    ) => pulumi.CustomResource;
    /** Writes a guest in the words of the line that is installed. */
    domain: DomainAdapter;
}

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
        const { Provider, Domain } = near("@pulumi/libvirt") as Omit<Libvirt, "domain">;
        return { Provider, Domain, domain: isNative(version) ? nativeDomain : classicDomain };
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
