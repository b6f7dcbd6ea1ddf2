/** The file that makes a folder a Pulumi project, by the names that the engine knows. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** @returns its path; undefined for a folder that is none */
export const projectFile = (folder: string): string | undefined =>
    ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"].map((name) => join(folder, name)).find((path) => existsSync(path));
