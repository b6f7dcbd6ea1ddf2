/** The sample: one environment, as the stack config says it, and what it was declared to be. */
import load from "./engine/load.cjs";

// A program of your own says `import { Environment, stackConfig } from "kvmnet"`. This one lies among the sources, which are
// compiled once and not in every preview.
const { Environment, stackConfig } = load("components/index") as typeof import("./components");

export const { declared } = new Environment("sample", stackConfig());
