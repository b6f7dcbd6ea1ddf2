/** The sample: one environment, as the stack config says it, and what it was declared to be. */
import { Environment, stackConfig } from "./components";

export const { declared } = new Environment("sample", stackConfig());
