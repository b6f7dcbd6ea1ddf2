/** What the recorded stacks are called: their states name it, so it stays. */
import { join } from "node:path";

export const BASELINES = join("test", "baseline");
export const PROJECT = "baseline";
export const LAB = "baseline";
export const CONFIG = { "kvmnet:host": `lab://${LAB}` };
/** Config with which a program leaves out what its KERNEL_ONLY holds. */
export const IN_LAB = { [`${PROJECT}:inLab`]: "true" };

/** Files of a release. */
export const PROGRAM = "program.ts";
export const KERNEL_ONLY = "kernel-only.ts";
