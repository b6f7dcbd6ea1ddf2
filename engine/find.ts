/** Finds programs the way a shell does, without starting any. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** Every program of that name on the PATH, in its order. */
export function allOnPath(name: string, path: string = process.env.PATH ?? ""): string[] {
    const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
    return [...new Set(folders)].map((folder) => join(folder, name)).filter(isProgram);
}

/** The first program of that name on the PATH, or in one of the folders after it. */
export function findProgram(name: string, ...after: string[]): string | undefined {
    return allOnPath(name)[0] ?? after.map((folder) => join(folder, name)).find(isProgram);
}

/** Whether it is a file that may be run. */
export function isProgram(path: string): boolean {
    try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
    } catch {
        return false;
    }
}
