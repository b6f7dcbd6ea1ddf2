/** Where this package lies, whether its sources run or what was compiled from them into dist/. */
import { basename, dirname } from "node:path";

const above = dirname(__dirname);
export const PACKAGE_ROOT: string = basename(above) === "dist" ? dirname(above) : above;
