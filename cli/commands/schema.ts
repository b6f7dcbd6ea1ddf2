/** `kvmnet schema`: the package schema, from which SDKs of other languages are made; what the plugin tells the engine. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../engine/package-root";
import { packageSchema } from "../../provider/schema";

export function run(): Promise<number> {
    const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as { version: string };
    process.stdout.write(`${JSON.stringify(packageSchema(version), undefined, 4)}\n`);
    return Promise.resolve(0);
}
