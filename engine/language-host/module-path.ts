/** Finds a part of the SDK that the program itself depends on, not ours. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * @param install the command to run when it is not there
 * @throws Error that says to run it
 */
export function modulePath(name: string, programDirectory: string, install: string): string {
    try {
        return createRequire(join(programDirectory, "package.json")).resolve(name);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
        const where = existsSync(programDirectory) ? programDirectory : `${programDirectory}, which does not exist`;
        throw new Error(
            `The Pulumi SDK is not installed in ${where}. Run ${install} there, then the same command again.`,
        );
    }
}
