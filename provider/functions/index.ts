/** Every function that this provider answers, by token. */
import type { HostFunction } from "../function";
import { getOvs } from "./get-ovs";

const all: HostFunction[] = [getOvs];

export const FUNCTIONS: ReadonlyMap<string, HostFunction> = new Map(all.map((one) => [one.token, one]));
