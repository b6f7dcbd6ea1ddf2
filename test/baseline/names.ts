/** What the recorded stacks are called: their states name it, so it stays. */
import { join } from "node:path";

export const BASELINES = join("test", "baseline");
export const PROJECT = "baseline";
export const LAB = "baseline";
export const CONFIG = { "kvmnet:host": `lab://${LAB}` };
