/** Every function that this provider answers, by token. */
import type { HostFunction } from "../function";

const all: HostFunction[] = [];

export const FUNCTIONS: ReadonlyMap<string, HostFunction> = new Map(all.map((one) => [one.token, one]));
