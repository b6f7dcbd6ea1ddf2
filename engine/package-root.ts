/** Where this package lies, whether its sources run or what was compiled from them into dist/. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const above = dirname(__dirname);
export const PACKAGE_ROOT: string = existsSync(join(above, "package.json")) ? above : dirname(above);
