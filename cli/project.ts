/** Which Pulumi project is meant: the one of this folder or the nearest above it, as the engine itself looks. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** @returns the project's folder, or undefined where there is none */
export function projectOf(folder: string): string | undefined {
    for (let at = resolve(folder); ; at = dirname(at)) {
        if (["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"].some((name) => existsSync(join(at, name)))) return at;
        if (at === dirname(at)) return undefined;
    }
}
