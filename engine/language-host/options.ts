/** The options below `runtime:` in Pulumi.yaml, as the official Node language host reads them. */
import type { ProgramInfo } from "@pulumi/pulumi/proto/language_pb";

export interface NodeOptions {
    /** Run TypeScript as it is, through ts-node. */
    typescript: boolean;
    tsconfig: string;
    /** Arguments for node itself. */
    nodeargs: string[];
    packagemanager: "auto" | "npm" | "yarn" | "pnpm" | "bun";
    /** Leave development dependencies out. */
    production: boolean;
}

const MANAGERS = ["auto", "npm", "yarn", "pnpm", "bun"] as const;

/** @throws Error that names the option, what is allowed and what it got */
export function nodeOptions(info: ProgramInfo | undefined): NodeOptions {
    const given = (info?.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>;
    const manager = given.packagemanager ?? "auto";
    const packagemanager = MANAGERS.find((known) => known === manager);
    if (!packagemanager) {
        throw new Error(`packagemanager option must be one of ${MANAGERS.join(", ")} (got ${JSON.stringify(manager)})`);
    }
    return {
        typescript: option(given, "typescript", true, "boolean"),
        tsconfig: option(given, "tsconfig", "", "string"),
        nodeargs: words(option(given, "nodeargs", "", "string")),
        packagemanager,
        production: option(given, "production", false, "boolean"),
    };
}

function option<T extends string | boolean>(given: Record<string, unknown>, name: string, absent: T, type: string): T {
    const value = given[name];
    if (value === undefined || value === null) return absent;
    if (typeof value !== type) throw new Error(`${name} option must be a ${type} (got ${JSON.stringify(value)})`);
    return value as T;
}

/** Splits at spaces as a shell does; quotes and backslashes keep them. */
export function words(text: string): string[] {
    const parts = text.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs);
    return [...parts].map(([part]) =>
        part.replace(
            /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs,
            (_, escaped?: string, double?: string, single?: string) =>
                escaped ?? single ?? (double ?? "").replace(/\\(["\\])/g, "$1"),
        ),
    );
}
