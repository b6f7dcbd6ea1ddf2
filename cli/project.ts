/** Which Pulumi project is meant: the one of this folder or the nearest above it, as the engine itself looks. */
import { dirname, resolve } from "node:path";
import { projectFile } from "../engine/project-file";

/** @returns the project's folder, or undefined where there is none */
export function projectOf(folder: string): string | undefined {
    for (let at = resolve(folder); ; at = dirname(at)) {
        if (projectFile(at)) return at;
        if (at === dirname(at)) return undefined;
    }
}
