/** How messages of rules name a port. */
import type { StackPort } from "../stack";

/** A resource may hold many ports, and not every name is known. */
export const portName = ({ name }: StackPort) =>
    `port ${typeof name === "string" && /^[\w.@-]{1,15}$/.test(name) ? name : "with a name that is not known"}`;
