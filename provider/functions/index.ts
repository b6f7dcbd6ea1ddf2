/** Every function that this provider answers, by token. */
import type { HostFunction } from "../function";
import { getHost } from "./get-host";
import { getLinks } from "./get-links";
import { getNic } from "./get-nic";
import { getOvs } from "./get-ovs";

const all: HostFunction[] = [getOvs, getLinks, getNic, getHost];

export const FUNCTIONS: ReadonlyMap<string, HostFunction> = new Map(all.map((one) => [one.token, one]));
