/**
 * Whose a route, rule or neighbour is. The kernel keeps a number for who made it, ours for all of kvmnet; which resource
 * it was is noted in the host's journal.
 */
import type { Host } from "../host";
import { OUR_PROTOCOL } from "../host/route-protocol";
import type { Own } from "../resource";
import { lifeOf, note, noted } from "./former-values";
import type { Step } from "../plan";

/** The mark of an object; ours where no other resource is noted for it. */
export async function markOf(
    host: Host,
    key: string,
    protocol: number,
    { mark }: Own<unknown>,
): Promise<string | undefined> {
    if (protocol !== OUR_PROTOCOL) return undefined;
    return (await noted(host, key, await lifeOf(host)))?.mark ?? mark;
}

/** The step before the first change. */
export async function noteMark(host: Host, key: string, mark: string): Promise<Step> {
    return note(key, mark, await lifeOf(host), {}, await host.journal.get(key));
}
