/** What the host asks of a kernel guest, and what the guest answers; see LATE_INIT for the other side. */

export interface GuestProgram {
    argv: readonly string[];
    /** The whole environment. */
    env: Readonly<Record<string, string>>;
    cwd: string;
}

/** Longest list of arguments and environment [byte]: what the guest's xargs takes, less what it adds itself. */
const LONGEST = 120 * 1024;

/**
 * The one line that is sent.
 *
 * @param folder  of the kernel's modules
 * @param modules to load before the program starts
 * @throws        Error where the program cannot be started in this way
 */
export function requestLine(folder: string, modules: readonly string[], { argv, env, cwd }: GuestProgram): string {
    const strange = modules.find((name) => !/^[\w-]+$/.test(name));
    if (strange !== undefined) throw new Error(`${JSON.stringify(strange)} is no name of a kernel module.`);
    if (!argv[0] || argv[0].includes("="))
        throw new Error(
            `${JSON.stringify(argv[0])} cannot be started in a kernel guest: give a program's name or path.`,
        );
    const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const words = ["/usr/bin/env", "-i", "-C", cwd, ...settings, ...argv];
    if (words.some((word) => word.includes("\0"))) throw new Error("Arguments and environment cannot hold a NUL.");
    const list = Buffer.from(words.map((word) => `${word}\0`).join(""));
    if (list.length > LONGEST)
        throw new Error(`Arguments and environment have ${list.length} bytes; a kernel guest takes ${LONGEST}.`);
    const encoded = [Buffer.from(folder), Buffer.from(modules.join("\n")), list].map((part) => part.toString("base64"));
    // An empty word would not be seen as one.
    return `${encoded.map((part) => part || "Cg==").join(" ")}\n`;
}

export type Answer =
    { kind: "started" } | { kind: "ended"; exitCode: number } | { kind: "unloadable"; module: string; reason: string };

/** @returns undefined for a line that is no answer of ours */
export function parseAnswer(line: string): Answer | undefined {
    const [verb, first = "", second = ""] = line.trim().split(" ");
    if (verb === "started") return { kind: "started" };
    if (verb === "ended" && /^\d{1,3}$/.test(first)) return { kind: "ended", exitCode: Number(first) };
    if (verb === "unloadable")
        return { kind: "unloadable", module: first, reason: Buffer.from(second, "base64").toString().trim() };
    return undefined;
}
